"use strict";
// Tables that are sorted by a click on a column, and the two that the page has.

/** columns: {title, value(row) to sort by, cell(row) to show, right, plain(row): whether it says nothing}. Columns that say nothing of any row are left out. Gives a function that filters. */
function makeTable(place, allColumns, rows, caption) {
  const columns = allColumns.filter((column) => !column.plain || !rows.every(column.plain));
  let by = null;
  let ascending = true;
  const body = element("tbody");
  const classOf = (column) => [column.right ? "right" : "", column.class || ""].join(" ").trim() || null;
  const heads = columns.map((column) => {
    const button = element("button", {type: "button"}, column.title);
    const head = element("th", {scope: "col", "aria-sort": "none", class: classOf(column)}, button);
    button.addEventListener("click", () => {
      ascending = by === column ? !ascending : !column.largestFirst;
      by = column;
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      fill();
    });
    return head;
  });
  const lines = rows.map((row) => {
    const line = element("tr", {"data-name": row.name, class: row.kind});
    for (const column of columns) {
      const content = column.cell(row);
      const cell = element("td", {class: classOf(column)}, content);
      line.append(cell);
    }
    return {row, line};
  });
  // What has no number comes last in either order.
  const compare = (a, b) => {
    const [x, y] = [by.value(a.row), by.value(b.row)];
    const absent = (v) => v === null || v === undefined || v === "" || Number.isNaN(v);
    if (absent(x) || absent(y)) return absent(x) - absent(y) || a.row.order - b.row.order;
    const order = typeof x === "string" ? x.localeCompare(y, "en", {numeric: true}) : x - y || (x < y ? -1 : x > y ? 1 : 0);
    return (ascending ? order : -order) || a.row.order - b.row.order;
  };
  function fill() {
    const shown = lines.filter(({row}) => found(row.name));
    if (by) shown.sort(compare);
    body.replaceChildren(...shown.map(({line}) => line));
    return shown.length;
  }
  place.append(element("table", {}, element("caption", {class: "unseen"}, caption), element("thead", {}, element("tr", {}, ...heads)), body));
  fill();
  fadeWhereMore(place);
  return fill;
}

const nothing = () => element("span", {class: "nothing"}, "–");
const mono = (text) => element("span", {class: "mono"}, text);
const nameLink = (site) => element("a", {href: "#" + site.id, class: "mono"}, element("bdi", {}, site.name));

function keptCell(site) {
  if (site.total === undefined) return nothing();
  const cell = document.createDocumentFragment();
  cell.append(site.kept.toLocaleString("en-US") + "/" + site.total.toLocaleString("en-US"));
  if (site.kept < site.total) {
    const bar = element("i");
    bar.style.width = (100 * site.kept / site.total) + "%";
    cell.append(element("span", {class: "share", "aria-hidden": "true"}, bar));
  }
  return cell;
}

const sourceNames = {distribution: "distribution", handlers: "handlers", obs_mask: "obs_mask"};
function hiddenText(site) {
  if (!site.hidden) return "";
  return Object.keys(sourceNames).filter((key) => site.hidden[key] > 0)
    .map((key) => sourceNames[key] + " " + site.hidden[key].toLocaleString("en-US")).join(", ");
}

function scaleText(site) {
  if (site.scale === undefined) return "";
  if (typeof site.scale !== "object") return formatted(site.scale);
  return formatted(site.scale.low) + " … " + formatted(site.scale.high) + " " + shapeText(site.scale.shape);
}
const scaleNumber = (site) => (site.scale && typeof site.scale === "object" ? site.scale.high : site.scale);
const sizeOf = (shape) => shape && shape.reduce((a, b) => a * b, 1);
const orNothing = (text) => (text ? text : nothing());

function showSites() {
  const fill = makeTable(byId("sites-table"), [
    {title: "#", right: true, value: (s) => s.order, cell: (s) => String(s.order + 1)},
    {title: "site", class: "name", value: (s) => s.name, cell: nameLink},
    {title: "kind", value: (s) => s.kind, cell: (s) => kindMark(s.kind)},
    {title: "family", value: (s) => s.family, cell: (s) => orNothing(s.family)},
    {title: "plates", plain: (s) => s.plates.length === 0, value: (s) => s.plates.join(", "), cell: (s) => orNothing(s.plates.map(oneLine).join(", "))},
    {title: "batch", value: (s) => sizeOf(s.batch), cell: (s) => (s.batch ? mono(shapeText(s.batch)) : nothing())},
    {title: "event", value: (s) => sizeOf(s.event), cell: (s) => (s.event ? mono(shapeText(s.event)) : nothing())},
    {title: "value", value: (s) => sizeOf(s.value.shape), cell: (s) => mono(shapeText(s.value.shape))},
    {title: "kept", right: true, value: (s) => (s.total === undefined ? null : s.kept / s.total), cell: keptCell},
    {title: "hidden by", plain: (s) => !hiddenText(s), value: hiddenText, cell: (s) => orNothing(hiddenText(s))},
    {title: "scale", right: true, plain: (s) => s.scale === undefined || s.scale === 1, value: (s) => toNumber(scaleNumber(s)), cell: (s) => orNothing(scaleText(s))},
    {title: "log density", right: true, value: (s) => toNumber(s.log_prob), cell: (s) => (s.log_prob === undefined ? nothing() : formatted(s.log_prob))},
  ], sites, "The sites of the trace");
  const follow = () => {
    const shown = fill();
    byId("sites-count").textContent = shown === sites.length ? countText(shown, "site", "sites") : shown + " of " + countText(sites.length, "site", "sites");
  };
  searched.push(follow);
  follow();
}

function showParams() {
  const inTrace = sites.filter((site) => site.kind === "param");
  const params = inTrace.concat(report.params.map((param, i) => ({...param, order: sites.length + i})));
  if (params.length === 0) return;
  byId("params").hidden = false;
  const one = (s) => (s.value.form === "number" ? s.value.number : null);
  const statistic = (key) => (s) => toNumber(s.value.statistics ? s.value.statistics[key] : one(s));
  const shown = (key) => (s) => {
    const value = statistic(key)(s);
    return value === null || value === undefined ? nothing() : formatted(value);
  };
  const numbers = ["mean", "sd", "min", "median", "max"].map((key) => {
    const none = key === "sd" ? (s) => toNumber(s.value.statistics && s.value.statistics.sd) : statistic(key);
    return {title: key, right: true, value: none, cell: key === "sd" ? (s) => (none(s) === undefined ? nothing() : formatted(none(s))) : shown(key)};
  });
  const fill = makeTable(byId("params-table"), [
    {title: "parameter", class: "name", value: (s) => s.name, cell: (s) => (s.id ? nameLink(s) : element("bdi", {class: "mono"}, s.name))},
    {title: "shape", value: (s) => sizeOf(s.value.shape), cell: (s) => mono(shapeText(s.value.shape))},
    {title: "numbers", right: true, value: (s) => sizeOf(s.value.shape), cell: (s) => formatted(sizeOf(s.value.shape))},
    ...numbers,
    {title: "not finite", right: true, plain: (s) => s.value.not_finite === 0, value: (s) => s.value.not_finite, cell: (s) => formatted(s.value.not_finite)},
  ], params, "The parameters");
  searched.push(fill);
  byId("params-count").textContent = countText(params.length, "parameter", "parameters");
}
