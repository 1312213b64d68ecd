// Sentences about a picture: what it shows, what it leaves out, how exact it is.

const counted = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

function titleOf(state, heads, map) {
  const { heads: spec } = state;
  const name = (i) => shortName(i, map);
  if (heads.length === 1) return titleOfHead(heads[0], map);
  if (map.paths && !oneByOne(state, heads))
    return `${map.paths}, mean of ${counted(heads.length, "layer")}`;
  if (oneByOne(state, heads))
    return (map.paths ? `${map.paths} up to layers ` : "Heads ") + heads.map(name).join(", ");
  const only = map.layers.length === 1 && !map.picked && `${map.layers[0]}.*`;
  if (spec === "*" && !only) return `Mean of all ${heads.length} heads`;
  const [layer, head] = (spec === "*" ? only : spec).split(".");
  if (head === "*") return `Layer ${layer}, mean of ${counted(map.heads.length, "head")}`;
  if (layer === "*") return `Head ${head}, mean over ${counted(map.layers.length, "layer")}`;
  const named = spec.split(",");
  const some = named.slice(0, 6).join(", ") + (named.length > 6 ? ", …" : "");
  return `Mean of ${named.length} heads: ${some}`;
}

/** What must be said with every picture, so that nothing left out goes unseen. */
function notesOf({ state, map, heads, rows, columns, grid, apart, scale }) {
  const notes = [...contents.said.always];
  if (scale.clipped)
    notes.push(
      `Weights ${scale.signed ? "further from 0 than" : "above"} ${short(scale.high)} have the last colour` +
        (scale.low > 0 ? `, those below ${short(scale.low)} the first.` : "."),
    );
  if (columns.hidden.length || map.sinks || map.lacking) {
    const said = contents.said[map.sinks ? "sunk" : "hidden"];
    (apart ?? [grid]).forEach(({ hidden }, i) => {
      const of = apart ? `${titleOfHead(heads[i], map).replace("Head", "head")}: ` : "";
      const mean = hidden.reduce((sum, share) => sum + share, 0) / hidden.length;
      notes.push(of + said.replace("{share}", percent(mean)));
    });
  }
  const [below, all] = weightBelow(grid.values, state.min);
  if (below > 0)
    notes.push(
      `Weights under ${short(state.min)} are not drawn: ${percent(below / all)} of the weight shown.`,
    );
  if ([...rows.units, ...columns.units].some((unit) => unit.tokens.length > 1))
    notes.push(contents.said.merged);
  const units = new Set([...rows.units, ...columns.units].filter((unit) => unit.unknown));
  const unknown = [...new Set([...units].map((unit) => unit.text))];
  if (unknown.length)
    notes.push(contents.said.unknown.replace("{words}", () => some(unknown)));
  notes.push(...contents.inputs[state.input - 1].notes, precisionOf(map));
  return notes;
}

/** The first few names of a list. */
const some = (names) =>
  names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");

function weightBelow(values, least) {
  let below = 0;
  let all = 0;
  for (const value of values) {
    const weight = Math.abs(value);
    all += weight;
    if (weight < least) below += weight;
  }
  return [below, all || 1];
}

function precisionOf({ step }) {
  const within = short(step / 2);
  if (step <= 0.001)
    return `Each token’s weight is exact to three decimals (kept in steps of ${short(step)}).`;
  return `To keep this page small, each token’s weight is kept in steps of ${short(step)}, within ${within} of the document’s.`;
}
