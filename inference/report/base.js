"use strict";
// What the other scripts share: the data, numbers as text, elements, the theme, the search.

const report = JSON.parse(document.getElementById("data").textContent);
const sites = report.sites;
sites.forEach((site, i) => { site.order = i; site.id = "site-" + i; });

const byId = (id) => document.getElementById(id);

/** An element: element("p", {class: "note"}, "text", child, ..). */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A number of the data: those that JSON lacks are texts there. Hidden ones are null. */
const toNumber = (value) => (typeof value === "string" ? Number(value) : value);

const exponential = (size, digits) => size.toExponential(digits).replace(/\.?0+e/, "e").replace("e+", "e");

/** Five digits, and all those left of the point; those right of it are as many as asked for. */
function formatted(value, decimals) {
  const x = toNumber(value);
  if (x === null || x === undefined) return "hidden";
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const fixed = (least, most) => size.toLocaleString("en-US", {minimumFractionDigits: least, maximumFractionDigits: most});
  let text;
  if (size >= 1e15) text = exponential(size, 3);
  else if (decimals !== undefined && decimals <= 7) text = fixed(Math.max(decimals, 0), Math.max(decimals, 0));
  else if (size > 0 && size < 1e-4) text = exponential(size, 3);
  else text = fixed(0, size < 1e5 ? Math.max(0, 4 - Math.floor(Math.log10(size || 1))) : 0);
  return (x < 0 && /[1-9]/.test(text) ? "−" : "") + text;
}

const shapeText = (shape) => "(" + shape.join(", ") + (shape.length === 1 ? "," : "") + ")";
const countText = (n, one, many) => n.toLocaleString("en-US") + " " + (n === 1 ? one : many);
/** A name on one line. */
const oneLine = (name) => name.replace(/\r\n|\r|\n/g, "↵");
/** A name without the numbers that a sequential plate has given it: "x" of "x_3". */
const loops = report.plates.filter((plate) => plate.dim === 0);
const baseOf = (name) => (loops.length ? name.replace(/(_\d+)+$/, "") : name);
const ruler = document.createElement("canvas").getContext("2d");
const families = {sans: "--sans", mono: "--mono"};
/** How wide a text is; a font such as "600 13px mono". */
function widthOf(text, font) {
  ruler.font = font.replace(/sans|mono/, (name) => getComputedStyle(document.documentElement).getPropertyValue(families[name]));
  return ruler.measureText(text).width;
}
const shortened = (text, n) => (text.length > n ? text.slice(0, n - 1) + "…" : text);

/** The index of an element in its shape: "[2, 0]". */
function indexText(flat, shape) {
  const index = [];
  for (let axis = shape.length - 1; axis >= 0; --axis) {
    index.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return "[" + index.join(", ") + "]";
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function kindMark(kind) {
  return element("span", {class: "kind " + kind}, kind);
}

const tip = byId("tip");
function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top = (y + 20 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
}
const hideTip = () => { tip.hidden = true; };
addEventListener("scroll", hideTip, {passive: true});

// The theme: the system's, until the reader chooses.
const themeButton = byId("theme");
let themed = [];  // {node, draw}: drawn with colours that no style sheet reaches, again after a change
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = theme === "dark" ? "☀ Light" : "☾ Dark";
  themed = themed.filter(({node}) => node.isConnected);
  for (const {draw} of themed) draw();
}
const isDark = () => document.documentElement.dataset.theme === "dark";
let themeIsChosen = false;
systemIsDark.addEventListener("change", () => { if (!themeIsChosen) setTheme(systemIsDark.matches ? "dark" : "light"); });
themeButton.addEventListener("click", () => { themeIsChosen = true; setTheme(isDark() ? "light" : "dark"); });
setTheme(systemIsDark.matches ? "dark" : "light");
// Paper is light.
let themeOfScreen = null;
addEventListener("beforeprint", () => { themeOfScreen = document.documentElement.dataset.theme; setTheme("light"); });
addEventListener("afterprint", () => setTheme(themeOfScreen));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// The search, which every list follows.
const searchInput = byId("search");
const searched = [];
const found = (name) => name.toLowerCase().includes(searchInput.value.trim().toLowerCase());
searchInput.addEventListener("input", () => { for (const follow of searched) follow(); });
function clearSearch() {
  searchInput.value = "";
  searchInput.dispatchEvent(new Event("input"));
}
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    searchInput.focus();
  } else if (event.key === "Escape" && event.target === searchInput) {
    clearSearch();
  }
});

/** Fades the right edge of what can be scrolled on to the right. */
function fadeWhereMore(node) {
  const update = () => node.classList.toggle("more", node.scrollLeft + node.clientWidth < node.scrollWidth - 2);
  node.addEventListener("scroll", update, {passive: true});
  const watch = new ResizeObserver(update);
  for (const part of [node, ...node.children]) watch.observe(part);
  update();
  return update;
}

const kLeastWidth = 140;  // no chart has sense in less

/** Calls draw(width) now, and again whenever the width of `node` has changed. */
function withWidth(node, draw) {
  let last = 0;
  const update = () => {
    const width = Math.floor(node.clientWidth);
    if (width < kLeastWidth || width === last) return;
    last = width;
    draw(width);
  };
  new ResizeObserver(update).observe(node);
  update();
}
