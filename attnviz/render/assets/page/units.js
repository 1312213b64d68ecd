// Units are what the reader sees along an axis: the words or the tokens of a text.

/** The units of a text, each with the tokens it is made of. */
function unitsOf(pieces, byWords) {
  const units = [];
  let last = null;
  pieces.forEach(([before, text, label, word, special], token) => {
    if (byWords && last && word !== null && !special && last.word === word) {
      last.tokens.push(token);
      last.text += before + text;
      return;
    }
    last = { index: units.length, tokens: [token], before, text, label, special };
    last.word = special ? null : word;
    units.push(last);
  });
  for (const unit of units) {
    unit.text ||= unit.label;
    if (unit.word !== null && byWords) unit.label = unit.text;
  }
  return units;
}

/** The units along an axis whose entries are these tokens; hidden ones keep their places. */
function axisOf(units, tokens, showSpecial) {
  const place = new Map(tokens.map((token, i) => [token, i]));
  const axis = { units: [], members: [], hidden: [], at: new Map(), plain: true };
  for (const unit of units) {
    const members = unit.tokens.filter((token) => place.has(token)).map((t) => place.get(t));
    if (!members.length) continue;
    if (unit.special && !showSpecial) {
      axis.hidden.push(...members);
      continue;
    }
    axis.at.set(unit.index, axis.units.length);
    axis.units.push(unit);
    axis.members.push(members);
  }
  return axis;
}

/**
 * Weights between units, row by row, from the levels of tokens: the sum over the keys of a unit,
 * the mean over its queries. Nothing is renormalised; `hidden` is what each row gives to the keys
 * that are not shown.
 */
function fold(levels, map, rows, columns) {
  const width = columns.units.length;
  const values = new Float32Array(rows.units.length * width);
  const hidden = new Float32Array(rows.units.length);
  columns.members.forEach((keys, column) => {
    rows.members.forEach((queries, row) => {
      values[row * width + column] = folded(levels, map, queries, keys);
    });
  });
  rows.members.forEach((queries, row) => {
    hidden[row] = folded(levels, map, queries, columns.hidden);
  });
  return { values, hidden, width, height: rows.units.length };
}

/** The weight between one unit's queries and one unit's keys. */
function folded(levels, { queries, low, step }, rows, keys) {
  let sum = 0;
  for (const key of keys) for (const row of rows) sum += levels[key * queries.length + row];
  return ((sum + low * keys.length * rows.length) / rows.length) * step;
}
