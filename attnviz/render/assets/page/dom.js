// Elements are made here and nowhere else: texts become text nodes, so no text can become markup.

const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);

/** An HTML element; `on…` are listeners, `style` holds properties, the rest are attributes. */
const html = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

/** An SVG element, made like an HTML one. */
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

function fill(element, attributes = {}, children = []) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") setStyle(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set properties one by one: the page's security policy refuses style attributes. */
function setStyle(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}

/**
 * Tell `point` when a pointer comes to an element or it gets the focus, then spoken, and `leave`
 * when that ends.
 */
function pointing(element, point, leave) {
  let here = false;
  // Entered is also what scrolls under a pointer that stands still, as after a click; and a finger
  // that moves scrolls.
  element.addEventListener("pointermove", (event) => {
    if (here || event.pointerType === "touch") return;
    here = true;
    point(false);
  });
  element.addEventListener("pointerleave", () => {
    if (here) leave();
    here = false;
  });
  element.addEventListener("focus", () => point(true));
  element.addEventListener("blur", leave);
}

/** Scroll to an element unless it is in sight, and what belongs to it too. */
function bringInto(element, ...others) {
  const hidden = [element, ...others].some((each) => {
    const { top, bottom } = each.getBoundingClientRect();
    return top < 0 || bottom > innerHeight;
  });
  if (hidden) element.scrollIntoView({ block: "center" });
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Where a key leads from `at` in a grid of this many columns, or null if it leads nowhere. */
function stepped(key, at, count, columns) {
  const row = Math.floor(at / columns);
  if (key === "Home") return row * columns;
  if (key === "End") return Math.min(count, (row + 1) * columns) - 1;
  const [down, right] = STEPS[key] ?? [0, 0];
  const column = (at % columns) + right;
  const next = (row + down) * columns + column;
  const inside = column >= 0 && column < columns && next >= 0 && next < count;
  return inside && next !== at ? next : null;
}

/** Let the arrow keys walk through items of which only one is in the tab order. */
function roving(container, items, { columns = items.length, start = 0 } = {}) {
  items.forEach((item, i) => item.setAttribute("tabindex", i === start ? 0 : -1));
  container.onkeydown = (event) => {
    const at = items.indexOf(document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = stepped(event.key, at, items.length, columns);
    if (to === null) return;
    event.preventDefault();
    items[at].setAttribute("tabindex", -1);
    items[to].setAttribute("tabindex", 0);
    items[to].focus();
  };
}
