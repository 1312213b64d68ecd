// The weights of a map: one compressed line for each head, decoded when first needed.

class Weights {
  constructor(map, element) {
    this.map = map;
    this.queries = map.queries.length;
    this.size = map.queries.length * map.keys.length;
    this.lines = element.textContent.split("\n");
    this.count = this.lines.length;
    this.levels = new Array(this.count); // of a head, key by key, once decoded
    this.pending = new Array(this.count);
    element.remove(); // the text would only stay in memory
  }

  /** Decode these heads, or find them decoded. */
  load(heads) {
    return Promise.all(heads.map((i) => (this.pending[i] ??= this.decode(i))));
  }

  async decode(i) {
    const packed = await inflate(fromBase85(this.lines[i]));
    this.levels[i] = unpack(packed, this.size, this.map.bits);
    this.lines[i] = null;
  }

  /** The mean of some heads as levels; one head is given as it is. */
  mean(heads) {
    if (heads.length === 1) return this.levels[heads[0]];
    const mean = new Float32Array(this.size);
    for (const head of heads) {
      const levels = this.levels[head];
      for (let i = 0; i < mean.length; i++) mean[i] += levels[i];
    }
    for (let i = 0; i < mean.length; i++) mean[i] /= heads.length;
    return mean;
  }
}

/** Four bytes from each five digits; a last group that is cut short stands for fewer bytes. */
function fromBase85(text) {
  const groups = Math.ceil(text.length / 5);
  const bytes = new DataView(new ArrayBuffer(groups * 4));
  for (let group = 0; group < groups; group++) {
    let word = 0;
    for (let i = 5 * group; i < 5 * group + 5; i++) word = word * 85 + digitAt(text, i);
    bytes.setUint32(4 * group, word);
  }
  return new Uint8Array(bytes.buffer, 0, 4 * groups - (5 * groups - text.length));
}

/** The digits are the characters from "(" to "~" without "<" and the backslash. */
function digitAt(text, i) {
  if (i >= text.length) return 84;
  const code = text.charCodeAt(i);
  return code - 40 - (code > 60) - (code > 92);
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Levels of 4 or 8 bits; the highest means that its excess follows at the end, low bytes first. */
function unpack(bytes, size, bits) {
  const short = bits === 8 ? bytes.subarray(0, size) : nibbles(bytes, size);
  const excess = bytes.subarray(bits === 8 ? size : Math.ceil(size / 2));
  if (!excess.length) return short;
  const most = 2 ** bits - 1;
  const long = excess.length / 2;
  const levels = Uint16Array.from(short);
  for (let i = 0, at = 0; at < long; i++) {
    if (levels[i] !== most) continue;
    levels[i] += excess[at] + 256 * excess[at + long];
    at++;
  }
  return levels;
}

function nibbles(bytes, size) {
  const values = new Uint8Array(size);
  for (let i = 0; i < size; i += 2) {
    const pair = bytes[i >> 1];
    values[i] = pair >> 4;
    values[i + 1] = pair & 15; // past the end of an odd number of values nothing is written
  }
  return values;
}
