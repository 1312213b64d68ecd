// What the reader has chosen; it reads and writes the page's address, so that a view can be linked.

const VIEWS = ["heads", "matrix", "lines", "ask"];
const OLD_VIEWS = { wall: "heads" }; // as addresses of version 1 call them
const CHOICES = {
  view: VIEWS,
  by: ["words", "tokens"],
  special: ["show", "hide"],
  scale: ["root", "linear", "fit"],
  mix: ["mean", "apart"],
  theme: ["light", "dark"],
};
const VIEWS_APART = ["matrix", "lines"];
const MOST_APART = 12; // heads that are shown one by one; of more, their mean
const FRAMED = window.parent !== window; // in a notebook, where the address is not ours

/** The state that these parameters ask for, with everything impossible replaced. */
function stateOf(parameters, contents) {
  const of = (name) => (CHOICES[name].includes(parameters[name]) ? parameters[name] : null);
  const number = Math.trunc(Number(parameters.input)) || 1;
  const input = Math.min(Math.max(number, 1), contents.inputs.length);
  const { maps } = contents.inputs[input - 1];
  const kinds = Object.keys(maps);
  const map = kinds.includes(parameters.map) ? parameters.map : preferred(kinds);
  const state = {
    input,
    map,
    view: OLD_VIEWS[parameters.view] ?? of("view"),
    heads: canonical(parameters.heads ?? "*", maps[map]),
    mix: of("mix") ?? "mean",
    off: offOf(parameters.off, maps[map]),
    by: of("by") ?? (hasWords(contents.inputs[input - 1]) ? "words" : "tokens"),
    special: of("special") ?? "show",
    min: Math.min(Math.max(Number(parameters.min) || 0, 0), 1),
    scale: of("scale") ?? "root",
    ...endsOf(parameters),
    palette: paletteNames(contents.palettes).includes(parameters.palette)
      ? parameters.palette
      : "ink",
    theme: of("theme"),
    at: null,
  };
  state.at = placeOf(parameters, state, contents);
  state.view ??= firstView(parameters, state, maps[map]);
  return state;
}

/** Of several heads in their own colours those that are switched off, as "3.1,2.4". */
const offOf = (text, map) =>
  namesOf(map)
    .filter((name) => (text ?? "").split(",").includes(name))
    .join(",");

/** Where the scale of colours is to end; null for an end that is left to it. */
function endsOf({ vmin, vmax }) {
  const end = (text) => (text === "" || !Number.isFinite(Number(text ?? NaN)) ? null : Number(text));
  const ends = { vmin: end(vmin), vmax: end(vmax) };
  return (ends.vmin ?? 0) < (ends.vmax ?? Infinity) ? ends : { vmin: null, vmax: null };
}

const hasWords = ({ source, target }) =>
  [...source, ...target].some(([, , , word]) => word !== null);

const preferred = (kinds) => (kinds.includes("cross") ? "cross" : kinds[0]);

function firstView(parameters, state, map) {
  if (state.at) return "ask";
  const many = map.layers.length * map.heads.length > 1;
  return many && (parameters.heads === undefined || state.heads === "*") ? "heads" : "matrix";
}

/**
 * The token asked about: `at=q5` is query token 5, `at=k5` key token 5, `word=it:2` a word, and
 * `who=it:2` one that is looked at.
 */
function placeOf({ at, word, who }, state, contents) {
  const sides = sidesOf(state, contents);
  const asked = /^([qk])(\d+)$/.exec(at ?? "");
  if (asked) {
    const side = asked[1] === "q" ? "query" : "key";
    const token = Number(asked[2]);
    return token < sides[side].length ? { side, token } : null;
  }
  const wanted = word || who;
  if (!wanted) return null;
  for (const side of word ? ["query", "key"] : ["key", "query"]) {
    const unit = findUnit(unitsOf(sides[side], state.by === "words"), wanted);
    if (unit) return { side, token: unit.tokens[0] };
  }
  return null;
}

/** The texts that the queries and the keys of the chosen map count; often one and the same. */
function sidesOf({ input, map }, contents) {
  const { source, target } = contents.inputs[input - 1];
  return {
    query: map !== "encoder" && target.length ? target : source,
    key: map === "decoder" && target.length ? target : source,
  };
}

/** The unit that is this word, as it is written or without its punctuation; `it:2` is the second. */
function findUnit(units, asked) {
  const bare = (text) => plainly(text).replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  const found = (word) =>
    [plainly, bare]
      .map((form) => units.filter((unit) => form(word) && form(unit.text) === form(word)))
      .find((places) => places.length) ?? [];
  const whole = found(asked);
  if (whole.length) return whole[0];
  const [, word, number] = /^(.+):(\d+)$/.exec(asked) ?? [];
  return word ? found(word)[number - 1] : undefined;
}

/** The places in a map of the heads that "3.1,3.2", "3.*", "*.1" or "*" name. */
function headsOf(text, map) {
  const parts = text.split(",").map((part) => (part === "*" ? "*.*" : part).trim().split("."));
  const fits = (wanted, own) => wanted === "*" || wanted === own;
  return namesOf(map).flatMap((name, i) => {
    const [layer, head] = name.split(".");
    return parts.some(([l, h]) => fits(l, layer) && fits(h, head)) ? [i] : [];
  });
}

/** The shortest way to name these heads; all of them where the text names none. */
function canonical(text, map) {
  const chosen = headsOf(text, map);
  const same = (shorter) => headsOf(shorter, map).join() === chosen.join();
  const whole = [...map.layers.map((l) => `${l}.*`), ...map.heads.map((h) => `*.${h}`)];
  const short = ["*", ...(map.picked ? [] : whole)];
  if (!chosen.length) return "*";
  if (chosen.length === 1) return nameOf(chosen[0], map);
  return short.find(same) ?? chosen.map((i) => nameOf(i, map)).join(",");
}

/** The name of a head by its place: single heads of several layers are picked and named. */
const nameOf = (i, { layers, heads, picked }) =>
  picked?.[i] ?? `${layers[Math.floor(i / heads.length)]}.${heads[i % heads.length]}`;

/** What each matrix of a map is: of paths, which go through all heads, that of a layer. */
const matrixNoun = (map) => (map.paths ? "layer" : "head");

/** What a head is called where there is little room: of paths, which have one, its layer. */
const shortName = (i, map) =>
  map.paths ? `${map.layers[Math.floor(i / map.heads.length)]}` : nameOf(i, map);

/** What a head is called in a sentence; paths go through all heads of the layers up to one. */
const titleOfHead = (i, map) =>
  map.paths
    ? `${map.paths} up to layer ${map.layers[Math.floor(i / map.heads.length)]}`
    : `Head ${nameOf(i, map)}`;

const namesOf = (map) =>
  map.picked ?? Array.from({ length: map.layers.length * map.heads.length }, (_, i) => nameOf(i, map));

/** Whether chosen heads are shown one by one and not as their mean. */
const oneByOne = ({ mix, view }, heads) =>
  mix === "apart" && VIEWS_APART.includes(view) && heads.length > 1 && heads.length <= MOST_APART;

/** The address of a state: only what differs from what the page would choose by itself. */
function addressOf(state, contents) {
  const plain = stateOf({ input: state.input, map: state.map, heads: state.heads }, contents);
  const parameters = new URLSearchParams();
  parameters.set("view", state.view);
  if (contents.inputs.length > 1) parameters.set("input", state.input);
  parameters.set("map", state.map);
  parameters.set("heads", state.heads);
  for (const name of ["mix", "off", "by", "special", "min", "scale", "vmin", "vmax", "palette", "theme"])
    if (state[name] !== null && state[name] !== plain[name]) parameters.set(name, state[name]);
  if (state.at) parameters.set("at", state.at.side[0] + state.at.token);
  return "#" + parameters.toString().replaceAll("%2C", ",").replaceAll("%2A", "*");
}

const parametersOf = (hash) => Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
