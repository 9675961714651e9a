"use strict";
// Small charts of values: bars of a histogram, dots of a vector.

const viridis = d3.interpolateViridis;

/** A number at a tick, whole and yet short. */
function tickText(value, decimals) {
  const x = Number(value.toPrecision(12));
  return Math.abs(x) >= 1e7 ? (x < 0 ? "−" : "") + exponential(Math.abs(x), 12) : formatted(x, decimals);
}
/** The texts of about n ticks of a scale: as many decimals as they differ in. */
function tickTexts(scale, n) {
  const decimals = d3.precisionFixed(d3.tickStep(...d3.extent(scale.domain()), n));
  return (value) => tickText(value, decimals);
}
const kAxisFont = "12px sans";
const widest = (texts, font) => d3.max(texts, (text) => widthOf(text, font)) ?? 0;
/** Room for the texts left of a vertical axis of about n ticks. */
const roomFor = (scale, n) => Math.ceil(widest(scale.ticks(n).map(tickTexts(scale, n)), kAxisFont)) + 16;

function chart(place, width, height, label) {
  return d3.select(place).append("svg").attr("width", width).attr("height", height).attr("viewBox", `0 0 ${width} ${height}`).attr("role", "img").attr("aria-label", label);
}

/** Bars; coloured as the heat map between low and high where these are given. */
function drawHistogram(place, histogram, width, height, label, map) {
  const svg = chart(place, width, height, label);
  const low = toNumber(histogram.low), high = toNumber(histogram.high);
  const margin = {left: 10, right: 10, bottom: 20};
  // A single value has a bar in the middle.
  const x = low === high ? d3.scaleLinear([low - 0.5, low + 0.5], [margin.left, width - margin.right]) : d3.scaleLinear([low, high], [margin.left, width - margin.right]);
  const n = histogram.counts.length;
  const edge = (i) => (low === high ? x(low) + (i - 0.5) * 24 : margin.left + (width - margin.left - margin.right) * i / n);
  const y = d3.scaleLinear([0, d3.max(histogram.counts)], [height - margin.bottom, 6]);
  const gap = (edge(1) - edge(0)) > 5 ? 1 : 0;
  svg.append("g").attr("class", "bars").selectAll("rect").data(histogram.counts).join("rect")
    .attr("x", (_, i) => edge(i) + gap / 2).attr("width", (_, i) => Math.max(0.5, edge(i + 1) - edge(i) - gap))
    .attr("y", (count) => (count > 0 ? Math.min(y(count), y(0) - 1) : y(0))).attr("height", (count) => (count > 0 ? Math.max(1, y(0) - y(count)) : 0))
    .style("fill", (_, i) => {
      if (!map) return "var(--kind, var(--latent))";
      const middle = low + (high - low) * (i + 0.5) / n;
      return viridis(map.high > map.low ? Math.max(0, Math.min(1, (middle - map.low) / (map.high - map.low))) : 0.5);
    })
    .each((count, i, bars) => bars[i].addEventListener("mousemove", (event) => {
      const from = low + (high - low) * i / n, to = low + (high - low) * (i + 1) / n;
      showTip((histogram.whole ? formatted((from + to) / 2) : formatted(from) + " … " + formatted(to)) + ": " + countText(count, "number", "numbers"), event.clientX, event.clientY);
    })).on("mouseleave", hideTip);
  const room = widest([low, high].map(tickTexts(x, 5)), kAxisFont) + 24;
  const wanted = Math.max(2, Math.floor(width / Math.max(70, room)));
  const ticks = x.ticks(wanted).filter((t) => !histogram.whole || Number.isInteger(t));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(x).tickValues(ticks).tickFormat(tickTexts(x, wanted)).tickSizeOuter(0));
  return svg;
}

/** A dot a number, in order; hidden ones are hatched columns, strange ones (NaN, infinite) marked at the edge. */
function drawVector(place, numbers, shape, width, height, label) {
  const svg = chart(place, width, height, label);
  const values = numbers.map(toNumber);
  const finite = values.filter((v) => v !== null && Number.isFinite(v));
  const margin = {right: 10, top: 8, bottom: 20};
  let [low, high] = finite.length ? d3.extent(finite) : [0, 1];
  if (low === high) { low -= Math.abs(low) * 0.1 || 0.5; high += Math.abs(high) * 0.1 || 0.5; }
  const y = d3.scaleLinear([low, high], [height - margin.bottom - 4, margin.top + 4]);
  margin.left = roomFor(y, 4);
  const step = (width - margin.left - margin.right) / values.length;
  const x = (i) => margin.left + (i + 0.5) * step;
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${margin.left},0)`)
    .call(d3.axisLeft(y).ticks(4).tickFormat(tickTexts(y, 4)).tickSize(-(width - margin.left - margin.right))).select(".domain").remove();
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(d3.scaleLinear([-0.5, values.length - 0.5], [margin.left, width - margin.right]))
      .tickValues(d3.ticks(0, values.length - 1, Math.min(values.length - 1, 9)).filter(Number.isInteger)).tickFormat(d3.format("d")).tickSizeOuter(0));
  // Equal numbers stand at different places: data carry their positions.
  const points = values.map((v, i) => ({v, i}));
  const isHidden = ({v}) => v === null, isDrawn = ({v}) => v !== null && Number.isFinite(v);
  svg.append("g").selectAll("rect").data(points.filter(isHidden)).join("rect").attr("class", "veil").attr("data-index", ({i}) => i)
    .attr("x", ({i}) => x(i) - step / 2).attr("width", step).attr("y", margin.top).attr("height", height - margin.top - margin.bottom).style("fill", "url(#hatch)");
  svg.append("path").attr("class", "thread").attr("d", d3.line(({i}) => x(i), ({v}) => y(v)).defined(isDrawn)(points));
  svg.append("g").selectAll("circle").data(points.filter(isDrawn)).join("circle").attr("class", "dot")
    .attr("r", Math.max(1.8, Math.min(4, step / 3))).attr("cx", ({i}) => x(i)).attr("cy", ({v}) => y(v));
  svg.append("g").selectAll("path").data(points.filter((p) => !isHidden(p) && !isDrawn(p))).join("path").attr("class", "strange")
    .attr("d", d3.symbol(d3.symbolTimes, 60)()).attr("transform", ({v, i}) => `translate(${x(i)},${v > 0 ? margin.top + 4 : height - margin.bottom - 4})`);
  svg.on("mousemove", (event) => {
    const i = Math.floor((d3.pointer(event)[0] - margin.left) / step);
    if (i < 0 || i >= values.length) return hideTip();
    showTip(indexText(i, shape) + (values[i] === null ? " hidden" : " = " + formatted(values[i])), event.clientX, event.clientY);
  }).on("mouseleave", hideTip);
  return svg;
}
