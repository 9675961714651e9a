"use strict";
// The losses of a fit: the range of each stretch of steps, and the moving mean.

/** Where most of the curve is, whatever its first steps were. */
function robustRange(low, high, mean) {
  const sorted = (values) => values.filter(Number.isFinite).sort(d3.ascending);
  const late = (values) => values.slice(Math.floor(values.length / 4));
  const bottom = d3.quantileSorted(sorted(low), 0.002);
  const top = Math.max(d3.quantileSorted(sorted(late(high)), 0.995), d3.quantileSorted(sorted(mean), 0.9));
  const all = [d3.min(sorted(low)), d3.max(sorted(high))];
  // Near enough: all of it.
  return [all[0] > bottom - (top - bottom) ? all[0] : bottom, all[1] < top + 1.5 * (top - bottom) ? all[1] : top];
}

function drawFit(place, width, scale) {
  const fit = report.fit;
  const step = fit.step, low = fit.low.map(toNumber), high = fit.high.map(toNumber), mean = fit.mean.map(toNumber);
  const height = 320, margin = {right: 26, top: 18, bottom: 38};
  place.replaceChildren();
  const svg = chart(place, width, height, `Loss over ${fit.steps} steps; the moving mean ends at ${formatted(fit.last)}`);
  const finite = [...low, ...high].filter(Number.isFinite);
  if (finite.length === 0) return svg.append("text").attr("x", 20).attr("y", 40).text("There are no finite losses.");
  const lowest = d3.min(mean.filter(Number.isFinite));
  let y, shown = (v) => v, range;
  if (scale === "log") {
    const floor = (d3.quantile(mean.filter(Number.isFinite), 0.5) - lowest) / 100 || 1e-3;
    shown = (v) => Math.max(v - lowest, floor);
    y = d3.scaleLog([floor, shown(d3.max(finite))], [height - margin.bottom, margin.top]);
  } else {
    range = scale === "all" ? d3.extent(finite) : robustRange(low, high, mean);
    if (range[0] === range[1]) range = [range[0] - 0.5, range[1] + 0.5];
    y = d3.scaleLinear(range, [height - margin.bottom, margin.top]);
    if (scale === "all") y.nice();
  }
  const kTicks = 6;
  margin.left = scale === "log" ? 62 : roomFor(y, kTicks);
  const x = d3.scaleLinear([1, Math.max(2, fit.steps)], [margin.left, width - margin.right]);
  svg.append("clipPath").attr("id", "fit-clip").append("rect").attr("x", margin.left).attr("y", margin.top - 2)
    .attr("width", width - margin.left - margin.right + 2).attr("height", height - margin.top - margin.bottom + 4);
  svg.append("g").attr("class", "axis grid").attr("transform", `translate(${margin.left},0)`)
    .call(d3.axisLeft(y).ticks(kTicks).tickFormat(scale === "log" ? (v) => (Math.abs(Math.log10(v) % 1) < 1e-9 ? tickText(v) : "") : tickTexts(y, kTicks))
      .tickSize(-(width - margin.left - margin.right)).tickPadding(7)).select(".domain").remove();
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(x).ticks(Math.floor(width / 90)).tickFormat(tickTexts(x, Math.floor(width / 90))).tickSizeOuter(0));
  svg.append("text").attr("class", "muted").attr("x", width - margin.right).attr("y", height - 3).attr("text-anchor", "end").text("step");
  svg.append("text").attr("class", "muted").attr("x", 4).attr("y", 10).text(scale === "log" ? "loss − " + formatted(lowest) : "loss");
  const curves = svg.append("g").attr("clip-path", "url(#fit-clip)");
  const points = step.map((s, i) => ({s, i, low: low[i], high: high[i], mean: mean[i]}));
  const good = (p) => Number.isFinite(p.low);
  curves.append("path").style("fill", "var(--latent)").style("fill-opacity", 0.28).style("stroke", "var(--latent)").style("stroke-opacity", 0.35).style("stroke-width", 0.8)
    .attr("d", d3.area((p) => x(p.s), (p) => y(shown(p.low)), (p) => y(shown(p.high))).defined(good)(points));
  curves.append("path").attr("class", "mean").style("fill", "none").style("stroke", "var(--accent)").style("stroke-width", 2)
    .attr("d", d3.line((p) => x(p.s), (p) => y(shown(p.mean))).defined((p) => Number.isFinite(p.mean))(points));
  const stepsOf = (p) => {
    const first = p.i > 0 ? step[p.i - 1] + 1 : 1;
    return first < p.s ? `steps ${first}–${p.s}` : `step ${p.s}`;
  };
  const above = range && d3.max(finite) > y.domain()[1] ? points.find((p) => p.high === d3.max(finite)) : null;
  if (above) svg.append("text").attr("class", "muted").attr("x", width - margin.right).attr("y", 10).attr("text-anchor", "end").text(`▲ up to ${formatted(above.high)} at ${stepsOf(above)}`);
  svg.on("mousemove", (event) => {
    const p = points[d3.bisectCenter(step, x.invert(d3.pointer(event)[0]))];
    const span = p.low === p.high ? formatted(p.low) : formatted(p.low) + " … " + formatted(p.high);
    showTip(`${stepsOf(p)}: ${span}` + "\nmoving mean " + formatted(p.mean), event.clientX, event.clientY);
  }).on("mouseleave", hideTip);
}

function showFit() {
  const fit = report.fit;
  if (!fit) return;
  byId("fit").hidden = false;
  let scale = "robust", width = 0;
  const place = byId("fit-chart");
  const buttons = [["robust", "Most"], ["all", "All"], ["log", "Log"]].map(([key, title]) => {
    const button = element("button", {type: "button", "aria-pressed": String(key === scale), "data-scale": key}, title);
    button.addEventListener("click", () => {
      scale = key;
      buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
      drawFit(place, width, scale);
    });
    return button;
  });
  byId("fit-scale").append(...buttons);
  withWidth(place, (w) => { width = w; drawFit(place, w, scale); });
  byId("fit-note").append(element("i", {class: "key line", style: "display:inline-block;vertical-align:middle"}), ` mean of the last ${countText(fit.window, "step", "steps")}`
    + (fit.not_finite ? `; ${countText(fit.not_finite, "loss is", "losses are")} not finite` : ""));
}
