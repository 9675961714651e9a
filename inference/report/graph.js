"use strict";
// The model as a graph: dagre places sites and plates, d3 draws them.

const kindMeanings = {
  latent: "latent", observed: "observed (shaded)", deterministic: "computed", factor: "factor", param: "parameter",
};

/** The nodes of the graph: sites, and as one node those that a sequential plate has repeated. */
function graphNodes() {
  const groups = new Map();
  for (const site of sites) {
    const key = [baseOf(site.name), site.kind, site.family].join("\u0000");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(site);
  }
  return [...groups.values()].map((members) => {
    const [first, last] = [members[0], members[members.length - 1]];
    const sum = (key) => (first[key] === undefined ? undefined : d3.sum(members, (site) => site[key]));
    const loop = members.length > 1 && loops.find((plate) => plate.subsample_size === members.length);
    return {id: first.id, members, kind: first.kind, family: first.family, kept: sum("kept"), total: sum("total"),
            name: members.length > 1 ? first.name + " … " + last.name : first.name,
            plates: [...(loop ? [loop.name] : []), ...first.plates]};
  });
}

/** The lines of a node: its name, its family, what a mask keeps of it. */
function nodeText(node) {
  const names = node.name.split(/\r\n|\r|\n/).map((line) => shortened(line, 40));
  const small = [];
  if (node.family) small.push(node.family);
  if (node.kept < node.total) small.push(node.kept + "/" + node.total + " kept");
  return {names, small};
}

function plateLabel(name) {
  const plate = report.plates.find((p) => p.name === name);
  if (!plate) return oneLine(name);
  const size = plate.subsample_size < plate.size ? plate.subsample_size + " of " + plate.size : String(plate.size);
  return oneLine(baseOf(name)) + " · " + size + (plate.dim === 0 ? " in sequence" : "");
}

/** For each of a node's plates the way to it from the outside. */
const pathsOf = (node) => node.plates.map((_, i) => ["plate", ...node.plates.slice(0, i + 1).map(baseOf)].join("\u0000"));
const labelWidth = (label) => widthOf(label, "12px sans");
const kLabelGap = 9;

/** Nodes, plates and edges with places. A plate that others cross is drawn once for each of their paths. */
const kLoopRoom = 26;  // right of a node that depends on itself, one step before
function layOut(nodes) {
  const graph = new dagre.graphlib.Graph({compound: true});
  graph.setGraph({rankdir: "TB", nodesep: 26, ranksep: 38, edgesep: 14, marginx: 18, marginy: 18});
  graph.setDefaultEdgeLabel(() => ({}));
  const plates = new Map();
  const groups = new Map();
  const idOf = new Map(nodes.flatMap((node) => node.members.map((site) => [site.name, node.id])));
  const counts = d3.rollup(nodes.flatMap((node) => pathsOf(node)), (paths) => paths.length, (path) => path);
  const labelled = new Set();
  // The first node of a plate makes room for its label: beside the edges that leave it where it is the only one.
  const labelRoom = (node) => d3.max(pathsOf(node), (path, i) => {
    if (labelled.has(path)) return 0;
    labelled.add(path);
    return (counts.get(path) > 1 ? 1 : 2) * (labelWidth(plateLabel(node.plates[i])) + 2 * kLabelGap) - 24 * (node.plates.length - i);
  }) ?? 0;
  for (const node of nodes) {
    const text = nodeText(node);
    const width = Math.max(58, ...text.names.map((t) => widthOf(t, "600 13px mono") + 34), ...text.small.map((t) => widthOf(t, "11px sans") + 46));
    const repeats = node.members.some((site) => (site.parents || []).some((parent) => idOf.get(parent) === node.id));
    graph.setNode(node.id, {node, text, repeats, shape: width, width: Math.max(width + (repeats ? 2 * kLoopRoom : 0), labelRoom(node)), height: 16 * text.names.length + 14 * text.small.length + 16});
    let outer = null;
    pathsOf(node).forEach((path, depth) => {
      if (!plates.has(path)) {
        plates.set(path, {name: node.plates[depth], depth});
        graph.setNode(path, {});
        if (outer !== null) graph.setParent(path, outer);
      }
      outer = path;
    });
    if (outer !== null) graph.setParent(node.id, outer);
    if (!groups.has(outer)) groups.set(outer, []);
    groups.get(outer).push(node);
  }
  const edges = [];
  for (const node of nodes) {
    for (const parent of new Set(node.members.flatMap((site) => site.parents || []).map((name) => idOf.get(name)))) {
      if (parent === undefined || parent === node.id) continue;
      edges.push([parent, node.id]);
      graph.setEdge(parent, node.id);
    }
  }
  // What no edge places stands in rows of its plate, and plates one below the other.
  const placed = new Set(edges.flat());
  let above = null;
  for (const group of groups.values()) {
    const free = group.filter((node) => !placed.has(node.id));
    const columns = Math.max(3, Math.ceil(Math.sqrt(free.length * 1.5)));
    free.forEach((node, i) => { if (i >= columns) graph.setEdge(free[i - columns].id, node.id, {weight: 2}); });
    if (edges.length === 0 && above) graph.setEdge(above.id, group[0].id);
    above = free[Math.max(0, free.length - columns)] || above;
  }
  dagre.layout(graph);
  return {graph, plates, edges};
}

/** From below the parent to above the child, through the places that dagre keeps free in the ranks between. */
function edgePoints(graph, from, to) {
  const [a, b] = [graph.node(from), graph.node(to)];
  const between = graph.edge(from, to).points.slice(1, -1);
  const ends = [{x: a.x, y: a.y + a.height / 2}, {x: b.x, y: b.y - b.height / 2 - 1}];
  return between.length > 1 ? [ends[0], ...between, ends[1]] : ends;
}
function edgePath(points) {
  const [from, to] = [points[0], points[points.length - 1]];
  if (to.y <= from.y) {  // a loop's way back to what stands above: around both
    const out = Math.max(40, Math.abs(from.x - to.x));
    return `M${from.x},${from.y}C${from.x - out},${from.y + 40} ${to.x - out},${to.y - 40} ${to.x},${to.y}`;
  }
  return d3.line((p) => p.x, (p) => p.y).curve(points.length > 2 ? d3.curveMonotoneY : d3.curveBumpY)(points);
}
/** Whether an edge comes into a box. */
function crosses(points, {left, right, top, bottom}) {
  for (let i = 1; i < points.length; ++i) {
    const [a, b] = [points[i - 1], points[i]];
    for (let y = Math.max(top, a.y); y <= Math.min(bottom, b.y); y += 3) {
      const t = (y - a.y) / (b.y - a.y), x = a.x + (b.x - a.x) * t * t * (3 - 2 * t);
      if (left <= x && x <= right) return true;
    }
  }
  return false;
}

/** Where the label of a plate stands: in the corner below on the right; on the left, or in a plate made wider, where edges are in the way. */
function placeLabel({left, right, bottom}, label, ways) {
  const size = labelWidth(label), gap = kLabelGap, y = bottom + 5;
  const isFree = (x) => !ways.some((points) => crosses(points, {left: x - 4, right: x + size + 4, top: y - 12, bottom: y + 4}));
  const fitting = [right - gap - size, left + gap].filter((x) => x >= left + gap - 1);
  let x = fitting.find(isFree);
  for (let at = Math.max(left + gap, right - gap - size); x === undefined; at += 6) if (isFree(at)) x = at;
  return {label, x, y, left, right: Math.max(right, x + size + gap)};
}

function drawNode(selection, {node: site, text, repeats, x, y, shape: width, height}) {
  const node = selection.append("a").datum(site).attr("class", "node " + site.kind).attr("href", "#" + site.id).attr("data-name", site.name)
    .attr("aria-label", site.kind + (site.members.length > 1 ? " sites " : " site ") + site.name).attr("transform", `translate(${x - width / 2},${y - height / 2})`);
  if (repeats) {
    node.append("path").attr("class", "edge").attr("d", `M${width - 6},${height * 0.75}C${width + kLoopRoom + 8},${height + 4} ${width + kLoopRoom + 8},-4 ${width - 5},${height * 0.25}`).attr("marker-end", "url(#arrow)");
  }
  const radius = {latent: height / 2, observed: height / 2, deterministic: 9, factor: 1, param: 3}[site.kind];
  const shape = () => node.append("rect").attr("width", width).attr("height", height).attr("rx", Math.min(radius, 24));
  shape().attr("class", "shape");
  const share = site.total ? site.kept / site.total : 1;
  if (share < 1) {  // the part that counts is filled, what is hidden is hatched
    const id = "clip-" + site.id;
    node.append("clipPath").attr("id", id).append("rect").attr("x", width * share).attr("width", width * (1 - share)).attr("height", height);
    shape().attr("class", "out").attr("clip-path", `url(#${id})`);
    shape().attr("class", "hatch").attr("fill", "url(#hatch)").attr("clip-path", `url(#${id})`);
    shape().attr("class", "shape").style("fill", "none");
  }
  let at = 8;
  for (const line of text.names) node.append("text").attr("class", "name").attr("x", width / 2).attr("y", (at += 16) - 3).text(line);
  for (const line of text.small) node.append("text").attr("class", "small").attr("x", width / 2).attr("y", (at += 14) - 3).text(line);
  node.append("title").text(site.name + (site.family ? "\n" + site.family : "") + (site.plates.length ? "\nin " + site.plates.map(baseOf).join(", ") : ""));
}

function drawGraph(nodes) {
  const {graph, plates, edges} = layOut(nodes);
  const {width, height} = graph.graph();
  const svg = d3.select("#graph").append("svg").attr("role", "group").attr("aria-label", "The model: sites and plates");
  const defs = svg.append("defs");
  defs.append("marker").attr("id", "arrow").attr("viewBox", "0 0 8 8").attr("refX", 7.5).attr("refY", 4).attr("markerWidth", 7).attr("markerHeight", 7)
    .attr("orient", "auto").append("path").attr("d", "M0,0.5L8,4L0,7.5Z");
  const all = svg.append("g");
  const boxes = [...plates.entries()].sort((a, b) => a[1].depth - b[1].depth);
  const ways = edges.map(([from, to]) => edgePoints(graph, from, to));
  const places = new Map();
  for (const [id, plate] of [...boxes].reverse()) {  // from the inside: what is wider in there widens what is around
    const box = graph.node(id);
    const inner = [...places].filter(([other]) => other.startsWith(id + "\u0000")).map(([, place]) => place.right + 8);
    const sides = {left: box.x - box.width / 2, right: Math.max(box.x + box.width / 2, ...inner), bottom: box.y + box.height / 2};
    places.set(id, placeLabel(sides, plateLabel(plate.name), ways));
  }
  const labels = [...places.values()];
  const rightmost = Math.max(width, ...labels.map((place) => place.right + 8));
  for (const [id, plate] of boxes) {
    const box = graph.node(id), place = places.get(id);
    all.append("g").attr("class", "plate" + (loops.some((loop) => loop.name === plate.name) ? " loop" : "")).attr("data-name", plate.name)
      .append("rect").attr("x", place.left).attr("y", box.y - box.height / 2).attr("width", place.right - place.left).attr("height", box.height + 12).attr("rx", 10);
  }
  for (const points of ways) {
    all.append("path").attr("class", "edge").attr("d", edgePath(points)).attr("marker-end", "url(#arrow)");
  }
  // Upon the edges, which would cross them out.
  all.append("g").attr("class", "plate").selectAll("text").data(labels).join("text")
    .attr("x", ({x}) => x).attr("y", ({y}) => y).text(({label}) => label);
  for (const {id} of nodes) drawNode(all, graph.node(id));

  const zoom = d3.zoom().scaleExtent([0.05, 4]).on("zoom", ({transform}) => all.attr("transform", transform))
    .filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey));
  svg.call(zoom).on("dblclick.zoom", null);
  let size = [0, 0];
  const fit = () => {
    const scale = Math.min(size[0] / rightmost, size[1] / height, 1.25);
    svg.call(zoom.transform, d3.zoomIdentity.translate((size[0] - rightmost * scale) / 2, (size[1] - height * scale) / 2).scale(scale));
  };
  withWidth(byId("graph"), (w) => {
    size = [w, Math.max(250, Math.min(480, height * Math.min(1.1, w / rightmost)))];
    svg.attr("height", size[1]).attr("viewBox", `0 0 ${size[0]} ${size[1]}`);
    fit();
  });
  for (const button of byId("graph-tools").children) {
    button.addEventListener("click", () => (button.dataset.zoom === "0" ? fit() : svg.call(zoom.scaleBy, Number(button.dataset.zoom))));
  }
  const follow = () => all.selectAll(".node").classed("faded", (node) => !node.members.some((site) => found(site.name)));
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
  if (sites.length === 0) {
    byId("model").hidden = byId("sites").hidden = byId("values").hidden = true;
    return;
  }
  if (!sites.some((site) => site.parents)) byId("graph-note").textContent = "No arrows: this trace did not record relations; one of h::trace(model, {.relations = true}) does.";
  const nodes = graphNodes();
  if (nodes.length <= kManySites) return drawGraph(nodes);
  const button = element("button", {type: "button"}, "Draw the graph of " + countText(sites.length, "site", "sites"));
  button.addEventListener("click", () => { button.remove(); drawGraph(nodes); });
  byId("graph").append(button);
}
