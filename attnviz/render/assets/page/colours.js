// Colours: the palettes, the scale from weight to colour, and the page's own inks.

const PALETTES = {
  ink: {
    light: [
      "#ffffff",
      "#eeedfb",
      "#d3d0f6",
      "#ada7ee",
      "#847ce3",
      "#6055d5",
      "#453ab9",
      "#2f268c",
      "#1b155c",
    ],
    dark: [
      "#1b1a25",
      "#28244a",
      "#3a317d",
      "#5043b1",
      "#6b5fe0",
      "#8f87f2",
      "#b4aff9",
      "#d8d5fd",
      "#ffffff",
    ],
  },
  grey: {
    light: ["#ffffff", "#d9d9d9", "#b2b2b2", "#8c8c8c", "#666666", "#454545", "#262626", "#000000"],
    dark: ["#1b1a25", "#34333d", "#55545c", "#7a7980", "#a0a0a5", "#c8c8ca", "#ffffff"],
  },
  viridis: {
    both: [
      "#440154",
      "#482878",
      "#3e4989",
      "#31688e",
      "#26828e",
      "#1f9e89",
      "#35b779",
      "#6ece58",
      "#b5de2b",
      "#fde725",
    ],
  },
  cividis: {
    both: [
      "#00224e",
      "#123570",
      "#3b496c",
      "#575d6d",
      "#707173",
      "#8a8678",
      "#a59c74",
      "#c3b369",
      "#e1cc55",
      "#fee838",
    ],
  },
  magma: {
    both: [
      "#000004",
      "#180f3d",
      "#440f76",
      "#721f81",
      "#9e2f7f",
      "#cd4071",
      "#f1605d",
      "#fd9668",
      "#feca8d",
      "#fcfdbf",
    ],
  },
};

// The second colour, for who looks at a word, and for weights below zero.
const WARM = {
  light: [
    "#ffffff",
    "#fff0e3",
    "#fed9b7",
    "#fbb987",
    "#f39650",
    "#dc7024",
    "#b75212",
    "#8a3a0c",
    "#5c2508",
  ],
  dark: [
    "#1b1a25",
    "#3d2618",
    "#64371a",
    "#93501d",
    "#c46c26",
    "#ee8f3f",
    "#fbb274",
    "#fdd5ae",
    "#ffffff",
  ],
};

const LEVELS = 256;

/** A palette as a table of LEVELS colours [red, green, blue], from stops at equal distances. */
function tableOf(stops) {
  const rgb = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
  return Array.from({ length: LEVELS }, (_, i) => {
    const at = (i / (LEVELS - 1)) * (rgb.length - 1);
    const low = Math.min(Math.floor(at), rgb.length - 2);
    return rgb[low].map((from, c) => Math.round(from + (rgb[low + 1][c] - from) * (at - low)));
  });
}

const darkNow = (theme) =>
  theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

/** The inks of the page's style sheet and the tables of the chosen palette. */
function looksOf({ palette, theme }) {
  const mode = darkNow(theme) ? "dark" : "light";
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["paper", "card", "ink", "quiet", "line", "accent", "warm"];
  const stops = PALETTES[palette];
  return {
    ...Object.fromEntries(names.map((name) => [name, ink(name)])),
    table: tableOf(stops[mode] ?? stops.both),
    own: tableOf(PALETTES.ink[mode]),
    warmTable: tableOf(WARM[mode]),
  };
}

/** How strong a weight looks, 0 to 1, where `top` is the weight that looks strongest. */
const strengthOn = (scale, top) => (weight) => {
  const share = Math.min(Math.abs(weight) / top, 1);
  return scale === "root" ? Math.sqrt(share) : share;
};

const pick = (table, strength) => table[Math.round(strength * (LEVELS - 1))];

const css = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

/** Black or white, whichever reads better on a colour. */
function inkOn([red, green, blue]) {
  const linear = [red, green, blue].map((c) => (c / 255) ** 2.2);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.19
    ? "#15131d"
    : "#ffffff";
}
