// Two columns of tokens and a line for each weight between them.

const COLUMN = 200; // the most that a column of tokens takes
const NUMBER_ROOM = 58; // beside a token, for its weight
const LEAST_LISTED = 0.005; // of a weight, which would read 0.01
const NAMED_ROOM = 96; // pixels for the name of a head in the legend
const NAMED_HEIGHT = 16;

function drawLines(host, picture) {
  const layers = layersOf(picture);
  const resting = askedFocus(picture);
  const plan = linesPlan(host.clientWidth, picture, listedOf(picture, layers, resting), resting);
  const labels = {
    query: plan.listed.query.map((i) => sideLabel(picture, plan, "query", i)),
    key: plan.listed.key.map((i) => sideLabel(picture, plan, "key", i)),
  };
  const strands = svg("g", { fill: "none" });
  const root = linesSheet(picture, plan, labels, strands, layers);
  const toggles = picture.apart ? [headToggles(picture)] : [];
  host.replaceChildren(...toggles, html("div", { class: "scroll" }, root));

  const drawn = strongest(layers, picture.state);
  const paint = (focus) => {
    strands.replaceChildren(...strandsOf(picture, plan, layers, drawn, focus));
    mark(picture, layers, labels, focus);
  };
  paint(resting);
  for (const side of ["query", "key"])
    linesPointing(picture, side, labels[side], paint, resting);
  if (resting && picture.moved) {
    const chosen = labels[resting.side].find(({ i }) => i === resting.index);
    const facing = labels[resting.side === "query" ? "key" : "query"];
    bringInto(...[chosen, facing.at(0), facing.at(-1)].filter(Boolean).map(({ group }) => group));
  }
  const notes = plan.left ? [leftOutNote(picture, plan, resting)] : [];
  return { root, count: drawn.total, shown: Math.min(drawn.total, MOST_LINES), notes };
}

/** The picture without its strands: both columns, their headings, and what the lines mean. */
function linesSheet(picture, plan, labels, strands, layers) {
  const { looks } = picture;
  const names = picture.apart ? layers : [];
  const perRow = Math.max(1, Math.floor(plan.width / NAMED_ROOM));
  const under = LEGEND_HEIGHT + 8 + Math.ceil(names.length / perRow) * NAMED_HEIGHT;
  const root = sheet(plan.width, plan.height + under, looks);
  const heading = { "font-size": 11, fill: looks.quiet };
  const [target, source] = picture.state.map === "cross" ? ["target, ", "source, "] : ["", ""];
  const said = {
    query: [`${target}looks`, "Tokens that look"],
    key: [`${source}is looked at`, "Tokens that are looked at"],
  };
  const column = (side) =>
    svg("g", { class: "tokens", role: "group", "aria-label": said[side][1] }, ...labels[side].map((l) => l.group));
  root.append(
    strands,
    words(plan.x1 - 8, 12, said[plan.sides[0]][0], { ...heading, "text-anchor": "end" }),
    words(plan.x2 + 8, 12, said[plan.sides[1]][0], heading),
    ...plan.sides.map(column),
    strengths(picture, picture.apart ? looks.ink : looks.accent, plan.x1, plan.height),
    ...names.map(({ name, colour }, i) => {
      const x = (i % perRow) * NAMED_ROOM;
      const y = plan.height + LEGEND_HEIGHT + Math.floor(i / perRow) * NAMED_HEIGHT;
      const bar = svg("rect", { x, y: y + 2, width: 22, height: 5, rx: 2, fill: colour });
      return svg("g", { class: "named" }, bar, words(x + 28, y + 9, `head ${name}`, heading));
    }),
  );
  return root;
}

/**
 * Which units are listed on each side. Of a long text what has no line at or over the threshold is
 * left out; facing a chosen word, what would not even read 0.01.
 */
function listedOf({ rows, columns, state }, layers, focus) {
  const all = { query: [...rows.units.keys()], key: [...columns.units.keys()] };
  if (Math.max(all.query.length, all.key.length) <= LONG || (!focus && !state.min)) return all;
  const tops = {
    query: new Float32Array(all.query.length),
    key: new Float32Array(all.key.length),
  };
  for (const { grid } of layers)
    grid.values.forEach((weight, i) => {
      const at = { query: Math.floor(i / grid.width), key: i % grid.width };
      for (const side of ["query", "key"])
        tops[side][at[side]] = Math.max(tops[side][at[side]], Math.abs(weight));
    });
  const listed = {};
  for (const side of ["query", "key"]) {
    const own = focus?.side === side;
    listed[side] = all[side].filter((i) => {
      if (!focus || own) return tops[side][i] >= state.min || (own && i === focus.index);
      const facing = layers.map((layer) => Math.abs(weightOf(layer, focus, i)));
      return Math.max(...facing) >= Math.max(state.min, LEAST_LISTED);
    });
  }
  return listed;
}

/** Where everything goes: what looks stands left, but of two texts the one that was there first. */
function linesPlan(room, { rows, columns, state }, listed, focus) {
  const sides = state.map === "cross" ? ["key", "query"] : ["query", "key"];
  const [queries, keys] = [listed.query.length, listed.key.length];
  const most = Math.max(queries, keys, 1);
  const pitch = most <= 40 ? 26 : most <= 120 ? 19 : 15;
  const size = pitch > 20 ? 14 : pitch > 16 ? 12.5 : 11;
  const widest = (units) => Math.max(40, ...units.map((unit) => widthOf(unit.label, size)));
  const width = Math.min(room, 820);
  const most1 = Math.min(COLUMN, width * 0.3);
  const units = { query: rows.units, key: columns.units };
  const x1 = Math.min(widest(units[sides[0]]), most1) + NUMBER_ROOM;
  const x2 = width - Math.min(widest(units[sides[1]]), most1) - NUMBER_ROOM;
  const top = 22;
  const left = rows.units.length + columns.units.length - queries - keys;
  // What faces a chosen word stands beside it, where it takes fewer lines than the other column.
  const from = { query: 0, key: 0 };
  if (left && focus) {
    const facing = focus.side === "query" ? "key" : "query";
    const middle = listed[focus.side].indexOf(focus.index) - (listed[facing].length - 1) / 2;
    from[facing] = Math.min(Math.max(middle, 0), most - listed[facing].length);
  }
  const y = {};
  for (const side of ["query", "key"])
    y[side] = new Map(listed[side].map((unit, i) => [unit, top + (from[side] + i) * pitch]));
  return { width, height: top + pitch * most + 8, pitch, size, sides, x1, x2, y, listed, left };
}

function leftOutNote({ rows, columns, state }, { listed, left }, focus) {
  const all = rows.units.length + columns.units.length;
  if (!focus) return `${left} of ${all} labels are left out: no line of theirs reaches ${short(state.min)}.`;
  const facing = focus.side === "query" ? "key" : "query";
  const total = (facing === "key" ? columns : rows).units.length;
  const least = short(Math.max(state.min, LEAST_LISTED));
  const word = (focus.side === "query" ? rows : columns).units[focus.index].label;
  return focus.side === "query"
    ? `“${word}” gives at least ${least} to ${listed[facing].length} of ${total}; the others are left out.`
    : `${listed[facing].length} of ${total} give at least ${least} to “${word}”; the others are left out.`;
}

function sideLabel(picture, plan, side, i) {
  const { looks, state } = picture;
  const { x1, x2, pitch, size, width } = plan;
  const isLeft = side === plan.sides[0];
  const unit = (side === "query" ? picture.rows : picture.columns).units[i];
  const y = plan.y[side].get(i);
  const box = isLeft ? { x: 0, width: x1 } : { x: x2, width: width - x2 };
  const back = svg("rect", { ...box, y: y + 1, height: pitch - 2, rx: 4, fill: "transparent" });
  const text = words(
    isLeft ? x1 - 8 : x2 + 8,
    y + pitch / 2 + size * 0.35,
    shorten(unit.label, size, (isLeft ? x1 : width - x2) - NUMBER_ROOM + 8),
    {
      "font-size": size,
      "text-anchor": isLeft ? "end" : "start",
      fill: unit.special ? looks.quiet : looks.ink,
    },
  );
  const number = words(isLeft ? 4 : width - 4, y + pitch / 2 + 4, "", {
    "font-size": 11,
    "text-anchor": isLeft ? "start" : "end",
    fill: looks.quiet,
  });
  const pressed = isAsked(state, unit, side);
  const group = svg(
    "g",
    {
      class: "token",
      role: "button",
      "aria-pressed": `${pressed}`,
      "aria-label": unit.label,
      "data-key": `${side}${unit.tokens[0]}`,
    },
    back,
    text,
    number,
  );
  return { unit, i, group, back, text, number };
}

/** A line of each strength with its weight, as the legend. */
function strengths({ looks, strength, scale }, stroke, x, y) {
  const ticks = ticksOf(scale).slice(1);
  const samples = ticks.map((weight, i) => {
    const at = x + i * 74;
    const line = {
      x1: at,
      x2: at + 30,
      y1: y + 8,
      y2: y + 8,
      stroke,
      ...strokeOf(strength(weight)),
    };
    return [
      svg("line", line),
      words(at + 36, y + 12, short(weight), { "font-size": 10.5, fill: looks.quiet }),
    ];
  });
  return svg("g", {}, ...samples.flat());
}

/** The focus that the asked word makes, if it stands in one of the columns. */
function askedFocus({ state, rows, columns }) {
  if (!state.at) return null;
  const { side, token } = state.at;
  const axis = side === "query" ? rows : columns;
  const index = axis.units.findIndex((unit) => unit.tokens.includes(token));
  return index < 0 ? null : { side, index };
}

function linesPointing(picture, side, labels, paint, resting) {
  if (!labels.length) return;
  labels.forEach(({ unit, group, back, i: index }) => {
    const point = (spoken) => {
      paint({ side, index });
      picture.point({
        [side === "query" ? "row" : "column"]: index,
        box: back.getBoundingClientRect(),
        spoken,
      });
    };
    const leave = () => {
      paint(resting);
      picture.point(null);
    };
    pointing(group, point, leave);
    group.addEventListener("click", () => picture.ask(side, unit));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      picture.ask(side, unit);
    });
  });
  const start = Math.max(
    0,
    labels.findIndex(({ unit }) => isAsked(picture.state, unit, side)),
  );
  roving(
    labels[0].group.parentNode,
    labels.map(({ group }) => group),
    { columns: 1, start },
  );
}
