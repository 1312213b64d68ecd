// The current view as a file: an SVG of its own with title and notes, or a PNG drawn from it.

const MARGIN = 24;
const NOTE = 12;
const PNG_SCALE = 2;
const LARGEST_SIDE = 16000; // of a canvas, in pixels

/** The view with what must be said about it, on the page's own ground. */
function sheetToSave(root, { title, notes, looks, model }) {
  const inner = root.cloneNode(true);
  for (const passing of inner.querySelectorAll(".passing")) passing.remove();
  for (const group of inner.querySelectorAll("[transform^='translate']")) {
    if (group.tagName === "g") group.removeAttribute("transform");
  }
  const width = Math.max(Number(root.getAttribute("width")), 320);
  const height = Number(root.getAttribute("height"));
  const lines = notes.flatMap((note) => wrapped(note, NOTE, width));
  inner.setAttribute("x", MARGIN);
  inner.setAttribute("y", MARGIN + 34);
  const whole = sheet(width + 2 * MARGIN, height + 2 * MARGIN + 48 + lines.length * 17, looks);
  whole.setAttribute("xmlns", SVG);
  whole.append(
    svg("rect", { width: "100%", height: "100%", fill: looks.card }),
    words(MARGIN, MARGIN + 14, shorten([title, model].filter(Boolean).join(" · "), 16, width), {
      "font-size": 16,
      "font-weight": 600,
    }),
    inner,
    ...lines.map((line, i) =>
      words(MARGIN, MARGIN + 34 + height + 22 + i * 17, line, {
        "font-size": NOTE,
        fill: looks.quiet,
      }),
    ),
  );
  return whole;
}

/** A sentence broken into lines of a width. */
function wrapped(text, size, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) && widthOf(longer, size) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

async function save(kind, root, picture) {
  const whole = sheetToSave(root, picture);
  const text = new XMLSerializer().serializeToString(whole);
  const blob =
    kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await toPng(whole, text);
  const link = html("a", {
    href: URL.createObjectURL(blob),
    download: `${fileName(picture)}.${kind}`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function toPng(whole, text) {
  const [width, height] = ["width", "height"].map((side) => Number(whole.getAttribute(side)));
  const scale = Math.min(PNG_SCALE, LARGEST_SIDE / Math.max(width, height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = html("canvas", {
    width: Math.round(width * scale),
    height: Math.round(height * scale),
  });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

const fileName = ({ state }) =>
  ["attention", state.view, state.map, state.view === "heads" ? "" : state.heads]
    .join("-")
    .replaceAll("*", "all")
    .replace(/[^\w.-]+/g, "-")
    .replace(/-+$/, "")
    .slice(0, 80);
