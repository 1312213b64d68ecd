// Several heads side by side: a matrix of each, all on one scale and with one legend.

const NARROWEST_PANEL = 280; // pixels
const PANEL_GAP = 18;

function drawApart(host, picture) {
  const { apart, heads } = picture;
  const fitting = Math.floor((host.clientWidth + PANEL_GAP) / (NARROWEST_PANEL + PANEL_GAP));
  const across = Math.max(1, Math.min(heads.length, fitting));
  const panels = apart.map((grid, i) => panelOf(picture, grid, heads[i]));
  const grid = html("div", { class: "apart" }, ...panels.map(({ element }) => element));
  setStyle(grid, { "--across": across });
  const scale = sheet(LEGEND_WIDTH, LEGEND_HEIGHT, picture.looks, legend(picture, 4, 4));
  host.replaceChildren(grid, scale);
  for (const panel of panels)
    panel.view = drawMatrix(panel.host, panel.picture, 1, { legend: false });
  return { sheet: () => sheetOfPanels(panels, across, picture) };
}

/** One head as a picture of its own, and the elements that hold it. */
function panelOf(picture, grid, head) {
  const title = titleOfHead(head, picture.map);
  const own = { ...picture, apart: null, grid, heads: [head], title, panel: true };
  own.point = (what) => point(own, what);
  own.hiddenText = (row) => hiddenText(own, row);
  const host = html("div", {});
  const alone = { type: "button", class: "head-link", "data-key": `panel${title}` };
  const open = { ...alone, onclick: () => picture.update({ heads: nameOf(head, picture.map) }) };
  const heading = html("h3", {}, html("button", { ...open, title: "Show it alone" }, title));
  return { picture: own, host, element: html("section", {}, heading, host) };
}

/** All panels in one picture, to be saved: rows of them, each under its name, over the legend. */
function sheetOfPanels(panels, across, picture) {
  const [width, height] = ["width", "height"].map((side) =>
    Math.max(...panels.map(({ view }) => Number(view.root.getAttribute(side)))),
  );
  const top = 20;
  const rows = Math.ceil(panels.length / across);
  const root = sheet(
    across * (width + PANEL_GAP),
    rows * (height + top + PANEL_GAP) + LEGEND_HEIGHT,
    picture.looks,
  );
  panels.forEach(({ view, picture: { title } }, i) => {
    const x = (i % across) * (width + PANEL_GAP);
    const y = Math.floor(i / across) * (height + top + PANEL_GAP);
    const inner = view.root.cloneNode(true);
    fill(inner, { x, y: y + top });
    root.append(words(x, y + 13, title, { "font-weight": 600 }), inner);
  });
  root.append(legend(picture, 4, rows * (height + top + PANEL_GAP)));
  return root;
}
