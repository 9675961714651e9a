"use strict";
// Puts the page together.

function fact(title, value, small) {
  return element("div", {}, element("dt", {}, title), element("dd", {}, value, small ? element("small", {}, small) : null));
}

function showFacts() {
  const count = (kind) => sites.filter((site) => site.kind === kind).length;
  const kinds = Object.keys(kindMeanings).filter((kind) => count(kind)).map((kind) => count(kind) + " " + kind).join(", ");
  const masked = sites.filter((site) => site.kept < site.total);
  const list = [fact("Log joint", formatted(report.log_joint)), fact("Sites", formatted(sites.length), kinds)];
  const plates = [...new Set(report.plates.map((p) => oneLine(baseOf(p.name))))];
  if (plates.length) list.push(fact("Plates", formatted(plates.length), shortened(plates.join(", "), 60)));
  const [kept, total] = [d3.sum(masked, (s) => s.kept), d3.sum(masked, (s) => s.total)];
  list.push(masked.length ? fact("Masked sites", formatted(masked.length), `${kept.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} elements count`) : fact("Masked sites", "none"));
  if (report.fit) list.push(fact("Final loss", formatted(report.fit.last), `${countText(report.fit.steps, "step", "steps")}, ${formatted(report.fit.seconds, 2)} s${report.fit.converged ? ", converged" : ""}`));
  if (report.draws) list.push(fact("Draws", formatted(report.draws.count)));
  byId("facts").append(...list);
}

if (report.title) {
  document.title = report.title;
  byId("title").textContent = report.title;
}
byId("licences").textContent = byId("licence-text").textContent;
showFacts();
showGraph();
showFit();
showForest();
showSites();
showParams();
showCards();
const links = [["model", "Model"], ["fit", "Loss"], ["posterior", "Intervals"], ["sites", "Sites"], ["params", "Parameters"], ["values", "Values and masks"]];
document.querySelector("nav").append(...links.filter(([id]) => !byId(id).hidden).map(([id, title]) => element("a", {href: "#" + id}, title)));
document.documentElement.dataset.ready = "true";
