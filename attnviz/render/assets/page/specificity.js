// What is particular about a link, by the rule of attnviz/analysis/specificity.py: the weight that
// neither the word looked at nor the distance explains. A test compares the two.

const MOST_EXPLAINED = 0.5; // of the words, that may look as far without their head being positional
const FEWEST_WORDS = 4; // of fewer, more than half look as far by chance

/** Which pairs of a row and a column are links between two words, and what they are compared with. */
function linksBetween({ rows, columns, same, map: kind }) {
  const [height, width] = [rows.units.length, columns.units.length];
  const far = (row, column) => rows.units[row].index - columns.units[column].index;
  const pick = (counts) => {
    const pairs = new Uint8Array(height * width);
    rows.units.forEach((from, row) => {
      if (!from.isWord) return;
      columns.units.forEach((to, column) => {
        if (!to.isWord || !counts(far(row, column))) return;
        if (!same || from.word === null || from.word !== to.word) pairs[row * width + column] = 1;
      });
    });
    return pairs;
  };
  const ahead = (distance) => kind === "decoder" && distance < 0;
  let excluded = same ? 1 : 0; // the number of the words that say what does not count
  let pairs = pick((distance) => !same || (!ahead(distance) && Math.abs(distance) > 1));
  if (same && !pairs.includes(1)) {
    pairs = pick((distance) => !ahead(distance) && distance !== 0);
    excluded = 2;
  }
  const lowest = same && height && width ? far(0, width - 1) : 0;
  const line = (row, column) => far(row, column) - lowest;
  const links = { pairs, excluded, height, width, same, line, rows, columns };
  return Object.assign(links, countsOf(links));
}

/** How many pairs there are in each column and on each line of the same distance. */
function countsOf({ pairs, height, width, same, line }) {
  const perKey = new Float64Array(width);
  const perLine = new Float64Array(same && height ? line(height - 1, 0) + 1 : 0);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      if (!pairs[row * width + column]) continue;
      perKey[column]++;
      if (same) perLine[line(row, column)]++;
    }
  return { perKey, perLine };
}

/**
 * One head: its largest particular weight in each row and in each column, the link that has the
 * largest of all, its strongest weight on anything, and whether distance alone explains it.
 */
function headStatistics({ values }, links) {
  const { pairs, height, width, same, line, perKey, perLine } = links;
  const keys = new Float64Array(width);
  const lines = new Float64Array(perLine.length);
  for (let i = 0; i < pairs.length; i++) {
    if (!pairs[i]) continue;
    keys[i % width] += values[i];
    if (same) lines[line(Math.floor(i / width), i % width)] += values[i];
  }
  const strengths = { row: new Float32Array(height), column: new Float32Array(width) };
  let [link, most, peak] = [null, 0, null];
  for (let i = 0; i < values.length; i++) {
    const [row, column, weight] = [Math.floor(i / width), i % width, values[i]];
    if (!peak || Math.abs(weight) > Math.abs(peak.weight)) peak = { row, column, weight };
    if (!pairs[i]) continue;
    const usual = (sum, count) => (sum - weight) / Math.max(count - 1, 1);
    const at = same ? line(row, column) : 0;
    const part = Math.max(
      weight -
        Math.max(
          usual(keys[column], perKey[column]),
          same ? usual(lines[at], perLine[at]) : -Infinity,
        ),
      0,
    );
    strengths.row[row] = Math.max(strengths.row[row], part);
    strengths.column[column] = Math.max(strengths.column[column], part);
    if (part > most) [link, most] = [{ row, column, weight }, part];
  }
  return { strengths, link, peak, positional: same && isPositional(values, links) };
}

/** Whether more than half of the words give the largest weight on a word at the same distance. */
function isPositional(values, { width, line, rows, columns }) {
  const words = (units) => units.map((_, i) => i).filter((i) => units[i].isWord);
  const [from, to] = [words(rows.units), words(columns.units)];
  if (from.length < FEWEST_WORDS || !to.length) return false;
  const times = new Map();
  for (const row of from) {
    let top = to[0];
    for (const column of to)
      if (values[row * width + column] > values[row * width + top]) top = column;
    times.set(line(row, top), (times.get(line(row, top)) ?? 0) + 1);
  }
  return Math.max(...times.values()) > MOST_EXPLAINED * from.length;
}

/** The places of the strongest heads, those that distance alone explains after all others. */
const ranked = (heads, by) =>
  heads.sort((a, b) => Number(a.positional) - Number(b.positional) || b[by] - a[by]);
