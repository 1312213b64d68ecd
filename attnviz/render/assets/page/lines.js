// Two columns of tokens and a line for each weight between them.

const MOST_LINES = 3000;
const COLUMN = 200; // the most that a column of tokens takes
const NUMBER_ROOM = 58; // beside a token, for its weight

function drawLines(host, picture) {
  const { rows, columns, looks } = picture;
  const plan = linesPlan(host.clientWidth, picture);
  const height = plan.top + plan.pitch * Math.max(rows.units.length, columns.units.length) + 8;
  const root = sheet(plan.width, height + LEGEND_HEIGHT + 8, looks);
  const strands = svg("g", { fill: "none" });
  const left = rows.units.map((unit, i) => sideLabel(picture, plan, "query", unit, i));
  const right = columns.units.map((unit, i) => sideLabel(picture, plan, "key", unit, i));
  const heading = { "font-size": 11, fill: looks.quiet };
  root.append(
    strands,
    words(plan.x1 - 8, 12, "looks", { ...heading, "text-anchor": "end" }),
    words(plan.x2 + 8, 12, "is looked at", heading),
    svg(
      "g",
      { class: "tokens", role: "group", "aria-label": "Tokens that look" },
      ...left.map((l) => l.group),
    ),
    svg(
      "g",
      { class: "tokens", role: "group", "aria-label": "Tokens that are looked at" },
      ...right.map((l) => l.group),
    ),
    strengths(picture, plan.x1, height),
  );
  host.replaceChildren(html("div", { class: "scroll" }, root));

  const drawn = strongest(picture);
  const paint = (focus) => {
    strands.replaceChildren(...strandsOf(picture, plan, drawn, focus));
    mark(picture, left, right, focus);
  };
  const resting = askedFocus(picture);
  paint(resting);
  for (const [side, labels] of [
    ["query", left],
    ["key", right],
  ])
    linesPointing(picture, side, labels, paint, resting);
  return { root, count: drawn.total, shown: Math.min(drawn.total, MOST_LINES) };
}

function linesPlan(room, { rows, columns }) {
  const most = Math.max(rows.units.length, columns.units.length);
  const pitch = most <= 40 ? 26 : most <= 120 ? 19 : 15;
  const size = pitch > 20 ? 14 : pitch > 16 ? 12.5 : 11;
  const widest = (units) => Math.max(40, ...units.map((unit) => widthOf(unit.label, size)));
  const width = Math.min(room, 820);
  const most1 = Math.min(COLUMN, width * 0.3);
  const x1 = Math.min(widest(rows.units), most1) + NUMBER_ROOM;
  const x2 = width - Math.min(widest(columns.units), most1) - NUMBER_ROOM;
  return { width, pitch, size, x1, x2, top: 22 };
}

/** The links at or over the threshold, strongest first, at most MOST_LINES of them. */
function strongest({ grid, state }) {
  const sizes = grid.values.map(Math.abs).sort();
  const least = Math.max(state.min, 1e-9);
  const total = sizes.length - sizes.findIndex((size) => size >= least);
  const cut = sizes.at(-1) < least ? Infinity : Math.max(least, sizes.at(-MOST_LINES) ?? 0);
  const links = [];
  grid.values.forEach((weight, i) => {
    if (Math.abs(weight) >= cut) links.push(i);
  });
  links.sort((a, b) => Math.abs(grid.values[b]) - Math.abs(grid.values[a]));
  return { total: cut === Infinity ? 0 : total, links: links.slice(0, MOST_LINES) };
}

/** The lines to draw; a focus leaves only its own, all of them that pass the threshold. */
function strandsOf(picture, plan, { links }, focus) {
  const { grid, state } = picture;
  const chosen = focus ? linksOf(grid, state, focus) : links;
  const { x1, x2, top, pitch } = plan;
  const middle = (x1 + x2) / 2;
  // The weakest first, so that the strong ones lie on top.
  return [...chosen].reverse().map((i) => {
    const y1 = top + (Math.floor(i / grid.width) + 0.5) * pitch;
    const y2 = top + ((i % grid.width) + 0.5) * pitch;
    const t = picture.strength(grid.values[i]);
    const { warm, accent } = picture.looks;
    const isWarm = picture.signed ? grid.values[i] > 0 : focus?.side === "key";
    return svg("path", {
      d: `M${x1},${y1}C${middle},${y1} ${middle},${y2} ${x2},${y2}`,
      stroke: isWarm ? warm : accent,
      ...strokeOf(t),
    });
  });
}

const strokeOf = (t) => ({
  "stroke-opacity": Math.max(0.04, t * t).toFixed(3),
  "stroke-width": (0.75 + 3 * t).toFixed(2),
});

/** A line of each strength with its weight, as the legend. */
function strengths({ looks, strength, scale }, x, y) {
  const ticks = ticksOf(scale).slice(1);
  const samples = ticks.map((weight, i) => {
    const at = x + i * 74;
    const line = {
      x1: at,
      x2: at + 30,
      y1: y + 8,
      y2: y + 8,
      stroke: looks.accent,
      ...strokeOf(strength(weight)),
    };
    return [
      svg("line", line),
      words(at + 36, y + 12, short(weight), { "font-size": 10.5, fill: looks.quiet }),
    ];
  });
  return svg("g", {}, ...samples.flat());
}

function linksOf({ values, width, height }, { min }, { side, index }) {
  const places =
    side === "query"
      ? Array.from({ length: width }, (_, i) => index * width + i)
      : Array.from({ length: height }, (_, i) => i * width + index);
  const least = Math.max(min, 1e-9);
  return places
    .filter((i) => Math.abs(values[i]) >= least)
    .sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
}

function sideLabel({ looks, state }, { x1, x2, top, pitch, size, width }, side, unit, i) {
  const isQuery = side === "query";
  const y = top + i * pitch;
  const box = isQuery ? { x: 0, width: x1 } : { x: x2, width: width - x2 };
  const back = svg("rect", { ...box, y: y + 1, height: pitch - 2, rx: 4, fill: "transparent" });
  const text = words(
    isQuery ? x1 - 8 : x2 + 8,
    y + pitch / 2 + size * 0.35,
    shorten(unit.label, size, (isQuery ? x1 : width - x2) - NUMBER_ROOM + 8),
    {
      "font-size": size,
      "text-anchor": isQuery ? "end" : "start",
      fill: unit.special ? looks.quiet : looks.ink,
    },
  );
  const number = words(isQuery ? 4 : width - 4, y + pitch / 2 + 4, "", {
    "font-size": 11,
    "text-anchor": isQuery ? "start" : "end",
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
  return { unit, group, back, text, number };
}

/** The colour of a weight: of this table or, where there are losses, of the signed one. */
const shadeOf = (picture, weight, table) =>
  picture.signed ? picture.colour(weight) : pick(table, picture.strength(weight));

const weightOf = ({ grid }, focus, i) =>
  focus.side === "query"
    ? grid.values[focus.index * grid.width + i]
    : grid.values[i * grid.width + focus.index];

/** Shade the other column by the weights of the focus, and number what stands out. */
function mark(picture, left, right, focus) {
  const { looks, state } = picture;
  for (const [side, labels] of [
    ["query", left],
    ["key", right],
  ]) {
    labels.forEach(({ unit, back, text, number }, i) => {
      const own = focus && focus.side === side && focus.index === i;
      const facing = focus && focus.side !== side;
      const weight = facing ? weightOf(picture, focus, i) : 0;
      const shade =
        facing && Math.abs(weight) >= state.min
          ? shadeOf(picture, weight, focus.side === "key" ? looks.warmTable : looks.own)
          : null;
      back.setAttribute("fill", shade ? css(shade) : own ? looks.line : "transparent");
      text.setAttribute("fill", shade ? inkOn(shade) : unit.special ? looks.quiet : looks.ink);
      text.setAttribute("font-weight", own ? 700 : 400);
      number.textContent =
        shade && Math.abs(weight) >= 0.0095 ? weight.toFixed(2).replace("-", "−") : "";
      if (shade) number.setAttribute("fill", inkOn(shade));
    });
  }
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
  labels.forEach(({ unit, group, back }, index) => {
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
    group.addEventListener("pointerenter", () => point(false));
    group.addEventListener("pointerleave", leave);
    group.addEventListener("focus", () => point(true));
    group.addEventListener("blur", leave);
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
