// A weight pointed at: its numbers beside it, and the same link in every head.

/** Point at a row, a column or both; `head` is one head, else the chosen ones are meant. */
function point(picture, what) {
  if (!what) {
    hideTip();
    picture.picker.heat(null);
    heatCaption(picture, null);
    return;
  }
  const { row, column } = what;
  const link = row !== undefined && column !== undefined;
  const lines = link ? linkLines(picture, what) : unitLines(picture, what);
  showTip(lines, what.box);
  if (what.spoken) say(lines.map(([, text]) => text).join("; "));
  picture.picker.heat(link ? what : null);
  heatCaption(picture, link ? linkName(picture, what) : null);
}

const linkName = ({ rows, columns }, { row, column }) =>
  `${isolated(rows.units[row].label)} → ${isolated(columns.units[column].label)}`;

/** A label that cannot change the direction of the text around it. */
const isolated = (text) => `\u2068${text}\u2069`;

function linkLines(picture, what) {
  const { heads, map, weights, rows, columns, grid, number } = picture;
  const { row, column, head, reverse } = what;
  const inHead = (i) => folded(weights.levels[i], map, rows.members[row], columns.members[column]);
  const value = head === undefined ? grid.values[row * grid.width + column] : inHead(head);
  const lines = [
    ["link", linkName(picture, what)],
    ["number", number(value)],
  ];
  if (picture.panel) lines.unshift(["quiet", picture.title]);
  if (head !== undefined)
    lines.unshift(["quiet", `${titleOfHead(head, map)}, strongest weight`]);
  else if (heads.length > 1) {
    const best = heads.reduce((most, i) =>
      Math.abs(inHead(i)) > Math.abs(inHead(most)) ? i : most,
    );
    lines.push([
      "quiet",
      `mean of ${heads.length} heads, most in ${nameOf(best, map)}: ${number(inHead(best))}`,
    ]);
  }
  if (what.tile) lines.push(...tileLines(picture, what.tile));
  if (reverse) {
    const back = grid.values[reverse.row * grid.width + reverse.column];
    lines.push(["quiet", `back: ${linkName(picture, reverse)} ${number(back)}`]);
  }
  const hidden = head === undefined && picture.hiddenText(row);
  if (hidden) lines.push(["quiet", `${isolated(rows.units[row].label)}: ${hidden}`]);
  return lines;
}

/** What else a small picture says: its head's link between words, and what explains the head. */
function tileLines(picture, { link, positional }) {
  const said = link
    ? `between words: ${linkName(picture, link)} ${picture.number(link.weight)}`
    : "no link between words beyond what distance and popular words explain";
  return [["quiet", said], ...(positional ? [["quiet", "Most words look as far: a positional head."]] : [])];
}

const MOST_TOLD = 8; // heads of several that are told of one by one

function unitLines(picture, { row, column }) {
  const { rows, columns, grid, number } = picture;
  const isRow = row !== undefined;
  const others = isRow ? columns.units : rows.units;
  const valueIn = ({ values, width }) => (i) =>
    isRow ? values[row * width + i] : values[i * width + column];
  const best = (of) =>
    others.map((_, i) => i).sort((a, b) => Math.abs(of(b)) - Math.abs(of(a)));
  const name = isolated((isRow ? rows.units[row] : columns.units[column]).label);
  const lines = [["link", isRow ? `${name} looks at` : `${name} is looked at by`]];
  if (picture.apart) {
    for (const { name: head, grid: own } of layersOf(picture).slice(0, MOST_TOLD)) {
      const value = valueIn(own);
      const [i] = best(value);
      lines.push(["quiet", `${head}: ${isolated(others[i].label)} ${number(value(i))}`]);
    }
    return lines;
  }
  const value = valueIn(grid);
  for (const i of best(value).slice(0, 3))
    lines.push(["quiet", `${isolated(others[i].label)} ${number(value(i))}`]);
  const hidden = isRow && picture.hiddenText(row);
  return hidden ? [...lines, ["quiet", hidden]] : lines;
}

function heatCaption({ map }, name) {
  const one = matrixNoun(map);
  const choose = `Click a ${one} to see it alone; Shift-click or Space adds it to others.`;
  const how = map.paths ? choose : `${choose} Numbers choose a whole layer or column.`;
  byId("heat").textContent = name ? `The squares show ${name} in each ${one}.` : how;
}
