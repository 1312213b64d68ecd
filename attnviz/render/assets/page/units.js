// Units are what the reader sees along an axis: the words or the tokens of a text.

const [AS_TOKEN, IN_WORD] = [1, 2]; // whether a token is a word by itself, or part of one

/** The units of a text, each with the tokens it is made of. */
function unitsOf(pieces, byWords) {
  const units = [];
  let last = null;
  pieces.forEach(([before, text, label, word, special, unknown, masked, letters], token) => {
    if (byWords && last && word !== null && !special && last.word === word) {
      last.tokens.push(token);
      last.text += before + text;
      last.unknown ||= unknown;
      last.masked &&= masked;
      return;
    }
    last = { index: units.length, tokens: [token], before, text, label, special, unknown, masked };
    last.word = special ? null : word;
    last.isWord = Boolean(letters & (byWords ? IN_WORD : AS_TOKEN));
    units.push(last);
  });
  for (const unit of units) {
    const lead = unit.text.length - unit.text.trimStart().length;
    unit.before += unit.text.slice(0, lead);
    unit.text = unit.text.slice(lead) || unit.label;
    const marks = (unit.unknown ? "(?)" : "") + (unit.masked ? "(masked)" : "");
    if (unit.word !== null && byWords) unit.label = unit.text + marks;
  }
  return units;
}

const plainly = (text) => text.normalize("NFC").trim().toUpperCase().toLowerCase(); // ß is ss

/** Name units apart, as questions do: the second "the" of a text is the:2. */
function nameApart(units) {
  const times = new Map();
  for (const unit of units) {
    const plain = plainly(unit.label);
    times.set(plain, (times.get(plain) ?? 0) + 1);
    unit.name = times.get(plain) > 1 ? `${unit.label}:${times.get(plain)}` : unit.label;
  }
}

/** The units along an axis whose entries are these tokens; hidden ones keep their places. */
function axisOf(units, tokens, showSpecial) {
  const place = new Map(tokens.map((token, i) => [token, i]));
  const axis = { units: [], members: [], hidden: [], at: new Map() };
  axis.rowOf = new Int32Array(tokens.length).fill(-1); // of each entry, and its share of that row
  axis.share = new Float64Array(tokens.length);
  for (const unit of units) {
    const members = unit.tokens.filter((token) => place.has(token)).map((t) => place.get(t));
    if (!members.length) continue;
    if (unit.special && !showSpecial) {
      axis.hidden.push(...members);
      continue;
    }
    for (const member of members) {
      axis.rowOf[member] = axis.units.length;
      axis.share[member] = 1 / members.length;
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
 * that are not shown, and to the heads' sinks of a model that has some.
 */
function fold(levels, map, rows, columns) {
  const width = columns.units.length;
  const height = rows.units.length;
  const values = foldInto(new Float32Array(height * width), columns.members, levels, map, rows);
  const hidden = map.sinks || map.lacking
    ? missing(values, height, width)
    : foldInto(new Float32Array(height), [columns.hidden], levels, map, rows);
  return { values, hidden, width, height };
}

/** What each row has less than 1. */
const missing = (values, height, width) =>
  Float32Array.from({ length: height }, (_, row) => {
    const shown = values.subarray(row * width, (row + 1) * width);
    return Math.max(0, 1 - shown.reduce((sum, value) => sum + value, 0));
  });

const BLOCK = 16; // columns at a time: levels lie by columns, values by rows

function foldInto(values, members, levels, { low, step }, { rowOf, share }) {
  const queries = rowOf.length;
  const sums = new Float64Array(queries * BLOCK); // over the keys of a unit: (query, column)
  for (let from = 0; from < members.length; from += BLOCK) {
    const block = members.slice(from, from + BLOCK);
    block.forEach((keys, column) => {
      for (let query = 0; query < queries; query++)
        sums[query * BLOCK + column] = low * keys.length;
      for (const key of keys)
        for (let query = 0; query < queries; query++)
          sums[query * BLOCK + column] += levels[key * queries + query];
    });
    for (let query = 0; query < queries; query++) {
      if (rowOf[query] < 0) continue;
      const to = rowOf[query] * members.length + from;
      const factor = share[query] * step;
      for (let column = 0; column < block.length; column++)
        values[to + column] += sums[query * BLOCK + column] * factor;
    }
  }
  return values;
}

/** The weight between one unit's queries and one unit's keys. */
function folded(levels, { queries, low, step }, rows, keys) {
  let sum = 0;
  for (const key of keys) for (const row of rows) sum += levels[key * queries.length + row];
  return ((sum + low * keys.length * rows.length) / rows.length) * step;
}
