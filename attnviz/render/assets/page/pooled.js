// A long text in blocks of tokens: all of it, and the weights around one pixel token by token.

const contents = JSON.parse(byId("contents").textContent);
const { starts, tokens, heads } = contents;
const ends = [...starts.slice(1), tokens.length];
const n = starts.length;
const lines = Object.fromEntries(
  ["pictures", "closeups"].map((name) => [name, byId(name).textContent.split("\n")]),
);
const AROUND = 192; // tokens that a close-up shows along a side at least, or one block
const EDGE = 960; // pixels of a canvas along a side
const state = { head: 0, row: 0, column: 0 };
const known = new Map(); // of a head: its picture and its close-ups

/** Halves from their high bytes and their low bytes. */
function halves(bytes) {
  const size = bytes.length / 2;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const high = bytes[i];
    const power = (high >> 2) & 31;
    const fraction = ((high & 3) * 256 + bytes[i + size]) / 1024;
    values[i] = power ? 2 ** (power - 15) * (1 + fraction) : 2 ** -14 * fraction;
  }
  return values;
}

async function read(line) {
  return line ? halves(await inflate(fromBase85(line))) : new Float32Array(0);
}

async function headOf(number) {
  if (known.has(number)) return known.get(number);
  const picture = await read(lines.pictures[number]);
  const weights = await read(lines.closeups[number]);
  const closeups = new Map();
  let at = 0;
  for (const [row, column] of contents.closeups[number]) {
    const size = lengthOf(row) * lengthOf(column);
    closeups.set(row * n + column, weights.subarray(at, at + size));
    at += size;
  }
  known.set(number, { picture, closeups });
  return known.get(number);
}

const lengthOf = (block) => ends[block] - starts[block];
const dark = matchMedia("(prefers-color-scheme: dark)");

function palette() {
  const text = atob(contents.palettes[dark.matches ? "dark" : "light"]);
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Draw weights (row, column) as square cells, by their square root up to the largest. */
function draw(canvas, weights, rows, columns, top) {
  const colours = palette();
  const last = colours.length / 3 - 1;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const level = Math.round(last * Math.sqrt(Math.min(1, weights[i] / top))) * 3;
    image.data.set([colours[level], colours[level + 1], colours[level + 2], 255], 4 * i);
  }
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The blocks that a close-up shows along one side, around a block. */
function around(block) {
  const count = Math.max(1, Math.round(AROUND / lengthOf(0)));
  const first = Math.max(0, Math.min(n - count, block - (count >> 1)));
  return { first, last: Math.min(n, first + count) };
}

/** The weights of a close-up, and which of its blocks are there at full resolution. */
function assemble({ picture, closeups }) {
  const rows = around(state.row);
  const columns = around(state.column);
  const height = ends[rows.last - 1] - starts[rows.first];
  const width = ends[columns.last - 1] - starts[columns.first];
  const weights = new Float32Array(height * width);
  const whole = [];
  for (let row = rows.first; row < rows.last; row++)
    for (let column = columns.first; column < columns.last; column++) {
      const found = closeups.get(row * n + column);
      const mean = picture[row * n + column] / lengthOf(column);
      if (found) whole.push([row, column]);
      for (let y = 0; y < lengthOf(row); y++)
        for (let x = 0; x < lengthOf(column); x++) {
          const place = starts[row] - starts[rows.first] + y;
          const across = starts[column] - starts[columns.first] + x;
          weights[place * width + across] = found ? found[y * lengthOf(column) + x] : mean;
        }
    }
  return { rows, columns, height, width, weights, whole };
}

let shown = null; // the close-up on the page

async function show() {
  const now = { ...state };
  document.documentElement.dataset.stage = "drawing";
  const head = await headOf(now.head);
  if (now.head !== state.head) return;
  shown = assemble(head);
  drawWhole(head);
  drawPart();
  tellPixel(state.row, state.column, head);
  document.documentElement.dataset.stage = "complete";
}

function drawWhole({ picture }) {
  const canvas = byId("whole");
  draw(canvas, picture, n, n, 1);
  const scale = Math.max(1, Math.floor(EDGE / n));
  enlarge(canvas, scale);
  const side = canvas.getContext("2d");
  side.strokeStyle = getComputedStyle(document.body).getPropertyValue("--warm");
  side.lineWidth = 2;
  const { rows, columns } = shown;
  const frame = [columns.first, rows.first, columns.last - columns.first, rows.last - rows.first];
  side.strokeRect(...frame.map((blocks) => blocks * scale));
}

function drawPart() {
  const canvas = byId("part");
  const { weights, height, width, rows, columns, whole } = shown;
  const top = weights.reduce((most, weight) => Math.max(most, weight), 1e-9);
  draw(canvas, weights, height, width, top);
  const scale = Math.max(1, Math.floor(EDGE / Math.max(height, width)));
  enlarge(canvas, scale);
  const side = canvas.getContext("2d");
  side.strokeStyle = getComputedStyle(document.body).getPropertyValue("--line");
  for (const [row, column] of whole) {
    const x = starts[column] - starts[columns.first];
    const y = starts[row] - starts[rows.first];
    side.strokeRect(x * scale, y * scale, lengthOf(column) * scale, lengthOf(row) * scale);
  }
  const of = (range) => `${starts[range.first]} to ${ends[range.last - 1] - 1}`;
  byId("near").textContent =
    `Close-up: queries ${of(rows)}, keys ${of(columns)}; the strongest colour is ${digits(top)}`;
}

/** Make each pixel of a canvas a square of so many. */
function enlarge(canvas, scale) {
  const small = document.createElement("canvas");
  small.width = canvas.width;
  small.height = canvas.height;
  small.getContext("2d").drawImage(canvas, 0, 0);
  canvas.width *= scale;
  canvas.height *= scale;
  const side = canvas.getContext("2d");
  side.imageSmoothingEnabled = false;
  side.drawImage(small, 0, 0, canvas.width, canvas.height);
}

const digits = (weight) => (weight >= 0.0001 || !weight ? +weight.toPrecision(2) : "under 0.0001");

function tellPixel(row, column, { picture, closeups }) {
  const of = (block) => `${starts[block]} to ${ends[block] - 1}, “${wordsOf(block)}”`;
  const full = closeups.has(row * n + column) ? "; at full resolution in the close-up" : "";
  byId("said").textContent =
    `Head ${heads[state.head]}: queries ${of(row)} → keys ${of(column)}: ` +
    `${digits(picture[row * n + column])}${full}`;
}

const wordsOf = (block) => tokens.slice(starts[block], Math.min(ends[block], starts[block] + 8)).join(" ");

/** The cell of a canvas that an event points at, of so many rows and columns. */
function cellAt(event, rows, columns) {
  const box = event.currentTarget.getBoundingClientRect();
  const at = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
  return {
    row: at((event.clientY - box.top) / box.height, rows),
    column: at((event.clientX - box.left) / box.width, columns),
  };
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

byId("head").replaceChildren(...heads.map((name, i) => new Option(name, i)));
byId("head").addEventListener("change", (event) => {
  state.head = Number(event.target.value);
  show();
});
byId("whole").addEventListener("click", (event) => {
  Object.assign(state, cellAt(event, n, n));
  show();
});
byId("whole").addEventListener("pointermove", async (event) => {
  const { row, column } = cellAt(event, n, n);
  tellPixel(row, column, await headOf(state.head));
});
byId("whole").addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  state.row = Math.max(0, Math.min(n - 1, state.row + move[0]));
  state.column = Math.max(0, Math.min(n - 1, state.column + move[1]));
  show();
});
byId("part").addEventListener("pointermove", (event) => {
  const { rows, columns, height, width, weights, whole } = shown;
  const { row, column } = cellAt(event, height, width);
  const query = starts[rows.first] + row;
  const key = starts[columns.first] + column;
  const full = whole.some(
    ([a, b]) => starts[a] <= query && query < ends[a] && starts[b] <= key && key < ends[b],
  );
  const weight = digits(weights[row * width + column]);
  byId("said").textContent =
    `${query} “${tokens[query]}” → ${key} “${tokens[key]}”: ` +
    (full ? weight : `${weight} is the mean of this block, which was not kept at full resolution`);
});
dark.addEventListener("change", show);

async function begin() {
  const { picture } = await headOf(0);
  const first = contents.closeups[0][0]; // the block with most weight
  if (first) [state.row, state.column] = first;
  else state.row = picture.length ? n - 1 : 0;
  show();
}

begin();
