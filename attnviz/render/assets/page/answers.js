// What an asked word looks at, what looks at it, and the heads that do so most.

const MOST_BARS = 8;

/** The two lists beside each other, and the heads in which the word looks hardest. */
function answersOf(picture, focus) {
  const { columns, rows, grid } = picture;
  const name = `“${focus.unit.label}”`;
  const lists = [];
  if (focus.row !== undefined) {
    const links = columns.units.map((unit, column) => ({
      unit,
      row: focus.row,
      column,
      weight: grid.values[focus.row * grid.width + column],
    }));
    lists.push(barsOf(picture, `${name} looks at`, links, "looks", picture.hiddenText(focus.row)));
  }
  if (focus.column !== undefined) {
    const links = rows.units.map((unit, row) => ({
      unit,
      row,
      column: focus.column,
      weight: grid.values[row * grid.width + focus.column],
    }));
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
      html("span", {
        class: `bar ${weight < 0 ? "looked" : kind}`,
        style: { "--share": Math.min(Math.abs(weight) / picture.scale.high, 1) },
      }),
      html("span", { class: "number" }, picture.number(weight)),
    );
    item.addEventListener("pointerenter", () =>
      picture.point({ row, column, box: item.getBoundingClientRect() }),
    );
    item.addEventListener("pointerleave", () => picture.point(null));
    return item;
  });
  const none = best.length ? null : html("p", { class: "quiet" }, "Nothing above the threshold.");
  return html(
    "section",
    { class: "answer" },
    html("h3", {}, heading),
    html("ol", { class: "bars" }, ...items),
    none,
    note ? html("p", { class: "quiet" }, note) : null,
  );
}

const MOST_HEADS = 5;

const rankedBy = (picture, { label }) =>
  contents.said.ranked
    .replace("{word}", () => label)
    .replace("{excluded}", contents.said.excluded[picture.links().excluded]);

/** The single heads that say most about where the word looks, or that look at it hardest. */
function tellingHeads(picture, focus) {
  const looks = focus.row !== undefined;
  const best = looks ? particularHeads(picture, focus.row) : lookingHeads(picture, focus);
  const name = `“${focus.unit.label}”`;
  return html(
    "section",
    { class: "answer" },
    html("h3", {}, looks ? `Heads that say most about ${name}` : `Heads where ${name} is looked at hardest`),
    html("ol", { class: "bars heads-list" }, ...best.map((each) => headItem(picture, each))),
    html("p", { class: "quiet" }, looks ? rankedBy(picture, focus.unit) : "By the largest weight of one other word on it, special tokens aside."),
  );
}

function headItem(picture, { head, unit, weight }) {
  const name = nameOf(head, picture.map);
  const show = {
    onclick: () => picture.update({ heads: name }),
    "aria-label": `Show head ${name} alone`,
  };
  return html(
    "li",
    {},
    html(
      "button",
      { class: "head-link", type: "button", "data-key": `link${name}`, ...show },
      name,
    ),
    html("bdi", { class: "name" }, unit.label),
    html("span", { class: "number" }, picture.number(weight)),
  );
}

/** The heads in which a row has most particular weight, the heaviest first; none before all are read. */
function particularHeads(picture, row) {
  const tiles = picture.tiles();
  const { weights, map, rows, columns, same } = picture;
  if (tiles.filter(Boolean).length < weights.count) return [];
  const { pairs, width } = picture.links();
  const said = tiles.some(({ strengths }) => strengths[row] > 0);
  const counted = columns.units
    .map((unit, column) => ({ unit, column }))
    .filter(({ unit, column }) =>
      said ? pairs[row * width + column] : !same || unit.index !== rows.units[row].index,
    );
  const heads = tiles.map(({ strengths, positional }, head) => {
    const top = { head, positional, weight: -1 };
    for (const { unit, column } of counted) {
      const weight = folded(weights.levels[head], map, rows.members[row], columns.members[column]);
      if (weight > top.weight) Object.assign(top, { unit, weight });
    }
    return { ...top, strength: said ? strengths[row] : top.weight };
  });
  const telling = heads.filter(({ strength, unit }) => unit && strength > 0);
  return ranked(ranked(telling, "strength").slice(0, MOST_HEADS), "weight");
}

/** The heads in which one other word looks at the focus hardest. */
function lookingHeads({ weights, map, ...picture }, focus) {
  const others = linksWithOthers(picture, focus);
  const best = [];
  weights.levels.forEach((levels, head) => {
    const top = { head, weight: 0 };
    for (const { unit, queries, keys } of others) {
      const weight = folded(levels, map, queries, keys);
      if (weight > top.weight) Object.assign(top, { unit, weight });
    }
    if (top.unit) best.push(top);
  });
  return best.sort((a, b) => b.weight - a.weight).slice(0, MOST_HEADS);
}

/** The words that the focus looks at or, where it only is looked at, those that look at it. */
function linksWithOthers({ rows, columns, same }, focus) {
  const looks = focus.row !== undefined;
  const links = (looks ? columns : rows).units.map((unit, i) => ({
    unit,
    queries: looks ? rows.members[focus.row] : rows.members[i],
    keys: looks ? columns.members[i] : columns.members[focus.column],
  }));
  const apart = links.filter(({ unit }) => areApart(focus.unit, unit, same));
  return apart.length ? apart : links.filter(({ unit }) => unit !== focus.unit);
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

/** What a head was found to do, behind its name; nothing where nothing was. */
const foundOf = ({ input, map }, name) => {
  const { known } = contents.inputs[input - 1];
  return (known?.map === map && known.labels[name]) || null;
};
