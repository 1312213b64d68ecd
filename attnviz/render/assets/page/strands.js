// The lines themselves: which are drawn, in which colour, and what they mark in the other column.

const MOST_LINES = 3000;
// Told apart from each other and seen on a light ground and on a dark one; the twelve heads of a layer.
const HEAD_COLOURS = [
  "#4a6fe3", "#e0672b", "#2f9e62", "#c2387e", "#a07a1c", "#1b9aaa",
  "#8e5bd6", "#d64545", "#6f9a1d", "#c77dd6", "#8c6d5a", "#7d8594",
];

/** What lines are drawn of: the grid of the chosen heads' mean, or each head's in its colour. */
function layersOf({ apart, grid, heads, map, state }) {
  if (!apart) return [{ grid, colour: null }];
  const off = state.off.split(",");
  return apart
    .map((own, i) => ({ grid: own, name: nameOf(heads[i], map), colour: HEAD_COLOURS[i] }))
    .filter(({ name }) => !off.includes(name));
}

/** A button for each head that shows its colour and switches its lines off and on. */
function headToggles({ heads, map, state, update }) {
  const off = state.off.split(",").filter(Boolean);
  const buttons = heads.map((head, i) => {
    const name = nameOf(head, map);
    const hidden = off.includes(name);
    const next = hidden ? off.filter((each) => each !== name) : [...off, name];
    const dot = html("span", { class: "dot", style: { background: HEAD_COLOURS[i] } });
    const button = { type: "button", class: "toggle", "data-key": `toggle${name}` };
    const said = { "aria-pressed": `${!hidden}`, "aria-label": `Lines of head ${name}` };
    return html("button", { ...button, ...said, onclick: () => update({ off: next.join(",") }) }, dot, name);
  });
  return html("div", { class: "toggles", role: "group", "aria-label": "Heads" }, ...buttons);
}

/** The links at or over the threshold, strongest first, at most MOST_LINES of them. */
function strongest(layers, { min }) {
  const least = Math.max(min, 1e-9);
  const sizes = Float32Array.from(layers.flatMap(({ grid }) => [...grid.values.map(Math.abs)])).sort();
  const first = sizes.findIndex((size) => size >= least);
  const total = first < 0 ? 0 : sizes.length - first;
  const cut = Math.max(least, sizes.at(-MOST_LINES) ?? 0);
  const links = layers.flatMap((layer) =>
    [...layer.grid.values.keys()]
      .filter((i) => total && Math.abs(layer.grid.values[i]) >= cut)
      .map((i) => linkAt(layer, i)),
  );
  return { total, links: links.sort(heaviest).slice(0, MOST_LINES) };
}

const linkAt = (layer, i) => ({
  layer,
  query: Math.floor(i / layer.grid.width),
  key: i % layer.grid.width,
  weight: layer.grid.values[i],
});

const heaviest = (a, b) => Math.abs(b.weight) - Math.abs(a.weight);

/** The lines to draw; a focus leaves only its own, all of them that pass the threshold. */
function strandsOf(picture, plan, layers, { links }, focus) {
  const chosen = focus ? linksOf(layers, picture.state, focus) : links;
  const { x1, x2, y, pitch, sides } = plan;
  const middle = (x1 + x2) / 2;
  // The weakest first, so that the strong ones lie on top.
  return [...chosen].reverse().flatMap(({ layer, query, key, weight }) => {
    if (!y.query.has(query) || !y.key.has(key)) return [];
    const at = { query: y.query.get(query) + pitch / 2, key: y.key.get(key) + pitch / 2 };
    const [y1, y2] = sides.map((side) => at[side]);
    const { warm, accent } = picture.looks;
    const isWarm = picture.signed ? weight > 0 : focus?.side === "key";
    return svg("path", {
      d: `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}`,
      stroke: layer.colour ?? (isWarm ? warm : accent),
      ...strokeOf(picture.strength(weight)),
    });
  });
}

const strokeOf = (t) => ({
  "stroke-opacity": Math.max(0.04, t * t).toFixed(3),
  "stroke-width": (0.75 + 3 * t).toFixed(2),
});

function linksOf(layers, { min }, { side, index }) {
  const least = Math.max(min, 1e-9);
  return layers
    .flatMap((layer) => {
      const { width, height } = layer.grid;
      return side === "query"
        ? Array.from({ length: width }, (_, i) => linkAt(layer, index * width + i))
        : Array.from({ length: height }, (_, i) => linkAt(layer, i * width + index));
    })
    .filter(({ weight }) => Math.abs(weight) >= least)
    .sort(heaviest);
}

/** The colour of a weight: of this table or, where there are losses, of the signed one. */
const shadeOf = (picture, weight, table) =>
  picture.signed ? picture.colour(weight) : pick(table, picture.strength(weight));

const weightOf = ({ grid }, focus, i) =>
  focus.side === "query"
    ? grid.values[focus.index * grid.width + i]
    : grid.values[i * grid.width + focus.index];

/** Shade the other column by the weights of the focus, and number what stands out. */
function mark(picture, layers, labels, focus) {
  const { looks, state } = picture;
  for (const side of ["query", "key"])
    for (const { unit, i, back, text, number } of labels[side]) {
      const own = focus && focus.side === side && focus.index === i;
      const facing = focus && focus.side !== side;
      const { weight, fill, ink, opacity } = facing
        ? markOf(picture, layers, focus, i)
        : { weight: 0, fill: own ? looks.line : null };
      const shown = fill && (own || Math.abs(weight) >= state.min);
      const plain = unit.special ? looks.quiet : looks.ink;
      back.setAttribute("fill", shown ? fill : "transparent");
      back.setAttribute("fill-opacity", opacity ?? 1);
      text.setAttribute("fill", shown && ink ? ink : plain);
      text.setAttribute("font-weight", own ? 700 : 400);
      number.textContent =
        shown && Math.abs(weight) >= 0.0095 ? weight.toFixed(2).replace("-", "−") : "";
      if (shown && ink) number.setAttribute("fill", ink);
    }
}

/** The ground and the ink of a word that faces the focus; of several heads, by the one that gives most. */
function markOf(picture, layers, focus, i) {
  const best = layers
    .map((layer) => ({ layer, weight: weightOf(layer, focus, i) }))
    .reduce((a, b) => (Math.abs(b.weight) > Math.abs(a.weight) ? b : a), { weight: 0 });
  const { layer, weight } = best;
  const { looks } = picture;
  if (layer?.colour) {
    const opacity = (0.6 * picture.strength(weight)).toFixed(2);
    return { weight, fill: layer.colour, ink: looks.ink, opacity };
  }
  const shade = shadeOf(picture, weight, focus.side === "key" ? looks.warmTable : looks.own);
  return { weight, fill: css(shade), ink: inkOn(shade) };
}
