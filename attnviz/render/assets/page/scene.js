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

const LEGEND_WIDTH = 168;
const LEGEND_HEIGHT = 30;

/** The colour scale with its ticks, the same for every view. */
function legend(picture, x, y) {
  const { looks, strength, top, signed, state } = picture;
  const steps = 56;
  const left = (weight) => x + positionOn(weight, top, signed, strength) * LEGEND_WIDTH;
  const bars = Array.from({ length: steps }, (_, i) => {
    const weight = weightAt((i + 0.5) / steps, top, signed, state.scale);
    const width = LEGEND_WIDTH / steps;
    return svg("rect", {
      x: x + i * width,
      y,
      width: width + 0.4,
      height: 8,
      fill: css(picture.colour(weight)),
    });
  });
  const ticks = ticksOf(top, signed, state.scale).map((weight) =>
    words(left(weight), y + 21, short(weight), {
      "text-anchor": "middle",
      "font-size": 10.5,
      fill: looks.quiet,
    }),
  );
  const frame = svg("rect", {
    x,
    y,
    width: LEGEND_WIDTH,
    height: 8,
    fill: "none",
    stroke: looks.line,
  });
  return svg("g", { class: "legend" }, ...bars, frame, ...ticks);
}

const positionOn = (weight, top, signed, strength) =>
  signed ? 0.5 + (Math.sign(weight) * strength(weight)) / 2 : strength(weight);

function weightAt(position, top, signed, scale) {
  const t = signed ? 2 * position - 1 : position;
  return Math.sign(t) * (scale === "root" ? t * t : Math.abs(t)) * top;
}

function ticksOf(top, signed, scale) {
  const parts = scale === "root" ? [0, 0.05, 0.25, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  return signed ? [-top, 0, top] : parts.map((part) => part * top);
}

/** A number without needless zeros, for scales. */
const short = (value) => `${Number(value.toPrecision(2))}`.replace("-", "−");

/** A weight with three decimals or, where rounding left nothing of it, the most it can be. */
function numberText(value, step) {
  if (Math.abs(value) < step / 2 && step > 0.001) return `< ${short(step / 2)}`;
  return value.toFixed(3).replace("-", "−").replace("−0.000", "0.000");
}

function percent(share) {
  if (share > 0 && share < 0.005) return "under 1%";
  return share >= 0.995 && share < 1 ? "over 99%" : `${Math.round(share * 100)}%`;
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
