// One matrix: queries down, keys across; rectangles while they can be counted, pixels beyond.

const CELLS_AS_SHAPES = 4096;
const LARGEST_CELL = 54;
const COMFORTABLE_CELL = 26;
const AROUND = 330; // pixels of the window that a matrix should leave to what surrounds it
const NUMBERS_FROM = 34; // pixels a cell must have to hold its number
const LEAST_WRITTEN = 0.005; // of a weight, which would read .00
const LABEL = 13;

function drawMatrix(host, picture, zoom, parts = { legend: true }) {
  const { grid, looks } = picture;
  const plan = matrixPlan(host.clientWidth, picture, zoom);
  const { left, top, cell } = plan;
  const width = left + cell * grid.width;
  const height = top + cell * grid.height;
  const cells =
    grid.width * grid.height > CELLS_AS_SHAPES ? pixels(picture, plan) : shapes(picture, plan);
  const cross = svg("g", {
    class: "passing",
    fill: "none",
    stroke: looks.ink,
    "pointer-events": "none",
  });
  const across = columnLabels(picture, plan);
  const down = rowLabels(picture, plan);
  const scale = parts.legend ? [legend(picture, left, height + 16)] : [];
  const root = sheet(
    Math.max(width, parts.legend ? left + LEGEND_WIDTH : 0) + plan.right,
    height + (parts.legend ? 16 + LEGEND_HEIGHT : 4),
    looks,
  );
  const heading = { "font-size": 11, fill: looks.quiet };
  const axes = [
    words(0, top - 22, "→ is looked at", heading),
    words(0, top - 7, "↓ looks", heading),
  ];
  root.append(cells, cross, across, down, ...axes, ...scale);

  const frame = html("div", {
    class: zoom > 1 ? "scroll zoomed" : "scroll",
    tabindex: 0,
    role: "application",
    "data-key": "matrix",
    "aria-label": `${picture.title}: ${grid.height} rows that look at ${grid.width} columns; arrow keys move`,
  });
  frame.append(root);
  frame.addEventListener("scroll", () => {
    // Labels stay in sight while a zoomed matrix moves under them.
    down.setAttribute("transform", `translate(${frame.scrollLeft}, 0)`);
    across.setAttribute("transform", `translate(0, ${frame.scrollTop})`);
  });
  host.replaceChildren(frame);
  matrixPointing(frame, root, cross, picture, plan);
  return {
    root,
    reset: () => frame.scrollTo(0, 0),
    thinned: thinning(cell),
    zoomable: plan.zoomable,
  };
}

/** Where everything goes: room for labels, the size of a cell, how column labels lie. */
function matrixPlan(room, { grid, rows, columns }, zoom) {
  const widest = (units) =>
    Math.max(20, ...units.slice(0, 1000).map((u) => widthOf(u.label, LABEL)));
  const left = Math.max(Math.min(widest(rows.units), room * 0.25, 150) + 12, 84);
  const fit = (room - left - 16) / grid.width;
  const cell = Math.min(fit * zoom, Math.max(LARGEST_CELL, fit));
  const tall = Math.max((innerHeight - AROUND) / grid.height, COMFORTABLE_CELL);
  const size = Math.min(cell, LARGEST_CELL, zoom === 1 ? tall : LARGEST_CELL);
  const label = widest(columns.units);
  const lie = label < size - 4 ? "flat" : size > 18 ? "slanted" : "upright";
  const reach = Math.min(label, 130);
  const top = { flat: 36, slanted: reach * 0.72 + 18, upright: reach + 14 }[lie];
  const right = lie === "slanted" ? Math.max(8, reach * 0.72 - size / 2) : 8;
  const fitted = zoom === 1 ? Math.min(size, (room - left - right) / grid.width) : size;
  return { left, top, right, cell: fitted, lie, reach, zoomable: fit < COMFORTABLE_CELL };
}

/** The colour of a cell, or null where its weight is below the threshold. */
const cellColour = (picture, weight) =>
  Math.abs(weight) < picture.state.min ? null : picture.colour(weight);

function shapes(picture, { left, top, cell }) {
  const { grid } = picture;
  const gap = cell >= 12 ? 1 : 0;
  const group = svg("g", {}, svg("rect", frameOf(picture, { left, top, cell })));
  grid.values.forEach((weight, i) => {
    const colour = cellColour(picture, weight);
    if (!colour) return;
    const x = left + (i % grid.width) * cell;
    const y = top + Math.floor(i / grid.width) * cell;
    const size = cell - gap;
    group.append(svg("rect", { x, y, width: size, height: size, rx: gap * 2, fill: css(colour) }));
    if (cell >= NUMBERS_FROM && Math.abs(weight) >= LEAST_WRITTEN)
      group.append(
        words(x + size / 2, y + size / 2 + 4, weight.toFixed(2).replace(/^(-?)0\./, "$1."), {
          "text-anchor": "middle",
          "font-size": 11,
          fill: inkOn(colour),
        }),
      );
  });
  return group;
}

const frameOf = ({ grid, looks }, { left, top, cell }) => ({
  x: left - 0.5,
  y: top - 0.5,
  width: grid.width * cell + (cell >= 12 ? 0 : 1),
  height: grid.height * cell + (cell >= 12 ? 0 : 1),
  fill: "none",
  stroke: cell >= 12 ? "none" : looks.line,
});

function pixels(picture, { left, top, cell }) {
  const { grid } = picture;
  const image = svg("image", {
    x: left,
    y: top,
    width: grid.width * cell,
    height: grid.height * cell,
    href: imageOf(picture, grid),
    preserveAspectRatio: "none",
  });
  image.style.setProperty("image-rendering", "pixelated");
  return svg("g", {}, image, svg("rect", frameOf(picture, { left, top, cell })));
}

/** A grid of weights as a picture of one pixel each. */
function imageOf(picture, { values, width, height }) {
  const canvas = html("canvas", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const colour = cellColour(picture, values[i]);
    if (!colour) continue;
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = colour[c];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** The size of letters that lines this far apart leave room for. */
const sizeOf = (pitch) => Math.min(LABEL, Math.max(pitch * 0.85, 9.5));

function rowLabels({ rows, looks, state }, { left, top, cell }) {
  const every = thinning(cell);
  const group = svg("g", { "text-anchor": "end", "font-size": sizeOf(cell * every) });
  group.append(
    svg("rect", {
      x: 0,
      y: top,
      width: left - 4,
      height: cell * rows.units.length,
      fill: looks.card,
    }),
  );
  rows.units.forEach((unit, i) => {
    if (i % every) return;
    const attributes = { fill: unit.special ? looks.quiet : looks.ink };
    if (isAsked(state, unit, "query"))
      Object.assign(attributes, { fill: looks.accent, "font-weight": 700 });
    const y = top + (i + 0.5) * cell + 4;
    group.append(words(left - 8, y, shorten(unit.label, LABEL, left - 10), attributes));
  });
  return group;
}

function columnLabels({ columns, looks }, { left, top, cell, lie, reach }) {
  const every = lie === "upright" ? thinning(cell) : 1;
  const group = svg("g", { "font-size": lie === "upright" ? sizeOf(cell * every) : LABEL });
  group.append(
    svg("rect", {
      x: left,
      y: 0,
      width: cell * columns.units.length,
      height: top - 4,
      fill: looks.card,
    }),
  );
  columns.units.forEach((unit, i) => {
    if (i % every) return;
    const x = left + (i + 0.5) * cell;
    const text = shorten(unit.label, LABEL, reach);
    const fill = unit.special ? looks.quiet : looks.ink;
    if (lie === "flat") group.append(words(x, top - 10, text, { "text-anchor": "middle", fill }));
    else {
      const [angle, dx] = lie === "slanted" ? [-45, 2] : [-90, 4];
      const transform = `translate(${x + dx}, ${top - 7}) rotate(${angle})`;
      group.append(svg("text", { transform, fill }, text));
    }
  });
  return group;
}

const isAsked = (state, unit, side) =>
  state.at !== null && state.at.side === side && unit.tokens.includes(state.at.token);

let lastCell = [0, 0]; // where the arrow keys were last; a new drawing goes on from there

/** Point with the mouse or the arrow keys; a click or Enter asks for the row's word. */
function matrixPointing(frame, root, cross, picture, { left, top, cell }) {
  const { grid, rows } = picture;
  let at = null;
  const clear = () => {
    at = null;
    cross.replaceChildren();
    picture.point(null);
  };
  const go = (row, column, spoken) => {
    at = lastCell = [row, column];
    const x = left + column * cell;
    const y = top + row * cell;
    const band = { "stroke-opacity": 0.25 };
    cross.replaceChildren(
      svg("rect", { x: left, y, width: grid.width * cell, height: cell, ...band }),
      svg("rect", { x, y: top, width: cell, height: grid.height * cell, ...band }),
      svg("rect", { x: x - 0.5, y: y - 0.5, width: cell, height: cell, "stroke-width": 2 }),
    );
    const place = cross.lastChild;
    if (spoken) place.scrollIntoView({ block: "nearest", inline: "nearest" });
    picture.point({ row, column, box: place.getBoundingClientRect(), spoken });
  };
  const under = ({ clientX, clientY }) => {
    const box = root.getBoundingClientRect();
    const column = Math.floor((clientX - box.left - left) / cell);
    const row = Math.floor((clientY - box.top - top) / cell);
    const inside = row >= 0 && row < grid.height && column >= 0 && column < grid.width;
    return inside ? [row, column] : null;
  };
  const ask = (row) => picture.ask("query", rows.units[row]);
  frame.addEventListener("pointermove", (event) => {
    const cellThere = under(event);
    if (cellThere) go(...cellThere, false);
    else if (at) clear();
  });
  frame.addEventListener("pointerleave", clear);
  frame.addEventListener("blur", clear);
  frame.addEventListener("click", (event) => {
    const cellThere = under(event);
    if (cellThere) ask(cellThere[0]);
  });
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && at) return ask(at[0]);
    if (!(event.key in STEPS) && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const [row, column] = lastCell[0] < grid.height && lastCell[1] < grid.width ? lastCell : [0, 0];
    const to = stepped(event.key, row * grid.width + column, grid.width * grid.height, grid.width);
    if (to !== null) go(Math.floor(to / grid.width), to % grid.width, true);
  });
}
