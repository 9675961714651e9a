"use strict";
// A card a site: its value, log density and masks. Drawn when it comes into sight, and anew for another width.

const kGap = 32;  // between panels, in pixels

function statisticsText(values) {
  const s = values.statistics;
  const parts = s ? ["mean", "sd", "min", "median", "max"].filter((key) => s[key] !== undefined).map((key) => key + " " + formatted(s[key])) : [];
  const hidden = sizeOf(values.shape) - values.visible;
  if (hidden > 0) parts.push(hidden.toLocaleString("en-US") + " hidden");
  if (values.not_finite > 0) parts.push(values.not_finite.toLocaleString("en-US") + " not finite");
  return parts.join(" · ");
}

function panel(title) {
  return element("div", {class: "panel"}, element("h4", {}, title));
}

/** A tensor in the form that suits it. */
function valuePanel(title, values, label, room) {
  const place = panel(title);
  place.style.width = room + "px";
  if (values.form === "number") {
    place.append(element("p", {class: "big"}, formatted(values.number)));
  } else if (values.form === "empty") {
    place.append(element("p", {class: "note"}, "empty"));
  } else if (values.form === "vector") {
    drawVector(place, values.numbers, values.shape, room, 150, label);
  } else if (values.form === "histogram" && values.histogram) {
    drawHistogram(place, values.histogram, room, 150, label);
  } else if (values.form === "grid") {
    const map = drawHeat(place, values.grid, values.shape, room, label);
    if (values.histogram) drawHistogram(place, values.histogram, Math.min(room, 300), 76, label + ", distribution and colours", map);
  }
  const text = statisticsText(values);
  if (text) place.append(element("p", {class: "stats"}, text));
  return place;
}

const maskTitles = {all: "Mask", distribution: "of the distribution", handlers: "of handlers", obs_mask: "of the observation"};

function maskPanel(site, mask, shape, room) {
  const place = panel(mask.source === "all" ? `Mask: ${site.kept.toLocaleString("en-US")} of ${site.total.toLocaleString("en-US")} count` : "Mask " + maskTitles[mask.source]);
  place.style.width = room + "px";
  drawMask(place, mask.picture, shape, room, `${maskTitles[mask.source]} of ${site.name}`);
  return place;
}

function facts(site) {
  const list = [];
  if (site.family) list.push(site.family, "batch " + shapeText(site.batch), "event " + shapeText(site.event));
  else list.push("shape " + shapeText(site.value.shape));
  if (site.plates.length) list.push("in " + site.plates.map(oneLine).join(", "));
  if (site.log_prob !== undefined) list.push("log density " + formatted(site.log_prob));
  if (site.scale !== undefined && site.scale !== 1) list.push("scale " + scaleText(site));
  if (hiddenText(site)) list.push("hidden by " + hiddenText(site));
  for (const [key, value] of Object.entries(site.infer || {})) list.push(key + ": " + value);
  return element("p", {class: "sub"}, ...list.map((text) => element("span", {}, text)));
}

/** Axes of a mask: those of its site's elements. */
const maskShape = (site, picture) => (site.value.shape.length && sizeOf(site.value.shape) === picture.rows * picture.columns ? site.value.shape
  : sizeOf(site.batch) === picture.rows * picture.columns ? site.batch : [picture.rows, picture.columns]);

function makeCard(site) {
  const card = element("article", {class: "card " + site.kind, id: site.id, "data-name": site.name, "aria-label": "site " + site.name});
  card.append(element("div", {class: "head"}, element("h3", {}, element("bdi", {}, site.name)), kindMark(site.kind)), facts(site));
  const panels = element("div", {class: "panels"});
  card.append(panels);
  const masks = site.masks || [];
  const count = 1 + masks.length + (site.log_probs ? 1 : 0);
  const width = site.value.form === "grid" || count > 3 ? "wide" : [null, null, "two", "three"][count];
  if (width) card.classList.add(width);
  const drawIn = (space) => {
    const inside = space - 34;
    panels.replaceChildren();
    const room = Math.floor(Math.min(inside, 640, Math.max(290, (inside - kGap * (count - 1)) / count)));
    panels.append(valuePanel("Value", site.value, "Value of " + site.name, room));
    for (const mask of masks) panels.append(maskPanel(site, mask, maskShape(site, mask.picture), room));
    if (site.log_probs) panels.append(valuePanel("Log density", site.log_probs, "Log density of " + site.name, room));
    card.dataset.drawn = "true";
  };
  card.draw = () => {
    card.draw = () => {};
    withWidth(card, drawIn);
  };
  return card;
}

function showCards() {
  const cards = sites.map(makeCard);
  byId("cards").append(...cards);
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watch.unobserve(entry.target);
      entry.target.draw();
    }
  }, {rootMargin: "800px"});
  cards.forEach((card) => watch.observe(card));
  addEventListener("beforeprint", () => cards.filter((card) => !card.hidden).forEach((card) => card.draw()));
  // What is drawn on the way to a card would push it on: what lies around is drawn before.
  const bringIntoSight = () => {
    const at = cards.findIndex((card) => "#" + card.id === location.hash);
    if (at < 0) return;
    if (cards[at].hidden) clearSearch();
    for (const card of cards.slice(Math.max(0, at - 40), at + 20)) card.draw();
    cards[at].scrollIntoView();
  };
  addEventListener("hashchange", bringIntoSight);
  document.addEventListener("click", (event) => {  // once more the same
    const link = event.target.closest("a");
    if (link && link.getAttribute("href") === location.hash) bringIntoSight();
  });
  bringIntoSight();
  searched.push(() => cards.forEach((card) => { card.hidden = !found(card.dataset.name); }));
}
