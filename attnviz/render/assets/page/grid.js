// The grid of heads: each as a small picture, layers down and heads across, on one colour scale.

const MOST_PIXELS = 96; // on a side of a small picture; beyond, each pixel is the strongest of a block

function drawGrid(host, picture) {
  const { map, looks } = picture;
  const plan = gridPlan(host.clientWidth, picture);
  const { left, top, pitch, size, tall } = plan;
  const down = top + map.layers.length * (tall + plan.gap);
  const right = left + map.heads.length * pitch;
  const root = sheet(Math.max(right, left + LEGEND_WIDTH + 8), down + 12 + LEGEND_HEIGHT, looks);
  const heading = { "font-size": 11, fill: looks.quiet };
  (map.picked ?? map.heads).forEach((head, j) =>
    root.append(
      words(left + j * pitch + size / 2, top - 8, head, { ...heading, "text-anchor": "middle" }),
    ),
  );
  (map.picked ? [] : map.layers).forEach((layer, i) =>
    root.append(
      words(left - 8, top + i * (tall + plan.gap) + tall / 2 + 4, layer, {
        ...heading,
        "text-anchor": "end",
      }),
    ),
  );
  root.append(words(left, 12, "head →", heading), words(0, 12, map.picked ? "" : "layer ↓", heading));
  const tiles = Array.from({ length: picture.weights.count }, (_, i) => tileOf(picture, plan, i));
  const grid = svg(
    "g",
    { role: "group", "aria-label": "Heads" },
    ...tiles.map((tile) => tile.group),
  );
  root.append(grid, legend(picture, left, down + 12));
  host.replaceChildren(html("div", { class: "scroll" }, root));
  roving(
    grid,
    tiles.map((tile) => tile.group),
    { columns: map.heads.length, start: picture.heads[0] ?? 0 },
  );
  return { root, show: (head, tile) => tiles[head].show(tile) };
}

function gridPlan(room, { map, rows, columns }) {
  const left = 40;
  const pitch = Math.min(Math.max((room - left) / map.heads.length, 22), 150);
  const gap = Math.min(pitch * 0.12, 8);
  const size = pitch - gap;
  const shape = Math.min(Math.max(rows.units.length / columns.units.length, 0.4), 2.5);
  return { left, top: 36, gap, pitch, size, tall: size * shape };
}

function tileOf(picture, { left, top, pitch, size, tall, gap }, head) {
  const { map, looks, heads } = picture;
  const name = nameOf(head, map);
  const x = left + (head % map.heads.length) * pitch;
  const y = top + Math.floor(head / map.heads.length) * (tall + gap);
  const chosen = heads.length < picture.weights.count && heads.includes(head);
  const image = svg("image", { x, y, width: size, height: tall, preserveAspectRatio: "none" });
  image.style.setProperty("image-rendering", "pixelated");
  const stroke = chosen ? { stroke: looks.accent, "stroke-width": 2.5 } : { stroke: looks.line };
  const frame = svg("rect", {
    x: x - 0.5,
    y: y - 0.5,
    width: size + 1,
    height: tall + 1,
    fill: "transparent",
    rx: 2,
    ...stroke,
  });
  const group = svg(
    "g",
    { class: "tile", role: "button", "aria-label": titleOfHead(head, map), "data-key": `head${name}` },
    image,
    frame,
  );
  let tile = null;
  const point = (spoken) => {
    if (!tile?.peak) return;
    const { row, column } = tile.peak;
    picture.point({ row, column, head, tile, box: frame.getBoundingClientRect(), spoken });
  };
  const open = () => picture.update({ heads: name, view: "matrix" });
  fill(group, {
    onclick: open,
    onkeydown: (event) => event.key === "Enter" && open(),
  });
  pointing(group, point, () => picture.point(null));
  const show = (made) => {
    tile = made;
    image.setAttribute("href", made.url);
    const said = [foundOf(picture.state, name), made.summary].filter(Boolean).join(", ");
    group.setAttribute("aria-label", `${titleOfHead(head, map)}, ${said}`);
  };
  return { group, show };
}

/** One head reduced to a small grid, what its weights say of it, and a sentence about it. */
function smallPicture(picture, head) {
  const { weights, map, rows, columns } = picture;
  const grid = fold(weights.levels[head], map, rows, columns);
  const found = headStatistics(grid, picture.links());
  const said = (name, { row, column, weight }) =>
    `${name} ${rows.units[row].label} → ${columns.units[column].label} ${picture.number(weight)}`;
  const parts = [
    found.peak && said("strongest weight", found.peak),
    found.link && said("between words", found.link),
  ];
  const summary = parts.filter(Boolean).join(", ") || "no weights";
  return { grid: reduced(grid), summary, ...found };
}

/** A grid of at most MOST_PIXELS a side; of each block the strongest weight remains. */
function reduced(grid) {
  const height = Math.min(grid.height, MOST_PIXELS);
  const width = Math.min(grid.width, MOST_PIXELS);
  return pooled(grid, height, width);
}

/** A grid with one weight for each block: the one furthest from 0, of two the one above it. */
function pooled({ values, width, height }, rows, columns) {
  if (height === rows && width === columns) return { values, width, height };
  const strongest = new Float32Array(rows * columns);
  const taken = new Uint8Array(rows * columns);
  const across = Uint16Array.from({ length: width }, (_, i) => blockOf(i, width, columns));
  for (let row = 0; row < height; row++) {
    const to = blockOf(row, height, rows) * columns;
    for (let column = 0; column < width; column++) {
      const weight = values[row * width + column];
      const at = to + across[column];
      const [size, most] = [Math.abs(weight), Math.abs(strongest[at])];
      if (!taken[at] || size > most || (size === most && weight > 0)) strongest[at] = weight;
      taken[at] = 1;
    }
  }
  return { values: strongest, width: columns, height: rows };
}

/** In which of so many blocks, as even as can be, one of `size` weights is. */
const blockOf = (i, size, blocks) => Math.ceil(((i + 1) * blocks) / size) - 1;
