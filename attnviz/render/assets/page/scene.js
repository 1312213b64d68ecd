// What all pictures share: measured text, thinned labels, the colour scale, a pointed-out weight.

const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', sans-serif";
const LABEL_ROOM = 12; // pixels from one label to the next

const ruler = document.createElement("canvas").getContext("2d");

function widthOf(text, size, family = FONT) {
  ruler.font = `${size}px ${family}`;
  return ruler.measureText(text).width;
}

/** Text cut with an ellipsis to fit a width. */
function shorten(text, size, width) {
  const letters = [...text.slice(0, Math.ceil(width))]; // no letter is narrower than a pixel
  if (letters.length === [...text].length && widthOf(text, size) <= width) return text;
  let [kept, over] = [1, letters.length + 1];
  while (over - kept > 1) {
    const middle = (kept + over) >> 1;
    if (widthOf(letters.slice(0, middle).join("") + "…", size) <= width) kept = middle;
    else over = middle;
  }
  return letters.slice(0, kept).join("") + "…";
}

/** Every how many labels one can be written, where they lie this far apart. */
const thinning = (pitch) => Math.max(1, Math.ceil(LABEL_ROOM / pitch));

/** The root of a picture that can be shown and saved alike. */
const sheet = (width, height, looks, ...children) =>
  svg(
    "svg",
    {
      width: Math.ceil(width),
      height: Math.ceil(height),
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      "font-family": FONT,
      "font-size": 13,
      fill: looks.ink,
    },
    ...children,
  );

const words = (x, y, text, attributes = {}) => svg("text", { x, y, ...attributes }, text);

const LEGEND_BAR = 168;
const LEGEND_WIDTH = 250; // with the name of the scale
const LEGEND_HEIGHT = 30;

/** The colour scale with its ticks and its name, the same for every view. */
function legend({ looks, scale, table }, x, y) {
  const steps = 56;
  const width = LEGEND_BAR / steps;
  const bars = Array.from({ length: steps }, (_, i) =>
    svg("rect", {
      x: x + i * width,
      y,
      width: width + 0.4,
      height: 8,
      fill: css(pick(table, i / (steps - 1))),
    }),
  );
  const quiet = { "font-size": 10.5, fill: looks.quiet };
  const ticks = ticksOf(scale).map((weight) =>
    words(x + shareOn(scale, weight) * LEGEND_BAR, y + 21, short(weight), {
      "text-anchor": "middle",
      ...quiet,
    }),
  );
  const frame = svg("rect", {
    x,
    y,
    width: LEGEND_BAR,
    height: 8,
    fill: "none",
    stroke: looks.line,
  });
  const name = words(x + LEGEND_BAR + 10, y + 8, SCALE_NAMES[scale.curve], quiet);
  return svg("g", { class: "legend" }, ...bars, frame, ...ticks, name);
}

const FINEST = 10; // decimals

/** A number in two digits without needless zeros, as it stands beside a scale: 0.25, 1, −0.5. */
function short(value) {
  const text = Number(value.toPrecision(2)).toFixed(FINEST).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text.replace("-", "−");
}

/** A weight with three decimals or, where rounding left nothing of it, the most it can be. */
function numberText(value, step) {
  if (Math.abs(value) < step / 2 && step > 0.001) return `< ${short(step / 2)}`;
  return value.toFixed(3).replace("-", "−").replace("−0.000", "0.000");
}

/** A share as people say it: never 0% or 100% of what is only nearly so. */
function percent(share) {
  if (share > 0 && share < 0.005) return "under 1%";
  if (share >= 0.995 && share < 1) return "over 99%";
  return `${Math.round(share * 100)}%`;
}

/** Show what is pointed at beside its place on the screen; `box` is a client rectangle. */
function showTip(lines, box) {
  const tip = byId("tip");
  tip.replaceChildren(
    ...lines.map(([kind, text]) => html("div", { class: kind, dir: "auto" }, text)),
  );
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(box.left + box.width / 2 - width / 2, 8), innerWidth - width - 8);
  const above = box.top - height - 10;
  const top = above > 8 ? above : Math.min(box.bottom + 14, innerHeight - height - 8);
  setStyle(tip, { left: `${left}px`, top: `${top}px` });
}

function hideTip() {
  byId("tip").hidden = true;
}

/** Say to a screen reader what the keyboard has reached. */
function say(text) {
  byId("say").textContent = text;
}
