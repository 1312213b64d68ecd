// What an asked word looks at, what looks at it, and the heads in which it does so most.

const MOST_BARS = 8;
const MOST_HEADS = 5;

/** For each direction: the weights of the chosen heads, and the heads that say most. */
function answersOf(picture, focus) {
  return ["row", "column"]
    .filter((axis) => focus[axis] !== undefined)
    .map((axis) => {
      const line = lineOf(picture, focus, axis);
      return html(
        "div",
        { class: axis === "row" ? "looks" : "looked" },
        barsOf(picture, line),
        picture.weights.count > 1 ? tellingHeads(picture, line) : null,
      );
    });
}

/**
 * A row or a column of the grid: the focus, the others on it, and which of them make a link with it
 * (or, where none does so in any of these heads, all but the word itself).
 */
function lineOf(picture, focus, axis) {
  const { unit } = focus;
  const at = focus[axis];
  const { rows, columns, same } = picture;
  const looks = axis === "row";
  const others = (looks ? columns : rows).units.map((other, i) => {
    const [row, column] = looks ? [at, i] : [i, at];
    return { unit: other, row, column };
  });
  const { pairs, width } = picture.links();
  const counted = (heads) => {
    const tiles = picture.tiles();
    const none = heads.every((head) => tiles[head] && !(tiles[head].strengths[axis][at] > 0));
    return none
      ? others.filter((other) => !same || other.unit.index !== unit.index)
      : others.filter(({ row, column }) => pairs[row * width + column]);
  };
  return { unit, axis, at, looks, others, counted };
}

/** The strongest of the chosen heads' weights, what is marked among them by the rule of all media. */
function barsOf(picture, line) {
  const { grid, heads, state } = picture;
  const { unit, looks, others } = line;
  const value = ({ row, column }) => grid.values[row * grid.width + column];
  const over = (other) => Math.abs(value(other)) >= Math.max(state.min, 5e-4);
  const sorted = (some) => some.sort((a, b) => Math.abs(value(b)) - Math.abs(value(a)));
  const top = line.counted(heads).reduce((a, b) => (a && value(a) >= value(b) ? a : b), null);
  const best = sorted(others.filter(over)).slice(0, MOST_BARS);
  if (top && over(top) && !best.includes(top)) best.splice(-1, 1, top);
  const items = best.map((other) => barItem(picture, other, value(other), looks, other === top));
  const none = best.length ? null : html("p", { class: "quiet" }, "Nothing above the threshold.");
  const note = looks ? picture.hiddenText(line.at) : null;
  return html(
    "section",
    { class: "answer" },
    html("h3", {}, looks ? `“${unit.name}” looks at` : `looks at “${unit.name}”`),
    html("ol", { class: "bars" }, ...items),
    none,
    note ? html("p", { class: "quiet" }, note) : null,
  );
}

function barItem(picture, { unit, row, column }, weight, looks, marked) {
  const item = html(
    "li",
    { class: marked ? "strongest" : null },
    html("bdi", { class: "name" }, unit.name),
    html("span", {
      class: `bar ${weight < 0 || !looks ? "looked" : "looks"}`,
      style: { "--share": Math.min(Math.abs(weight) / picture.scale.high, 1) },
    }),
    html("span", { class: "number" }, picture.number(weight)),
  );
  const point = () => picture.point({ row, column, box: item.getBoundingClientRect() });
  pointing(item, point, () => picture.point(null));
  return item;
}

/** The single heads that say most about where the word looks, or about who looks at it, if any. */
function tellingHeads(picture, line) {
  const { said } = contents;
  const { name } = line.unit;
  const matrices = picture.map.paths ? "Layers" : "Heads";
  const { heads, particular } = particularHeads(picture, line);
  if (!heads.length) return null;
  const [heading, ranked, plain] = line.looks
    ? [`${matrices} that say most about “${name}”`, said.ranked, said.plain]
    : [`${matrices} where “${name}” is looked at most`, said.ranked_who, said.plain_who];
  const last = heads.at(-1).positional && !heads[0].positional ? said.behind : "";
  const ruled = ((particular ? ranked : plain) + last)
    .replace("Heads", matrices)
    .replace("{word}", () => name)
    .replace("{but}", picture.same ? said.but : "")
    .replace("{excluded}", said.excluded[picture.links().excluded]);
  const items = heads.map((each, i) => headItem(picture, line.axis, each, i === 0));
  const called = calledSentence(picture, heads.map(({ head }) => head));
  return html(
    "section",
    { class: "answer" },
    html("h3", {}, heading),
    html("ol", { class: "bars heads-list" }, ...items),
    html("p", { class: "quiet" }, ruled),
    called ? html("p", { class: "quiet" }, called) : null,
  );
}

function headItem(picture, axis, { head, unit, weight }, marked) {
  const name = nameOf(head, picture.map);
  const show = {
    onclick: () => picture.update({ heads: name }),
    "aria-label": `Show ${titleOfHead(head, picture.map).replace("Head", "head")} alone`,
  };
  return html(
    "li",
    { class: marked ? "strongest" : null },
    html(
      "button",
      { class: "head-link", type: "button", "data-key": `link${axis}${name}`, ...show },
      picture.map.paths ? `layer ${shortName(head, picture.map)}` : name,
    ),
    html("bdi", { class: "name" }, unit.name),
    html("span", { class: "number" }, picture.number(weight)),
  );
}

/**
 * The heads in which a line has most particular weight, the heaviest first, or where none has any
 * most of any weight; none before all are read.
 */
function particularHeads(picture, { axis, at, counted }) {
  const tiles = picture.tiles();
  const { weights, map, rows, columns } = picture;
  if (tiles.filter(Boolean).length < weights.count) return { heads: [], particular: true };
  const particular = tiles.some(({ strengths }) => strengths[axis][at] > 0);
  const others = counted([...tiles.keys()]);
  const heads = tiles.map(({ strengths, positional }, head) => {
    const top = { head, positional, weight: -1 };
    for (const { unit, row, column } of others) {
      const weight = folded(weights.levels[head], map, rows.members[row], columns.members[column]);
      if (weight > top.weight) Object.assign(top, { unit, weight });
    }
    return { ...top, strength: particular ? strengths[axis][at] : top.weight };
  });
  const telling = heads.filter(({ strength, unit }) => unit && strength > 0);
  return { heads: ranked(ranked(telling, "strength").slice(0, MOST_HEADS), "weight"), particular };
}

/** What lenses say of a word or, where none is asked about, of the pronouns. */
function claimsAbout({ state }, focus) {
  const { known } = contents.inputs[state.input - 1];
  if (known?.map !== state.map) return [];
  return known.claims
    .filter(([token, , pronoun]) => (focus ? focus.unit.tokens.includes(token) : pronoun))
    .map(([, parts]) =>
      html("p", {}, ...parts.map(([text, quoted]) => (quoted ? html("bdi", { class: "quoted" }, text) : text))),
    );
}

/** The first thing that each of some heads was found to do, as a sentence. */
function calledSentence({ state, map }, heads) {
  const { known } = contents.inputs[state.input - 1];
  if (known?.map !== state.map) return "";
  const names = heads.map((head) => nameOf(head, map)).filter((name) => known.called[name]);
  return names.length ? `Found to be: ${names.map((name) => `${name} ${known.called[name]}`).join(", ")}.` : "";
}

/** What a head was found to do, behind its name; nothing where nothing was. */
const foundOf = ({ input, map }, name) => {
  const { known } = contents.inputs[input - 1];
  return (known?.map === map && known.labels[name]) || null;
};
