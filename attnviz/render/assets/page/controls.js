// The controls: what they show of the state, and what they change in it.

const SLIDER = 100; // the threshold's slider moves by roots, since most weights are small

function bindControls() {
  byId("palette").append(
    ...paletteNames(contents.palettes).map((name) => html("option", { value: name }, name)),
  );
  byId("input").append(
    ...contents.inputs.map(({ source }, i) =>
      html(
        "option",
        { value: i + 1 },
        shorten(`${i + 1}: ${written(source.slice(0, 60))}`, 13, 260),
      ),
    ),
  );
  byId("title").textContent = contents.title;
  document.title = contents.title;
  const on = (id, event, change) =>
    byId(id).addEventListener(event, ({ target }) => update(change(target)));
  on("input", "change", ({ value }) => ({ input: Number(value) }));
  on("map", "change", ({ value }) => ({ map: value }));
  on("by", "change", ({ value }) => ({ by: value }));
  on("mix", "change", ({ value }) => ({ mix: value }));
  on("special", "change", ({ checked }) => ({ special: checked ? "show" : "hide" }));
  on("min", "input", ({ value }) => ({ min: Number(((value / SLIDER) ** 2).toFixed(4)) }));
  on("scale", "change", ({ value }) => ({ scale: value }));
  for (const end of ["vmin", "vmax"])
    on(end, "change", ({ value }) => endsOf({ ...state, [end]: value }));
  on("palette", "change", ({ value }) => ({ palette: value }));
  on("theme", "click", () => ({ theme: darkNow(state.theme) ? "light" : "dark" }));
  for (const view of VIEWS) on(`tab-${view}`, "click", () => ({ view }));
  roving(
    byId("views"),
    VIEWS.map((view) => byId(`tab-${view}`)),
  );
  byId("zoom-in").addEventListener("click", () => zoomBy(2));
  byId("zoom-out").addEventListener("click", () => zoomBy(0.5));
  for (const kind of ["svg", "png"])
    byId(`save-${kind}`).addEventListener("click", () => save(kind, ...saveable()));
}

const written = (pieces) =>
  pieces
    .map(([before, text, , , special]) => (special ? "" : before + text))
    .join("")
    .trim();

function zoomBy(factor) {
  zoom = Math.min(Math.max(zoom * factor, 1), 64);
  draw();
}

function drawControls() {
  const { maps, model, type } = contents.inputs[state.input - 1];
  const map = maps[state.map];
  const kinds = Object.keys(maps);
  byId("inputs").hidden = contents.inputs.length < 2;
  byId("input").value = state.input;
  byId("model").textContent = [
    model + (type ? ` (${type})` : ""),
    map.picked
      ? `heads ${map.picked.slice(0, 8).join(", ")}${map.picked.length > 8 ? ", …" : ""}`
      : counted(map.layers.length, "layer") +
        (map.paths ? "" : ` × ${counted(map.heads.length, "head")}`),
    map.queries.length === map.keys.length
      ? counted(map.keys.length, "token")
      : `${map.queries.length} × ${map.keys.length} tokens`,
  ]
    .filter(Boolean)
    .join(" · ");
  drawKinds(kinds);
  byId("by").hidden = !hasWords(contents.inputs[state.input - 1]);
  for (const view of VIEWS) {
    byId(`tab-${view}`).setAttribute("aria-selected", `${view === state.view}`);
    byId(`tab-${view}`).setAttribute("tabindex", view === state.view ? 0 : -1);
  }
  byId("panel").setAttribute("aria-labelledby", `tab-${state.view}`);
  for (const radio of byId("by").querySelectorAll("input"))
    radio.checked = radio.value === state.by;
  const heads = headsOf(state.heads, map);
  byId("mix").hidden = heads.length < 2 || heads.length > MOST_APART || !VIEWS_APART.includes(state.view);
  for (const radio of byId("mix").querySelectorAll("input"))
    radio.checked = radio.value === state.mix;
  byId("special").checked = state.special === "show";
  byId("min").value = Math.round(Math.sqrt(state.min) * SLIDER);
  byId("min-shown").textContent = short(state.min);
  byId("scale").value = state.scale;
  for (const end of ["vmin", "vmax"]) byId(end).value = state[end] ?? "";
  byId("palette").value = state.palette;
  byId("theme").setAttribute("aria-pressed", `${darkNow(state.theme)}`);
}

function drawKinds(kinds) {
  const field = byId("map");
  field.hidden = kinds.length < 2;
  const there = [...field.querySelectorAll("input")].map((radio) => radio.value);
  if (there.join() !== kinds.join()) {
    for (const label of field.querySelectorAll("label")) label.remove();
    field.append(
      ...kinds.map((kind) =>
        html(
          "label",
          {},
          html("input", { type: "radio", name: "map", value: kind }),
          html("span", {}, kind),
        ),
      ),
    );
  }
  for (const radio of field.querySelectorAll("input")) radio.checked = radio.value === state.map;
}
