// A walk: which step is on the screen, the arrow keys between steps, and the key that is looked at.

const screens = [...document.querySelectorAll(".step")];
const links = [...document.querySelectorAll(".ledger a")];
const PATIENCE = 900; // milliseconds that gliding to a step takes at most
let current = -1;
let wanted = null; // the step that the page is gliding to
let arrival;

/** The step that the upper part of the window shows. */
function shownStep() {
  const line = innerHeight * 0.38;
  const at = screens.findIndex((screen) => screen.getBoundingClientRect().bottom > line);
  return at < 0 ? screens.length - 1 : at;
}

function markStep() {
  const now = shownStep();
  if (now === current) return;
  current = now;
  links.forEach((link, i) => {
    if (i === now) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  });
  const list = links[now].closest("nav");
  const [link, box] = [links[now].getBoundingClientRect(), list.getBoundingClientRect()];
  if (link.top < box.top || link.bottom > box.bottom) list.scrollTop += link.top - box.top - 60;
  if (link.left < box.left || link.right > box.right) list.scrollLeft += link.left - box.left - 60;
}

/** Go to a step without moving what is around the page, as a notebook. */
function goTo(number) {
  const at = Math.min(Math.max(number, 0), screens.length - 1);
  wanted = at;
  clearTimeout(arrival);
  arrival = setTimeout(arrive, PATIENCE);
  const room = parseFloat(getComputedStyle(screens[at]).scrollMarginTop);
  scrollTo({ top: scrollY + screens[at].getBoundingClientRect().top - room });
  try {
    history.replaceState(null, "", `#${screens[at].id}`);
  } catch {
    // A frame of a notebook has no address of its own.
  }
}

function arrive() {
  wanted = null;
  markStep();
}

function follow(event) {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  goTo(screens.findIndex((screen) => `#${screen.id}` === link.getAttribute("href")));
}

function turn(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  event.preventDefault();
  goTo((wanted ?? shownStep()) + by);
}

/** Look at another key: its row in every table, and the products that made its score. */
function choose(key) {
  for (const row of document.querySelectorAll("tr.key")) {
    const chosen = row.dataset.key === key;
    row.classList.toggle("at", chosen);
    row.querySelector("button").setAttribute("aria-pressed", `${chosen}`);
  }
  for (const panel of document.querySelectorAll("[data-panel]")) {
    panel.hidden = panel.dataset.panel !== key;
    if (!panel.hidden) byId("say").textContent = panel.querySelector("h3").textContent;
  }
}

/** The number under the pointer in a picture of a vector. */
function point(event) {
  const tip = byId("tip");
  const picture = event.target.closest?.("svg[data-values]");
  tip.hidden = !picture;
  if (!picture) return;
  picture.told ??= picture.dataset.values.split(" ");
  const box = picture.getBoundingClientRect();
  const share = (event.clientX - box.left) / box.width;
  const at = Math.min(Math.max(Math.floor(share * picture.told.length), 0), picture.told.length - 1);
  const step = Number(picture.dataset.step);
  const place = step > 1 ? `largest of ${at * step} to ${(at + 1) * step - 1}` : `at ${at}`;
  tip.replaceChildren(
    html("div", { class: "number" }, picture.told[at]),
    html("div", { class: "quiet" }, place),
  );
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  setStyle(tip, { left: `${Math.max(left, 8)}px`, top: `${event.clientY + 16}px` });
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function changeTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  byId("theme").setAttribute("aria-pressed", `${isDark()}`);
}

for (const table of document.querySelectorAll("table.keys")) {
  const buttons = [...table.querySelectorAll("button")];
  if (buttons.length) roving(table, buttons, { columns: 1 });
}
const opened = document.querySelector("[data-panel]:not([hidden])");
if (opened) choose(opened.dataset.panel);
byId("say").textContent = "";
byId("theme").setAttribute("aria-pressed", `${isDark()}`);
byId("theme").addEventListener("click", changeTheme);
document.addEventListener("click", follow);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-key]");
  if (button) choose(button.dataset.key);
});
document.addEventListener("keydown", turn);
document.addEventListener("pointermove", point);
document.addEventListener("scroll", () => requestAnimationFrame(markStep), { passive: true });
document.addEventListener("scrollend", arrive);
addEventListener("resize", markStep);
markStep();
document.documentElement.dataset.stage = "complete";
