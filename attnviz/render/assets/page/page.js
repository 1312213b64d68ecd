// The page itself: state in, pictures out.

const contents = JSON.parse(byId("contents").textContent);
const held = new Map(); // Weights of each map, made when first shown
const keptGrid = { key: "", grid: null };
const keptTiles = { key: "", tiles: [], links: null };
let state = addressedState();
let drawing = 0; // the number of the latest drawing; an older one that still waits gives up
let zoom = 1;
let lastAsked = ""; // for which view and word the page was drawn last
let saveable = null;

function addressed() {
  return FRAMED ? {} : parametersOf(location.hash);
}

/** What the address asks for, and of what it leaves open what the page opens at. */
function addressedState() {
  const given = addressed();
  const at = given.word || given.who ? {} : { at: contents.opening.at };
  return stateOf({ ...contents.opening, at: undefined, ...at, ...given }, contents);
}

function update(changes) {
  const elsewhere = "input" in changes || "map" in changes;
  if (elsewhere) zoom = 1;
  state = { ...state, ...changes, ...(elsewhere && { at: null }) };
  if (elsewhere) state = stateOf(state, contents); // what was chosen may not exist there
  if (!FRAMED) remember(Object.keys(changes).some((name) => UNDONE.includes(name)));
  draw();
}

const UNDONE = ["view", "heads", "at", "map", "input", "by", "mix", "off"]; // by the browser's Back

/** Write the state into the address; a step of the history only where it is worth going back to. */
function remember(step) {
  const address = addressOf(state, contents);
  if (address === location.hash) return;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

function weightsOf({ input, map }) {
  const maps = contents.inputs[input - 1].maps;
  const id = `weights-${input - 1}-${Object.keys(maps).indexOf(map)}`;
  if (!held.has(id)) held.set(id, new Weights(maps[map], byId(id)));
  return held.get(id);
}

/** Everything that a view needs, for the state as it is. */
async function pictureOf(state) {
  const weights = weightsOf(state);
  const { map } = weights;
  const heads = headsOf(state.heads, map);
  const all = state.view === "heads"; // which fills as its heads are decoded
  if (!all) await weights.load(heads);
  const axes = axesOf(state, map);
  const grid = all ? null : gridOf(state, weights, heads, axes);
  const apart = oneByOne(state, heads)
    ? heads.map((head) => fold(weights.levels[head], map, axes.rows, axes.columns))
    : null;
  const looks = looksOf(state, contents.palettes);
  const signed = map.low < 0;
  const picture = { state, weights, map, heads, ...axes, grid, apart, looks, signed, update };
  const shown = apart ? together(apart) : grid;
  setScale(picture, all ? { lowest: signed ? -map.top : 0, highest: map.top } : rangeOf(shown.values));
  return Object.assign(picture, {
    model: contents.inputs[state.input - 1].model,
    title: titleOf(state, heads, map),
    notes: all ? [] : notesOf({ ...picture, grid: shown }),
    number: (weight) => numberText(weight, map.step),
    hiddenText: (row) => (all ? null : hiddenText(picture, row)),
    ask: (side, unit) => update({ at: side && { side, token: unit.tokens[0] } }),
    point: (what) => point(picture, what),
    links: () => linksFor(picture),
    tiles: () => (keptTiles.key === tilesKey(state) ? keptTiles.tiles : []),
  });
}

/** How much of a row's weight goes to what is hidden; null where nothing is. */
const hiddenText = ({ columns, grid, map }, row) =>
  columns.hidden.length || map.sinks || map.lacking
    ? `${percent(grid.hidden[row])} of its weight goes to ${
        map.sinks ? "the heads' sinks or to" : ""
      } hidden special tokens.`.replace("  ", " ")
    : null;

/** Several grids as one, for what is said of all of them. */
const together = (grids) => ({
  values: Float32Array.from(grids.flatMap(({ values }) => [...values])),
});

/** The units along both axes of the map, as words or tokens, with or without special ones. */
function axesOf(state, map) {
  const sides = sidesOf(state, contents);
  const byWords = state.by === "words";
  const showSpecial = state.special === "show";
  const same = sides.query === sides.key && state.map !== "cross";
  const query = unitsOf(sides.query, byWords);
  const units = { query, key: same ? query : unitsOf(sides.key, byWords) };
  const rows = axisOf(units.query, map.queries, showSpecial);
  const columns = axisOf(units.key, map.keys, showSpecial);
  for (const axis of [columns, rows]) nameApart(axis.units);
  return { same, units, rows, columns };
}

/** The mean of the chosen heads between units, kept while only colours change. */
function gridOf({ input, map, heads: spec, by, special }, weights, heads, { rows, columns }) {
  const key = [input, map, spec, by, special].join();
  if (keptGrid.key !== key)
    Object.assign(keptGrid, { key, grid: fold(weights.mean(heads), weights.map, rows, columns) });
  return keptGrid.grid;
}

/** The lowest and the highest of some weights; 0 is always between them. */
function rangeOf(values) {
  let lowest = 0;
  let highest = 0;
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return { lowest, highest };
}

/** Set what colours mean, for weights between these. */
function setScale(picture, range) {
  const { state, looks, signed } = picture;
  const scale = scaleOf(state, range, signed);
  const table = signed ? looks.signedTable : looks.table;
  Object.assign(picture, {
    scale,
    table,
    strength: (weight) => strengthOn(scale, weight),
    colour: (weight) => pick(table, shareOn(scale, weight)),
  });
}

async function draw() {
  const number = ++drawing;
  document.documentElement.dataset.theme = state.theme ?? "";
  progress("drawing");
  drawControls();
  let picture;
  try {
    picture = await pictureOf(state);
    if (state.view === "heads" && state.scale === "fit") await fitGrid(picture, number);
  } catch (error) {
    byId("view").replaceChildren(html("p", { class: "failure" }, failure(error)));
    throw error;
  }
  if (number !== drawing) return;
  const focused = document.activeElement?.dataset.key;
  byId("stage").classList.toggle("wide", state.view === "heads" || picture.weights.count === 1);
  hideTip();
  byId("chosen").textContent = picture.title;
  const { count } = picture.weights;
  byId("caption").textContent =
    state.view === "heads" && count > 1 ? `All ${counted(count, matrixNoun(picture.map))}` : picture.title;
  picture.picker = drawHeads(byId("heads"), picture);
  heatCaption(picture, null);
  const asked = [state.view, state.input, state.map, JSON.stringify(state.at)].join();
  picture.moved = asked !== lastAsked;
  lastAsked = asked;
  width = innerWidth;
  const view = drawView(byId("view"), picture);
  showNotes(picture);
  document
    .querySelector(`[data-key="${CSS.escape(focused ?? "")}"]`)
    ?.focus({ preventScroll: true });
  progress("drawn");
  requestAnimationFrame(refit);
  await fillTiles(picture, number, [view.show, picture.picker.show]);
  if (number !== drawing) return;
  view.complete?.();
  progress("complete");
}

/** Tell whoever waits for the picture how far it is: drawing, drawn, complete. */
function progress(stage) {
  document.documentElement.dataset.stage = stage;
}

function failure(error) {
  if (typeof DecompressionStream === "undefined")
    return "This page needs a browser of 2023 or later: its data is compressed.";
  return `The data in this page cannot be read (${error.message}); write the page again.`;
}

function drawView(host, picture) {
  host.className = state.view === "heads" ? "grid" : state.view;
  byId("zoom").hidden = true;
  if (state.view === "heads") {
    const view = drawGrid(host, picture);
    saveable = () => [view.root, { ...picture, title: byId("caption").textContent }];
    return { ...view, complete: () => gridNotes(picture) };
  }
  if (picture.apart && state.view === "matrix") {
    const view = drawApart(host, picture);
    saveable = () => [view.sheet(), picture];
    return view;
  }
  if (state.view === "matrix") {
    const view = drawMatrix(host, picture, zoom);
    byId("zoom").hidden = !view.zoomable;
    saveable = () => [view.root, picture];
    if (view.thinned > 1)
      picture.notes.unshift(
        `One label in ${view.thinned} is written; pointing at a cell names it.`,
      );
    return view;
  }
  if (state.view === "lines") {
    const view = drawLines(host, picture);
    saveable = () => [view.root, picture];
    picture.notes.unshift(...view.notes);
    if (view.shown < view.count && !state.at)
      picture.notes.unshift(
        `Of ${view.count.toLocaleString("en")} lines the ${view.shown.toLocaleString("en")} strongest are drawn; pointing at a word draws all of its own.`,
      );
    return view;
  }
  const view = drawAsk(host, picture);
  saveable = () => [askSheet(host, picture), picture];
  return view;
}

/** What the grid leaves out is known when all its heads are. */
function gridNotes(picture) {
  const { weights } = picture;
  const all = { ...picture.state, heads: "*" };
  picture.grid = gridOf(all, weights, [...weights.levels.keys()], picture);
  picture.notes = notesOf({ ...picture, apart: null });
  if (Math.max(picture.grid.width, picture.grid.height) > MOST_PIXELS)
    picture.notes.unshift(
      "Each pixel of a small picture shows the strongest weight of the block it stands for.",
    );
  showNotes(picture);
}

function showNotes({ state, heads, map, notes, apart }) {
  const alone = heads.length === 1 || apart ? heads : [];
  const found = alone.map((head) => [head, foundOf(state, nameOf(head, map))]);
  const { weighting } = contents.inputs[state.input - 1];
  const said = [
    weighting,
    ...found.map(([head, what]) => what && `${titleOfHead(head, map)} was found to be: ${what}.`),
    ...notes,
  ].filter(Boolean);
  byId("notes").replaceChildren(...said.map((note) => html("li", {}, note)));
}

const TURN = 12; // milliseconds of work before the browser gets its turn

/** Make the small pictures of all heads, a few at a time, and hand each to those who show it. */
async function fillTiles(picture, number, shows) {
  const drawn = state.view === "heads" ? picture : withoutThreshold(picture);
  let since = performance.now();
  for (let head = 0; head < picture.weights.count; head++) {
    const tile = await tileFor(picture, head);
    if (number !== drawing) return;
    const painted = { ...tile, url: imageOf(drawn, tile.grid) };
    for (const show of shows) show?.(head, painted);
    if (performance.now() - since < TURN) continue;
    await new Promise((turn) => setTimeout(turn));
    since = performance.now();
  }
}

/** The picker's squares are signs for the heads: a threshold would leave them empty. */
const withoutThreshold = (picture) => ({ ...picture, state: { ...picture.state, min: 0 } });

/** What the small pictures depend on: all but colours and heads. */
const tilesKey = ({ input, map, by, special }) => [input, map, by, special].join();

/** The links between words, found once for all small pictures. */
function linksFor({ rows, columns, same, state }) {
  keptTiles.links ??= linksBetween({ rows, columns, same, map: state.map });
  return keptTiles.links;
}

/** The small picture of a head without its colours, made once for each way to see the tokens. */
async function tileFor(picture, head) {
  const key = tilesKey(picture.state);
  if (keptTiles.key !== key) Object.assign(keptTiles, { key, tiles: [], links: null });
  const { tiles } = keptTiles;
  if (!tiles[head]) {
    await picture.weights.load([head]);
    tiles[head] = smallPicture(picture, head);
  }
  return tiles[head];
}

/** On the fitted scale the grid's last colour is the largest weight of all heads. */
async function fitGrid(picture, number) {
  const ends = [];
  for (let head = 0; head < picture.weights.count && number === drawing; head++) {
    const { lowest, highest } = rangeOf((await tileFor(picture, head)).grid.values);
    ends.push(lowest, highest);
  }
  setScale(picture, rangeOf(ends));
}

addEventListener("hashchange", () => {
  state = addressedState();
  draw();
});

/** Draw again where the window is not as wide as when it was drawn, as while a notebook hid it. */
function refit() {
  if (width === innerWidth) return; // as when a phone's address bar comes and goes
  width = innerWidth;
  requestAnimationFrame(draw);
}

let width = innerWidth;
addEventListener("resize", refit);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
document.documentElement.toggleAttribute("data-framed", FRAMED);
bindControls();
draw();
