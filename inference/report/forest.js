"use strict";
// Intervals of draws as a forest plot: median, 50 % and 90 % of each element.

const kRowsOfAPage = 25;

function forestRows() {
  const draws = report.draws.sites;
  const rows = [];
  for (const site of draws) {
    for (let i = 0; i < site.rows; ++i) {
      const [q05, q25, q50, q75, q95] = site.intervals.slice(5 * i, 5 * i + 5).map(toNumber);
      const element = site.elements ? site.elements[i] : i;
      rows.push({site, name: site.name + (site.shape.length ? indexText(element, site.shape) : ""), kind: site.kind, q05, q25, q50, q75, q95,
                 observed: site.observed ? toNumber(site.observed[i]) : null, given: rows.length});
    }
  }
  return {draws, rows};
}

/** Median and 90 %, with three digits of the width. */
function intervalText(row) {
  const width = row.q95 - row.q05;
  const decimals = Number.isFinite(width) && width > 0 ? 2 - Math.floor(Math.log10(width / 3.29)) : undefined;
  return `${formatted(row.q50, decimals)}  [${formatted(row.q05, decimals)}, ${formatted(row.q95, decimals)}]`;
}

function drawForest(place, rows, width) {
  place.replaceChildren();
  if (rows.length === 0) return place.append(element("p", {class: "note"}, "Nothing has that name."));
  const line = 24, margin = {top: 24, bottom: 6};
  const names = Math.min(260, 20 + d3.max(rows, (row) => widthOf(shortened(oneLine(row.name), 36), "12px mono")));
  const text = Math.ceil(widest(rows.map(intervalText), kAxisFont)) + 24, wide = Math.max(width, names + text + 240);
  const height = margin.top + margin.bottom + line * rows.length;
  const svg = d3.select(place).append("svg").attr("width", wide).attr("height", height).attr("viewBox", `0 0 ${wide} ${height}`).attr("role", "img").attr("aria-label", "Medians with 50 % and 90 % intervals");
  const ends = rows.flatMap((row) => [row.q05, row.q95, row.observed]).filter((v) => v !== null && Number.isFinite(v));
  let [low, high] = ends.length ? d3.extent(ends) : [0, 1];
  if (low === high) { low -= 0.5; high += 0.5; }
  const x = d3.scaleLinear([low, high], [names + 12, wide - text]).nice();
  const ticks = Math.floor((wide - names - text) / 80);
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(0,${margin.top - 4})`)
    .call(d3.axisTop(x).ticks(ticks).tickFormat(tickTexts(x, ticks)).tickSizeInner(-(height - margin.top))).select(".domain").remove();
  if (low < 0 && high > 0) svg.append("line").attr("x1", x(0)).attr("x2", x(0)).attr("y1", margin.top - 4).attr("y2", height - margin.bottom).style("stroke", "var(--muted)").style("stroke-dasharray", "2 3");
  const clamp = (v) => (Number.isFinite(v) ? x(v) : v < 0 ? x.range()[0] : x.range()[1]);  // infinity: the edge
  const isThere = (row) => !Number.isNaN(row.q50);
  const g = svg.selectAll("g.row").data(rows).join("g").attr("class", (row) => "row " + row.kind).attr("data-name", (row) => row.name).attr("transform", (_, i) => `translate(0,${margin.top + line * (i + 0.5)})`);
  g.append("text").attr("x", names).attr("dy", ".32em").attr("text-anchor", "end").style("font-family", "var(--mono)").text((row) => shortened(oneLine(row.name), 36)).append("title").text((row) => row.name);
  const bar = (from, to, thickness, opacity) => g.filter(isThere).append("line").attr("x1", (row) => clamp(row[from])).attr("x2", (row) => clamp(row[to]))
    .style("stroke", "var(--kind)").style("stroke-width", thickness).style("stroke-opacity", opacity).style("stroke-linecap", "round");
  bar("q05", "q95", 2, 0.55);
  bar("q25", "q75", 6, 0.6);
  g.filter(isThere).append("circle").attr("cx", (row) => clamp(row.q50)).attr("r", 4.2).style("fill", "var(--panel)").style("stroke", (row) => (Number.isFinite(row.q50) ? "var(--kind)" : "var(--strange)")).style("stroke-width", 2);
  g.filter((row) => row.observed !== null && Number.isFinite(row.observed)).append("path").attr("transform", (row) => `translate(${x(row.observed)},0)`)
    .attr("d", d3.symbol(d3.symbolDiamond, 42)()).style("fill", "var(--accent)");
  g.append("text").attr("x", wide - 4).attr("dy", ".32em").attr("text-anchor", "end").attr("class", "muted").text(intervalText);
  g.append("rect").attr("width", wide).attr("height", line).attr("y", -line / 2).style("fill", "transparent")
    .on("mousemove", (event, row) => showTip(`${row.name}\nmedian ${formatted(row.q50)}\n50 %: ${formatted(row.q25)} … ${formatted(row.q75)}\n90 %: ${formatted(row.q05)} … ${formatted(row.q95)}`
      + (row.observed === null ? "" : `\nobserved ${formatted(row.observed)}`), event.clientX, event.clientY)).on("mouseleave", hideTip);
}

function showForest() {
  if (!report.draws) return;
  byId("posterior").hidden = false;
  const {draws, rows} = forestRows();
  const which = byId("forest-which"), order = byId("forest-order");
  const isData = (row) => row.kind === "observed" || row.kind === "factor";
  const choices = [["latent and computed", (row) => !isData(row)], ["predicted data", isData], ...draws.map((site) => [oneLine(site.name), (row) => row.site === site])]
    .filter(([, keeps]) => rows.some(keeps));
  which.append(...choices.map(([title], i) => element("option", {value: i}, title)));
  const orders = {given: (row) => row.given, median: (row) => -row.q50, width: (row) => row.q05 - row.q95};
  const cut = draws.filter((site) => site.rows < site.total).map((site) => `the first ${site.rows} of ${site.total} of ${oneLine(site.name)}`);
  const hidden = draws.filter((site) => site.hidden > 0).map((site) => `${site.hidden.toLocaleString("en-US")} of ${countText(site.hidden + site.total, "element", "elements")} of ${oneLine(site.name)}`);
  const note = `Medians with 50 % and 90 % intervals of ${countText(report.draws.count, "draw", "draws")}`
    + (cut.length ? "; of these elements only: " + cut.join(", ") : "") + (hidden.length ? "; left out, as a mask hides them: " + hidden.join(", ") : "");
  let page = 0, width = 0;
  const fade = fadeWhereMore(byId("forest"));
  const draw = () => {
    const chosen = rows.filter(choices[Number(which.value)][1]).filter((row) => found(row.name));
    chosen.sort((a, b) => d3.ascending(orders[order.value](a), orders[order.value](b)) || a.given - b.given);
    const pages = Math.max(1, Math.ceil(chosen.length / kRowsOfAPage));
    page = Math.max(0, Math.min(page, pages - 1));
    drawForest(byId("forest"), chosen.slice(page * kRowsOfAPage, (page + 1) * kRowsOfAPage), width);
    fade();
    byId("forest-note").textContent = note + (chosen.some((row) => row.observed !== null) ? "; diamonds: what was observed." : ".");
    byId("forest-page").textContent = pages === 1 ? countText(chosen.length, "row", "rows") : `${page + 1} of ${pages} pages`;
    byId("forest-back").disabled = page === 0;
    byId("forest-on").disabled = page === pages - 1;
    byId("forest-back").hidden = byId("forest-on").hidden = pages === 1;
  };
  const restart = () => { page = 0; draw(); };
  which.addEventListener("change", restart);
  order.addEventListener("change", restart);
  byId("forest-back").addEventListener("click", () => { --page; draw(); });
  byId("forest-on").addEventListener("click", () => { ++page; draw(); });
  searched.push(restart);
  withWidth(byId("forest"), (w) => { width = w; draw(); });
}
