// Ask: the sentence itself; a word shows where it looks and who looks at it.

const LONG = 60; // units of a text, from where it is set smaller
const THICKEST_BAR = 7; // pixels under a word that is looked at with a weight of 1

function drawAsk(host, picture) {
  const asked = askedUnit(picture);
  const parts = sentencesOf(picture).map((sentence) => sentenceOf(picture, sentence));
  const key = html(
    "p",
    { class: "key" },
    html("span", { class: "swatch looks" }),
    html("span", {}, asked ? `where “${asked.unit.name}” looks` : "where the word looks"),
    html("span", { class: "swatch looked" }),
    html("span", {}, asked ? `who looks at “${asked.unit.name}”` : "who looks at it"),
  );
  const hint = asked
    ? null
    : html(
        "p",
        { class: "hint" },
        "Choose a word: click it, or reach it with Tab and the arrow keys.",
      );
  const lists = html("div", { class: "answers" });
  const sentences = html("div", { class: "sentences" }, ...parts.map((part) => part.element));
  const claims = html("div", { class: "claims", role: "status" });
  // Under a long text nobody would see the answer: it stands beside it, and stays in sight.
  const beside = parts.some(({ spans }) => spans.length > LONG);
  host.classList.toggle("beside", beside);
  host.replaceChildren(
    html("div", {}, sentences, ...(beside ? [key] : [claims, key, hint])),
    html("div", { class: "side" }, ...(beside ? [hint, claims] : []), lists),
  );

  const spans = parts.flatMap((part) => part.spans);
  const paint = (focus) => {
    shadeAll(picture, spans, focus);
    claims.replaceChildren(...claimsAbout(picture, focus));
    lists.replaceChildren(...(focus ? answersOf(picture, focus) : []));
  };
  paint(asked);
  askPointing(picture, spans, asked, paint);
  parts.forEach(({ element, spans: own }) => {
    const start = Math.max(
      0,
      own.findIndex((span) => asked && isSame(asked, span)),
    );
    roving(
      element,
      own.map((span) => span.element),
      { start },
    );
  });
  const chosen = asked && spans.find((span) => isSame(asked, span))?.element;
  if (chosen && picture.moved) bringInto(chosen);
  // The list of heads needs all of them, and this may be drawn before all are decoded.
  return { complete: () => asked && lists.replaceChildren(...answersOf(picture, asked)) };
}

/** One sentence where queries and keys are the same text, else the two of them. */
function sentencesOf({ same, units }) {
  if (same) return [{ side: "query", units: units.query, heading: null }];
  return [
    { side: "query", units: units.query, heading: "Looks" },
    { side: "key", units: units.key, heading: "Is looked at" },
  ];
}

function sentenceOf(picture, { side, units, heading }) {
  const spans = [];
  const line = html("p", {
    class: units.length > LONG ? "sentence long" : "sentence",
    dir: "auto",
    role: "group",
    "aria-label": heading ?? "The text",
  });
  for (const unit of units) {
    if (unit.special && picture.state.special === "hide") continue;
    const element = html(
      "bdi", // by itself: within another element, a line could break before it
      {
        class: unit.special ? "word special" : "word",
        role: "button",
        "aria-pressed": `${isAskedHere(picture, unit, side)}`,
        "data-key": `${side}${unit.tokens[0]}`,
      },
      unit.text,
    );
    spans.push({ side, unit, element });
    line.append(unit.before, element);
  }
  const element = heading ? html("section", {}, html("h2", {}, heading), line) : line;
  return { element, spans };
}

const isAskedHere = ({ state, same }, unit, side) =>
  state.at !== null && (same || state.at.side === side) && unit.tokens.includes(state.at.token);

const isSame = (focus, span) => focus.unit === span.unit && focus.side === span.side;

/** The word asked about as a focus: its unit, and its row and column where it has them. */
function askedUnit(picture) {
  const { state, same, units } = picture;
  if (!state.at) return null;
  const side = same ? "query" : state.at.side;
  const unit = units[side].find(({ tokens }) => tokens.includes(state.at.token));
  return unit && !(unit.special && state.special === "hide") ? focusOn(picture, unit, side) : null;
}

function focusOn({ same, rows, columns }, unit, side) {
  const row = side === "query" || same ? rows.at.get(unit.index) : undefined;
  const column = side === "key" || same ? columns.at.get(unit.index) : undefined;
  return { unit, side, row, column };
}

/** What a word gives the focus's unit and gets from it: {to, from}, each a weight or undefined. */
function between({ grid, rows, columns, same }, focus, { unit, side }) {
  const row = side === "query" || same ? rows.at.get(unit.index) : undefined;
  const column = side === "key" || same ? columns.at.get(unit.index) : undefined;
  const value = (r, c) =>
    r === undefined || c === undefined ? undefined : grid.values[r * grid.width + c];
  return { to: value(focus.row, column), from: value(row, focus.column), row, column };
}

function shadeAll(picture, spans, focus) {
  const { looks, state, strength } = picture;
  for (const span of spans) {
    const { to, from } = focus ? between(picture, focus, span) : {};
    const over = (weight) => weight !== undefined && Math.abs(weight) >= Math.max(state.min, 5e-4);
    const fill = over(to) ? shadeOf(picture, to, looks.own) : null;
    const height = over(from) ? THICKEST_BAR * strength(from) : 0;
    span.shade = { fill: fill && css(fill), height };
    span.element.classList.toggle("asked", Boolean(focus && isSame(focus, span)));
    setStyle(span.element, {
      "background-color": span.shade.fill ?? "transparent",
      color: fill ? inkOn(fill) : "",
      "box-shadow": height ? `0 ${height.toFixed(1)}px 0 ${looks.warm}` : "none",
    });
  }
}

function askPointing(picture, spans, asked, paint) {
  spans.forEach((span) => {
    const { element, unit, side } = span;
    const point = (spoken) => {
      const box = element.getBoundingClientRect();
      if (!asked) paint(focusOn(picture, unit, side));
      else if (!isSame(asked, span)) pointBetween(picture, asked, span, box, spoken);
    };
    const leave = () => {
      if (!asked) paint(null);
      picture.point(null);
    };
    const choose = () => picture.ask(asked && isSame(asked, span) ? null : side, unit);
    pointing(element, point, leave);
    element.addEventListener("click", choose);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
  });
}

/** Point at the link from the asked word to another, or else at the link back. */
function pointBetween(picture, asked, span, box, spoken) {
  const { row, column } = between(picture, asked, span);
  const there = asked.row !== undefined && column !== undefined;
  const back = row !== undefined && asked.column !== undefined;
  const main = there ? { row: asked.row, column } : back ? { row, column: asked.column } : null;
  if (!main) return;
  const reverse = there && back ? { row, column: asked.column } : null;
  picture.point({ ...main, reverse, box, spoken });
}
