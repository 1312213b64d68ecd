// The head picker: a square for each head, which also shows how strong the pointed-out link is there.

function drawHeads(host, picture) {
  const { map, heads, weights, update, state } = picture;
  const chosen = new Set(heads);
  const row = (...cells) => html("div", { class: "row" }, ...cells);
  const button = (kind, text, spec, label) =>
    html(
      "button",
      {
        class: kind,
        type: "button",
        "aria-label": label,
        "aria-pressed": `${state.heads === spec}`,
        "data-key": `pick${spec}`,
        onclick: () => update({ heads: spec }),
      },
      text,
    );
  const all = button("all", "all", "*", map.paths ? "All layers" : "All heads");
  const top = [
    all,
    ...(map.paths ? [] : map.heads).map((h) => button("side", `${h}`, `*.${h}`, `Head ${h} of every layer`)),
  ];
  const squares = [];
  const rows = map.layers.map((layer, i) => {
    const cells = map.heads.map((_, j) => {
      const square = squareOf(picture, i * map.heads.length + j, chosen);
      squares.push(square);
      return square;
    });
    const whole = () => button("side", `${layer}`, `${layer}.*`, map.paths ? `${map.paths} up to layer ${layer}` : `Layer ${layer}, mean of its heads`);
    return [map.picked ? all : whole(), ...cells];
  });
  const drawn = map.picked ? rows : [top, ...rows];
  const grid = html(
    "div",
    { class: "picker", role: "group", "aria-label": `Choose ${matrixNoun(map)}s` },
    ...drawn.map((cells) => row(...cells)),
  );
  const most = map.picked ? 44 : 26;
  const size = Math.min(Math.max(Math.floor(232 / (map.heads.length + 1)), 13), most);
  setStyle(grid, { "--size": `${size}px`, "--columns": map.heads.length });
  host.replaceChildren(grid);
  const first =
    heads.length === weights.count
      ? 0
      : (Math.floor(heads[0] / map.heads.length) + drawn.length - rows.length) *
          (map.heads.length + 1) +
        (heads[0] % map.heads.length) +
        1;
  roving(grid, drawn.flat(), { columns: map.heads.length + 1, start: first });
  return {
    show: (head, tile) => setStyle(squares[head], { "background-image": `url("${tile.url}")` }),
    heat: (link) => heatSquares(picture, squares, link),
  };
}

function squareOf(picture, head, chosen) {
  const { map, update, weights, state } = picture;
  const name = nameOf(head, map);
  const pressed = chosen.has(head) && chosen.size < weights.count;
  const toggle = () => {
    const before = chosen.size === weights.count ? [] : [...chosen];
    const next = before.includes(head) ? before.filter((i) => i !== head) : [...before, head];
    update({ heads: canonical(next.map((i) => nameOf(i, map)).join(","), map) });
  };
  const choose = (event) =>
    event.shiftKey || event.ctrlKey || event.metaKey ? toggle() : update({ heads: name });
  return html("button", {
    class: "square",
    type: "button",
    "aria-label": titleOfHead(head, map),
    "aria-pressed": `${pressed}`,
    "data-key": `pick${name}`,
    title: [name, foundOf(state, name)].filter(Boolean).join(": "),
    onclick: choose,
    onkeydown: (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      toggle();
    },
    onkeyup: (event) => event.key === " " && event.preventDefault(), // else it is a click as well
  }, map.picked ? html("span", { class: "chip" }, name) : null);
}

/** Colour every square by the weight of one link in its head, or show the heads again. */
function heatSquares({ weights, map, rows, columns, colour }, squares, link) {
  squares.forEach((square, head) => {
    const levels = weights.levels[head];
    const heat =
      link && levels
        ? folded(levels, map, rows.members[link.row], columns.members[link.column])
        : null;
    setStyle(square, { "background-color": heat === null ? "" : css(colour(heat)) });
    square.classList.toggle("heat", heat !== null);
  });
}
