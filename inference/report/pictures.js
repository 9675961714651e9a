"use strict";
// Masks and values as pictures on canvases. What is hidden is the hatched ground; what counts is painted over it.

const kLevels = 251, kHiddenCode = 255, kNaNCode = 254, kPlusCode = 253, kMinusCode = 252;

/** The size of a picture's cells in CSS pixels: whole, so that all are equal. */
function cellSize(height, width, room, largest = 26) {
  const side = (n, space, most) => Math.max(1, Math.min(most, Math.floor(space / n)));
  const w = side(width, room, largest), h = side(height, 320, largest);
  if (height === 1) return {w, h: largest};
  // Cells that are far from square mislead.
  return {w: Math.min(w, 3 * h), h: Math.min(h, 3 * w)};
}

/** Where the cells of a picture lie: the matrices of a tensor of more axes are tiles, side by side as far as there is room. */
function tiling({height, width, rows, columns, shape, room}) {
  const axes = shape.filter((n) => n !== 1);
  const whole = height === rows && width === columns && axes.length > 2;
  const tileRows = whole ? axes[axes.length - 2] : height;
  const tiles = height / tileRows, gap = tiles > 1 ? 7 : 0;
  let cell, across, lines;
  for (let most = 26; most > 0; --most) {
    cell = cellSize(tileRows, width, room, most);
    across = Math.max(1, Math.min(tiles, Math.floor((room + gap) / (width * cell.w + gap))));
    lines = Math.ceil(tiles / across);
    across = Math.ceil(tiles / lines);
    if (lines * tileRows * cell.h <= 360 || tiles === 1) break;
  }
  const tileWidth = width * cell.w + gap, tileHeight = tileRows * cell.h + gap;
  const tileAt = (tile) => [(tile % across) * tileWidth, Math.floor(tile / across) * tileHeight];
  return {
    cell, tiles, tileAt, tileWidth: tileWidth - gap, tileHeight: tileHeight - gap,
    size: [across * tileWidth - gap, lines * tileHeight - gap],
    /** The corner of a cell. */
    corner(row, column) {
      const [x, y] = tileAt(Math.floor(row / tileRows));
      return [x + column * cell.w, y + (row % tileRows) * cell.h];
    },
    /** The cell at a point; null where there is none. */
    cellAt(x, y) {
      const [i, j] = [Math.floor(x / tileWidth), Math.floor(y / tileHeight)];
      const column = Math.floor((x - i * tileWidth) / cell.w), inner = Math.floor((y - j * tileHeight) / cell.h);
      const tile = j * across + i, row = tile * tileRows + inner;
      const isThere = x >= 0 && y >= 0 && i < across && tile < tiles && column < width && inner < tileRows;
      return isThere ? [row, column] : null;
    },
  };
}

function hatchGround(context, width, height, ratio) {
  context.fillStyle = colour("ground");
  context.fillRect(0, 0, width, height);
  context.strokeStyle = colour("hatch");
  context.lineWidth = 1.2 * ratio;
  context.beginPath();
  for (let at = -height; at < width; at += 5 * ratio) {
    context.moveTo(at, height);
    context.lineTo(at + height, 0);
  }
  context.stroke();
}

/** A canvas of height x width cells. paint() gives a function of a cell's number: its colour in this theme, or null where it is hidden; tell(row, column) its words. */
function makePicture(place, {height, width, rows, columns, shape, room, label, paint, tell}) {
  const tiled = tiling({height, width, rows, columns, shape, room});
  const {cell} = tiled, [w, h] = tiled.size;
  const canvas = element("canvas", {tabindex: "0", role: "img", "aria-label": label, "data-rows": height, "data-columns": width, "data-cell-width": cell.w, "data-cell-height": cell.h});
  canvas.style.width = w + "px";
  const draw = () => {
    const ratio = Math.max(1, Math.round(devicePixelRatio || 1));
    canvas.width = w * ratio;
    canvas.height = h * ratio;
    const context = canvas.getContext("2d");
    const ground = colour("ground");
    const fillOf = paint();
    context.save();
    context.beginPath();
    for (let tile = 0; tile < tiled.tiles; ++tile) {
      const [x, y] = tiled.tileAt(tile);
      context.rect(x * ratio, y * ratio, tiled.tileWidth * ratio, tiled.tileHeight * ratio);
    }
    context.clip();
    hatchGround(context, canvas.width, canvas.height, ratio);
    context.restore();
    const gap = Math.min(cell.w, cell.h) >= 8 ? ratio : 0;
    for (let row = 0; row < height; ++row) {
      for (let column = 0; column < width; ++column) {
        const fill = fillOf(row * width + column);
        if (fill === null) continue;
        const [x, y] = tiled.corner(row, column).map((at) => at * ratio);
        if (gap) {
          context.globalAlpha = 1;
          context.fillStyle = ground;
          context.fillRect(x, y, cell.w * ratio, cell.h * ratio);
        }
        context.globalAlpha = fill.alpha ?? 1;
        context.fillStyle = fill.colour ?? fill;
        context.fillRect(x, y, cell.w * ratio - gap, cell.h * ratio - gap);
      }
    }
    context.globalAlpha = 1;
  };
  draw();
  themed.push({node: canvas, draw});

  // The cell under the pointer, or the one that the arrow keys have moved to.
  let at = [0, 0];
  const part = (i, size, n) => [Math.floor(i * size / n), Math.floor((i + 1) * size / n) - 1];
  const words = ([row, column]) => {
    const [r0, r1] = part(row, rows, height), [c0, c1] = part(column, columns, width);
    const where = r0 === r1 && c0 === c1 ? indexText(r0 * columns + c0, shape)
      : "rows " + r0 + "–" + r1 + ", columns " + c0 + "–" + c1;
    return where + tell(row * width + column);
  };
  const scale = () => canvas.getBoundingClientRect().width / w;
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const cellThere = tiled.cellAt((event.clientX - box.left - 1) / scale(), (event.clientY - box.top - 1) / scale());
    if (cellThere === null) return hideTip();
    at = cellThere;
    showTip(words(at), event.clientX, event.clientY);
  });
  canvas.addEventListener("mouseleave", hideTip);
  canvas.addEventListener("blur", hideTip);
  canvas.addEventListener("keydown", (event) => {
    const move = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (!move) return;
    event.preventDefault();
    at = [Math.max(0, Math.min(height - 1, at[0] + move[0])), Math.max(0, Math.min(width - 1, at[1] + move[1]))];
    const box = canvas.getBoundingClientRect(), [x, y] = tiled.corner(...at);
    showTip(words(at), box.left + (x + 0.5 * cell.w) * scale(), box.top + (y + 0.5 * cell.h) * scale());
  });
  const frame = element("div", {class: "frame"}, canvas);
  if (tiled.tiles > 1) frame.classList.add("tiles");
  const matrix = [countText(rows / tiled.tiles, "row", "rows") + " × " + countText(columns, "column", "columns")];
  const size = tiled.tiles > 1 ? [countText(tiled.tiles, "matrix", "matrices") + " of " + matrix] : rows === 1 ? [countText(columns, "element", "elements")] : matrix;
  if (height < rows || width < columns) size.push("one cell stands for about " + formatted(Number((rows * columns / (height * width)).toPrecision(2))) + " elements");
  frame.append(element("div", {class: "scales"}, size.join("; ")));
  place.append(frame);
}

function drawMask(place, picture, shape, room, label) {
  const shares = bytesOf(picture.shares);
  makePicture(place, {
    ...picture, shape, room, label,
    paint: () => {
      const kept = colour("kept");
      return (i) => (shares[i] === 0 ? null : {colour: kept, alpha: shares[i] / 255});
    },
    tell: (i) => (shares[i] === 0 ? " hidden" : shares[i] === 255 ? " counts" : ": " + Math.round(shares[i] / 2.55) + " % counts"),
  });
}

/** The map of a grid of values; gives the range of its colours. */
function drawHeat(place, grid, shape, room, label) {
  let low, high, height = grid.rows, width = grid.columns, valueOf;
  if (grid.numbers) {
    const numbers = grid.numbers.map(toNumber);
    [low, high] = d3.extent(numbers.filter((v) => v !== null && Number.isFinite(v)));
    valueOf = (i) => numbers[i];
  } else {
    const codes = bytesOf(grid.levels);
    [low, high] = [toNumber(grid.low), toNumber(grid.high)];
    [height, width] = [grid.height, grid.width];
    const special = {[kHiddenCode]: null, [kNaNCode]: NaN, [kPlusCode]: Infinity, [kMinusCode]: -Infinity};
    valueOf = (i) => (codes[i] < kLevels ? low + (high - low) * codes[i] / (kLevels - 1) : special[codes[i]]);
  }
  const about = grid.numbers ? " = " : " ≈ ";
  makePicture(place, {
    rows: grid.rows, columns: grid.columns, height, width, shape, room, label,
    paint: () => {
      const strange = colour("strange");
      return (i) => {
        const value = valueOf(i);
        if (value === null) return null;
        return Number.isFinite(value) ? viridis(high > low ? (value - low) / (high - low) : 0.5) : strange;
      };
    },
    tell: (i) => (valueOf(i) === null ? " hidden" : about + formatted(valueOf(i))),
  });
  return {low, high};
}
