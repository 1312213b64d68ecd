// The view of an asked word as a picture: everything where the browser has set it.

function askSheet(host, picture) {
  const { looks } = picture;
  const frame = host.getBoundingClientRect();
  const root = sheet(frame.width, frame.height, looks);
  const place = (box) => ({
    x: box.left - frame.left,
    y: box.top - frame.top,
    width: box.width,
    height: box.height,
  });
  const each = (selector, draw) => {
    for (const element of host.querySelectorAll(selector))
      root.append(...draw(element, getComputedStyle(element)));
  };
  each(".word", (element, style) =>
    [...element.getClientRects()].flatMap((box) => wordBoxes(place(box), style, looks)),
  );
  each(".swatch", (element, style) => [
    svg("rect", {
      ...place(element.getBoundingClientRect()),
      rx: 3,
      fill: swatchColour(style, looks),
    }),
  ]);
  each(".bar", (element) => barBoxes(element, place(element.getBoundingClientRect()), looks));
  each("bdi, h2, h3, .number, .quiet, .head-link, .key span:not(.swatch)", (element, style) =>
    textLines(element, style, place),
  );
  return root;
}

function wordBoxes(at, style, looks) {
  const under = parseFloat(/ (\S+)px 0px 0px/.exec(style.boxShadow)?.[1] ?? 0);
  const asked = style.outlineStyle === "solid";
  const fill = style.backgroundColor === "rgba(0, 0, 0, 0)" ? looks.card : style.backgroundColor;
  return [
    under ? svg("rect", { ...at, height: at.height + under, rx: 4, fill: looks.warm }) : null,
    svg("rect", {
      ...at,
      rx: 4,
      fill,
      ...(asked && { stroke: looks.accent, "stroke-width": 2.5 }),
    }),
  ].filter(Boolean);
}

const swatchColour = (style, looks) =>
  parseFloat(style.borderBottomWidth) > 0 ? looks.warm : looks.accent;

function barBoxes(element, at, looks) {
  const share = Number(element.style.getPropertyValue("--share"));
  const fill = element.classList.contains("looked") ? looks.warm : looks.accent;
  return [
    svg("rect", { ...at, rx: 3, fill: looks.line }),
    svg("rect", { ...at, width: at.width * share, rx: 3, fill }),
  ];
}

/** The text of an element, a line of it at a time. */
function textLines(element, style, place) {
  const size = parseFloat(style.fontSize);
  const attributes = {
    "font-size": size,
    "font-family": style.fontFamily,
    "font-weight": style.fontWeight,
    fill: style.color,
  };
  const cut = element.scrollWidth > element.clientWidth + 1 && style.textOverflow === "ellipsis";
  return linesOf(element).map(({ text: written, box: whole }) => {
    const box = cut ? element.getBoundingClientRect() : whole;
    const text = cut ? shorten(written, size, box.width) : written;
    const { x, y, width, height } = place(box);
    return words(x + width / 2, y + height / 2 + size * 0.34, text, {
      ...attributes,
      "text-anchor": "middle",
    });
  });
}

/** What stands on each line of an element, with its rectangle. */
function linesOf(element) {
  const range = document.createRange();
  const lines = [];
  for (const node of element.childNodes) {
    if (node.nodeType !== Node.TEXT_NODE) continue;
    let at = 0;
    for (const letter of lettersOf(node.data)) {
      range.setStart(node, at);
      range.setEnd(node, (at += letter.length));
      const box = range.getBoundingClientRect();
      if (!box.width) continue;
      const line = lines.at(-1);
      if (line && Math.abs(line.box.top - box.top) < 2) {
        line.text += letter;
        line.box = joined(line.box, box);
      } else lines.push({ text: letter, box });
    }
  }
  return lines;
}

/** What a reader takes for one letter each. */
const lettersOf = (text) =>
  Intl.Segmenter
    ? Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    : [...text];

function joined(a, b) {
  const [left, right] = [Math.min(a.left, b.left), Math.max(a.right, b.right)];
  const [top, bottom] = [Math.min(a.top, b.top), Math.max(a.bottom, b.bottom)];
  return new DOMRect(left, top, right - left, bottom - top);
}
