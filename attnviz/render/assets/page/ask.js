// Ask: the sentence itself; a word shows where it looks and who looks at it.

const MOST_BARS = 8;
const THICKEST_BAR = 7; // pixels under a word that is looked at with a weight of 1

function drawAsk(host, picture) {
  const { state, looks } = picture;
  const asked = askedUnit(picture);
  const parts = sentencesOf(picture).map((sentence) => sentenceOf(picture, sentence));
  const key = html(
    "p",
    { class: "key" },
    html("span", { class: "swatch looks" }),
    asked ? `where “${asked.unit.label}” looks` : "where the word looks",
    html("span", { class: "swatch looked" }),
    asked ? `who looks at “${asked.unit.label}”` : "who looks at it",
  );
  const hint = asked ? null : html("p", { class: "hint" }, "Choose a word: click it, or reach it with Tab and the arrow keys.");
  const lists = html("div", { class: "answers" });
  const sentences = html("div", { class: "sentences" }, ...parts.map((part) => part.element));
  host.replaceChildren(sentences, key, ...(hint ? [hint] : []), lists);

  const spans = parts.flatMap((part) => part.spans);
  const paint = (focus) => {
    shadeAll(picture, spans, focus);
    lists.replaceChildren(...(focus ? answersOf(picture, focus) : []));
  };
  paint(asked);
  askPointing(picture, spans, asked, paint);
  parts.forEach(({ element, spans: own }) => {
    const start = Math.max(0, own.findIndex((span) => asked && isSame(asked, span)));
    roving(element, own.map((span) => span.element), { start });
  });
  // The list of heads needs all of them, and this may be drawn before all are decoded.
  return { host, spans, complete: () => asked && lists.replaceChildren(...answersOf(picture, asked)) };
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
  const line = html("p", { class: units.length > 60 ? "sentence long" : "sentence", dir: "auto", role: "group", "aria-label": heading ?? "The text" });
  for (const unit of units) {
    if (unit.special && picture.state.special === "hide") continue;
    const element = html(
      "span",
      {
        class: unit.special ? "word special" : "word",
        role: "button",
        "aria-pressed": `${isAskedHere(picture, unit, side)}`,
        "data-key": `${side}${unit.tokens[0]}`,
      },
      html("bdi", {}, unit.text),
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
  const value = (r, c) => (r === undefined || c === undefined ? undefined : grid.values[r * grid.width + c]);
  return { to: value(focus.row, column), from: value(row, focus.column), row, column };
}

function shadeAll(picture, spans, focus) {
  const { looks, state, strength } = picture;
  for (const span of spans) {
    const { to, from } = focus ? between(picture, focus, span) : {};
    const over = (weight) => weight !== undefined && Math.abs(weight) >= Math.max(state.min, 5e-4);
    const fill = over(to) ? pick(to < 0 ? looks.warmTable : looks.own, strength(to)) : null;
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

/** The two lists beside each other, and the heads in which the word looks hardest. */
function answersOf(picture, focus) {
  const { columns, rows, grid, looks } = picture;
  const name = `“${focus.unit.label}”`;
  const lists = [];
  if (focus.row !== undefined) {
    const links = columns.units.map((unit, column) => ({ unit, row: focus.row, column, weight: grid.values[focus.row * grid.width + column] }));
    lists.push(barsOf(picture, `${name} looks at`, links, "looks", picture.hiddenText(focus.row)));
  }
  if (focus.column !== undefined) {
    const links = rows.units.map((unit, row) => ({ unit, row, column: focus.column, weight: grid.values[row * grid.width + focus.column] }));
    lists.push(barsOf(picture, `looks at ${name}`, links, "looked"));
  }
  if (picture.weights.count > 1) lists.push(tellingHeads(picture, focus));
  return lists;
}

function barsOf(picture, heading, links, kind, note) {
  const best = links
    .filter(({ weight }) => Math.abs(weight) >= Math.max(picture.state.min, 5e-4))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, MOST_BARS);
  const items = best.map(({ unit, row, column, weight }) => {
    const item = html(
      "li",
      {},
      html("bdi", { class: "name" }, unit.label),
      html("span", { class: `bar ${weight < 0 ? "looked" : kind}`, style: { "--share": Math.min(Math.abs(weight) / picture.top, 1) } }),
      html("span", { class: "number" }, picture.number(weight)),
    );
    item.addEventListener("pointerenter", () => picture.point({ row, column, box: item.getBoundingClientRect() }));
    item.addEventListener("pointerleave", () => picture.point(null));
    return item;
  });
  const none = best.length ? null : html("p", { class: "quiet" }, "Nothing above the threshold.");
  return html("section", { class: "answer" }, html("h3", {}, heading), html("ol", { class: "bars" }, ...items), none, note ? html("p", { class: "quiet" }, note) : null);
}

/** The single heads that link the word hardest with one other word. */
function tellingHeads(picture, focus) {
  const { weights, map } = picture;
  const looks = focus.row !== undefined;
  const best = [];
  weights.levels.forEach((levels, head) => {
    const top = { head, weight: 0 };
    for (const { unit, queries, keys } of linksWithOthers(picture, focus)) {
      const weight = folded(levels, map, queries, keys);
      if (weight > top.weight) Object.assign(top, { unit, weight });
    }
    if (top.unit) best.push(top);
  });
  best.sort((a, b) => b.weight - a.weight);
  const items = best.slice(0, MOST_BARS).map(({ head, unit, weight }) => {
    const name = nameOf(head, map);
    const show = { onclick: () => picture.update({ heads: name }), "aria-label": `Show head ${name} alone` };
    return html(
      "li",
      {},
      html("button", { class: "head-link", type: "button", "data-key": `link${name}`, ...show }, name),
      html("bdi", { class: "name" }, unit.label),
      html("span", { class: "number" }, picture.number(weight)),
    );
  });
  const how = looks ? "looks hardest" : "is looked at hardest";
  return html(
    "section",
    { class: "answer" },
    html("h3", {}, `Heads where “${focus.unit.label}” ${how}`),
    html("ol", { class: "bars heads-list" }, ...items),
    html("p", { class: "quiet" }, "By the largest weight between it and one other word, special tokens aside."),
  );
}

/** The words that the focus looks at or, where it only is looked at, those that look at it. */
function linksWithOthers({ rows, columns }, focus) {
  const looks = focus.row !== undefined;
  const axis = looks ? columns : rows;
  return axis.units
    .map((unit, i) => ({
      unit,
      queries: looks ? rows.members[focus.row] : rows.members[i],
      keys: looks ? columns.members[i] : columns.members[focus.column],
    }))
    .filter(({ unit }) => !unit.special && unit !== focus.unit);
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
    element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && point(false));
    element.addEventListener("pointerleave", leave);
    element.addEventListener("focus", () => point(true));
    element.addEventListener("blur", leave);
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

/** The sentence as a picture: the words where the browser has set them. */
function askSheet({ host, spans }, picture) {
  const { looks } = picture;
  const frame = host.getBoundingClientRect();
  const bottom = Math.max(...spans.map(({ element }) => element.getBoundingClientRect().bottom));
  const root = sheet(frame.width, bottom - frame.top + 24, looks);
  for (const { element, unit, shade } of spans) {
    const style = getComputedStyle(element);
    for (const box of element.getClientRects()) {
      const at = { x: box.left - frame.left, y: box.top - frame.top, width: box.width, height: box.height };
      if (shade.height) root.append(svg("rect", { ...at, height: box.height + shade.height, rx: 4, fill: looks.warm }));
      if (shade.fill || shade.height) root.append(svg("rect", { ...at, rx: 4, fill: shade.fill ?? looks.card }));
    }
    const box = element.getBoundingClientRect();
    const size = parseFloat(style.fontSize);
    root.append(
      words(box.left - frame.left + box.width / 2, box.top - frame.top + box.height / 2 + size * 0.34, unit.text, {
        "font-size": size,
        "font-family": style.fontFamily,
        "font-weight": style.fontWeight,
        "text-anchor": "middle",
        fill: style.color,
      }),
    );
  }
  return root;
}
