// Colours: ready tables, one scale from weight to colour, and the ink that reads on them.

const LEVELS = 256;
const EQUAL_CONTRAST = 0.179; // the luminance on which black and white have the same contrast
const ROUNDED = 1e-3; // by which sums of weights may exceed 1
const PARTS = { root: [0, 0.05, 0.25, 0.5, 1], linear: [0, 0.25, 0.5, 0.75, 1] };
const SCALE_NAMES = { root: "square root", linear: "linear" };

/** The names of the palettes that a reader can choose; "warm" is only the other arm of some. */
const paletteNames = (tables) =>
  [...new Set(Object.keys(tables).map((key) => key.split(" ")[0]))].filter((n) => n !== "warm");

/** The colours [red, green, blue] of a palette on a ground, from no weight up. */
function tableOf(tables, palette, ground) {
  const bytes = atob(tables[`${palette} ${ground}`] ?? tables[palette]);
  const at = (i) => bytes.charCodeAt(i);
  return Array.from({ length: LEVELS }, (_, i) => [at(3 * i), at(3 * i + 1), at(3 * i + 2)]);
}

/** The colours around no weight: what is below in indigo, what is above in orange. */
function signedTableOf(tables, palette, ground) {
  if (palette === "grey") return tableOf(tables, palette, ground).reverse();
  const below = tableOf(tables, "ink", ground).filter((_, i) => i % 2);
  const above = tableOf(tables, "warm", ground).filter((_, i) => i % 2 === 0);
  return [...below.reverse(), ...above];
}

const darkNow = (theme) =>
  theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

/** The inks of the page's style sheet and the tables of the chosen palette. */
function looksOf({ palette, theme }, tables) {
  const ground = darkNow(theme) ? "dark" : "light";
  const style = getComputedStyle(document.documentElement);
  const ink = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["paper", "card", "ink", "quiet", "line", "accent", "warm"];
  return {
    ...Object.fromEntries(names.map((name) => [name, ink(name)])),
    table: tableOf(tables, palette, ground),
    signedTable: signedTableOf(tables, palette, ground),
    own: tableOf(tables, "ink", ground),
    warmTable: tableOf(tables, "warm", ground),
  };
}

/**
 * The scale that a reader chose, for weights between these: it ends at 0 and 1 (signed: at -1
 * and 1) unless the reader says where or asks for the largest weight.
 */
function scaleOf({ scale, vmin, vmax }, { lowest, highest }, signed) {
  const largest = Math.max(highest, -lowest);
  const usual = scale === "fit" || largest > 1 + ROUNDED ? largest || 1 : 1;
  const curve = scale === "root" ? "root" : "linear";
  let low = vmin ?? 0;
  let high = vmax ?? usual;
  let clipped;
  if (signed) {
    high = Math.max(high, -low);
    low = -high;
    clipped = largest > high + ROUNDED;
  } else {
    if (high <= low) high = low + 1;
    clipped = highest > high + ROUNDED || Boolean(vmin && lowest < low);
  }
  return { low, high, curve, signed, clipped };
}

/** How far along a scale a weight is, 0 to 1; a signed scale has no weight in its middle. */
function shareOn({ low, high, curve, signed }, weight) {
  const bend = (t) => (curve === "root" ? Math.sqrt(t) : t);
  if (signed) return (1 + Math.sign(weight) * bend(Math.min(Math.abs(weight) / high, 1))) / 2;
  return bend(Math.min(Math.max((weight - low) / (high - low), 0), 1));
}

/** How strong a weight looks, 0 to 1, whatever its sign. */
const strengthOn = (scale, weight) =>
  scale.signed ? Math.abs(2 * shareOn(scale, weight) - 1) : shareOn(scale, weight);

/** The row of the table that a share of the scale has. */
const levelOf = (share) => Math.floor(share * (LEVELS - 1) + 0.5);

const pick = (table, share) => table[levelOf(share)];

/** The weights to write beside a scale, lowest first. */
function ticksOf({ low, high, curve, signed }) {
  if (signed) return [-high, 0, high];
  return PARTS[curve].map((part) => low + part * (high - low));
}

const css = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

/** Whether white reads better than black on a colour, as WCAG measures it. */
function isDark(rgb) {
  const [red, green, blue] = rgb.map((c) =>
    c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < EQUAL_CONTRAST;
}

const inkOn = (rgb) => (isDark(rgb) ? "#ffffff" : "#000000");
