"use strict";
// The model as a graph: dagre places sites and plates, d3 draws them.

const kindMeanings = {
  latent: "latent", observed: "observed (shaded)", deterministic: "computed", factor: "factor", param: "parameter",
};
const ruler = document.createElement("canvas").getContext("2d");
function widthOf(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

/** The lines of a node: its name, its family, what a mask keeps of it. */
function nodeText(site) {
  const names = site.name.split(/\r\n|\r|\n/).map((line) => shortened(line, 40));
  const small = [];
  if (site.family) small.push(site.family);
  if (site.total !== undefined && site.kept < site.total) small.push(site.kept + "/" + site.total + " kept");
  return {names, small};
}

function plateLabel(name) {
  const plate = report.plates.find((p) => p.name === name);
  if (!plate) return oneLine(name);
  const size = plate.subsample_size < plate.size ? plate.subsample_size + " of " + plate.size : String(plate.size);
  return oneLine(name) + " · " + size;
}

/** Nodes, plates and edges with places. A plate that others cross is drawn once for each of their paths. */
function layOut() {
  const graph = new dagre.graphlib.Graph({compound: true});
  graph.setGraph({rankdir: "TB", nodesep: 26, ranksep: 38, edgesep: 14, marginx: 18, marginy: 18});
  graph.setDefaultEdgeLabel(() => ({}));
  const plates = new Map();
  const groups = new Map();
  for (const site of sites) {
    const text = nodeText(site);
    const width = Math.max(58, ...text.names.map((t) => widthOf(t, "600 13px monospace") + 34), ...text.small.map((t) => widthOf(t, "11px sans-serif") + 46));
    graph.setNode(site.id, {site, text, width, height: 16 * text.names.length + 14 * text.small.length + 16});
    let path = "plate";
    for (const name of site.plates) {
      const outer = path;
      path += "\u0000" + name;
      if (!plates.has(path)) {
        plates.set(path, {name, depth: path.split("\u0000").length - 1});
        graph.setNode(path, {});
        if (outer !== "plate") graph.setParent(path, outer);
      }
    }
    if (path !== "plate") graph.setParent(site.id, path);
    if (!groups.has(path)) groups.set(path, []);
    groups.get(path).push(site);
  }
  const idOf = new Map(sites.map((site) => [site.name, site.id]));
  const edges = [];
  for (const site of sites) {
    for (const parent of site.parents || []) {
      if (!idOf.has(parent) || idOf.get(parent) === site.id) continue;
      edges.push([idOf.get(parent), site.id]);
      graph.setEdge(idOf.get(parent), site.id);
    }
  }
  // What no edge places stands in rows of its plate, and plates one below the other.
  const placed = new Set(edges.flat());
  let above = null;
  for (const group of groups.values()) {
    const free = group.filter((site) => !placed.has(site.id));
    const columns = Math.max(3, Math.ceil(Math.sqrt(free.length * 1.5)));
    free.forEach((site, i) => { if (i >= columns) graph.setEdge(free[i - columns].id, site.id, {weight: 2}); });
    if (edges.length === 0 && above) graph.setEdge(above.id, group[0].id);
    above = free[Math.max(0, free.length - columns)] || above;
  }
  dagre.layout(graph);
  return {graph, plates, edges};
}

/** From below the parent to above the child, through the places that dagre keeps free in the ranks between. */
function edgePath(graph, from, to) {
  const [a, b] = [graph.node(from), graph.node(to)];
  const between = graph.edge(from, to).points.slice(1, -1);
  const ends = [{x: a.x, y: a.y + a.height / 2}, {x: b.x, y: b.y - b.height / 2 - 1}];
  const points = between.length > 1 ? [ends[0], ...between, ends[1]] : ends;
  return d3.line((p) => p.x, (p) => p.y).curve(points.length > 2 ? d3.curveMonotoneY : d3.curveBumpY)(points);
}

function drawNode(selection, {site, text, x, y, width, height}) {
  const node = selection.append("a").attr("class", "node " + site.kind).attr("href", "#" + site.id).attr("data-name", site.name)
    .attr("aria-label", site.kind + " site " + site.name).attr("transform", `translate(${x - width / 2},${y - height / 2})`);
  const radius = {latent: height / 2, observed: height / 2, deterministic: 9, factor: 1, param: 3}[site.kind];
  const shape = () => node.append("rect").attr("width", width).attr("height", height).attr("rx", Math.min(radius, 24));
  shape().attr("class", "shape");
  const share = site.total ? site.kept / site.total : 1;
  if (share < 1) {  // the part that counts is filled, what is hidden is hatched
    const id = "clip-" + site.order;
    node.append("clipPath").attr("id", id).append("rect").attr("x", width * share).attr("width", width * (1 - share)).attr("height", height);
    shape().attr("class", "out").attr("clip-path", `url(#${id})`);
    shape().attr("fill", "url(#hatch)").attr("clip-path", `url(#${id})`);
    shape().attr("class", "shape").style("fill", "none");
  }
  let at = 8;
  for (const line of text.names) node.append("text").attr("class", "name").attr("x", width / 2).attr("y", (at += 16) - 3).text(line);
  for (const line of text.small) node.append("text").attr("class", "small").attr("x", width / 2).attr("y", (at += 14) - 3).text(line);
  node.append("title").text(site.name + (site.family ? "\n" + site.family : "") + (site.plates.length ? "\nin " + site.plates.join(", ") : ""));
}

function drawGraph() {
  const {graph, plates, edges} = layOut();
  const {width, height} = graph.graph();
  const svg = d3.select("#graph").append("svg").attr("role", "group").attr("aria-label", "The model: sites and plates");
  const defs = svg.append("defs");
  defs.append("marker").attr("id", "arrow").attr("viewBox", "0 0 8 8").attr("refX", 7.5).attr("refY", 4).attr("markerWidth", 7).attr("markerHeight", 7)
    .attr("orient", "auto").append("path").attr("d", "M0,0.5L8,4L0,7.5Z");
  const all = svg.append("g");
  const boxes = [...plates.entries()].sort((a, b) => a[1].depth - b[1].depth);
  const labels = [];
  for (const [id, plate] of boxes) {
    const box = graph.node(id);
    const g = all.append("g").attr("class", "plate").attr("data-name", plate.name);
    const label = plateLabel(plate.name);
    const wide = Math.max(box.width, widthOf(label, "12px sans-serif") + 20);
    const right = box.x + box.width / 2;
    g.append("rect").attr("x", right - wide).attr("y", box.y - box.height / 2).attr("width", wide).attr("height", box.height + 12).attr("rx", 10);
    labels.push({label, x: right - 9, y: box.y + box.height / 2 + 5});
  }
  for (const [from, to] of edges) {
    all.append("path").attr("class", "edge").attr("d", edgePath(graph, from, to)).attr("marker-end", "url(#arrow)");
  }
  // Upon the edges, which would cross them out.
  all.append("g").attr("class", "plate").selectAll("text").data(labels).join("text")
    .attr("x", ({x}) => x).attr("y", ({y}) => y).attr("text-anchor", "end").text(({label}) => label);
  for (const site of sites) drawNode(all, graph.node(site.id));

  const zoom = d3.zoom().scaleExtent([0.05, 4]).on("zoom", ({transform}) => all.attr("transform", transform))
    .filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey));
  svg.call(zoom).on("dblclick.zoom", null);
  let size = [0, 0];
  const fit = () => {
    const scale = Math.min(size[0] / width, size[1] / height, 1.25);
    svg.call(zoom.transform, d3.zoomIdentity.translate((size[0] - width * scale) / 2, (size[1] - height * scale) / 2).scale(scale));
  };
  withWidth(byId("graph"), (w) => {
    size = [w, Math.max(250, Math.min(480, height * Math.min(1.1, w / width)))];
    svg.attr("height", size[1]).attr("viewBox", `0 0 ${size[0]} ${size[1]}`);
    fit();
  });
  for (const button of byId("graph-tools").children) {
    button.addEventListener("click", () => (button.dataset.zoom === "0" ? fit() : svg.call(zoom.scaleBy, Number(button.dataset.zoom))));
  }
  const follow = () => all.selectAll(".node").classed("faded", function () { return !found(this.dataset.name); });
  searched.push(follow);
}

const kManySites = 600;  // beyond that a layout takes seconds
function showGraph() {
  const kinds = Object.keys(kindMeanings).filter((kind) => sites.some((site) => site.kind === kind));
  byId("graph-legend").append(...kinds.map((kind) => {
    const mark = kindMark(kind);
    mark.textContent = kindMeanings[kind];
    return element("li", {}, mark);
  }), ...(sites.some((s) => s.kept < s.total) ? [element("li", {}, element("i", {class: "key hidden"}), "share that a mask hides")] : []));
  if (!sites.some((site) => site.parents)) byId("graph-note").textContent = "No arrows: this trace did not record relations; one of h::trace(model, {.relations = true}) does.";
  if (sites.length <= kManySites) return drawGraph();
  const button = element("button", {type: "button"}, "Draw the graph of " + countText(sites.length, "site", "sites"));
  button.addEventListener("click", () => { button.remove(); drawGraph(); });
  byId("graph").append(button);
}
