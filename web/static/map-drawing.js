/* A boundary is drawn: points are dragged, added, removed; every change can be undone, and
   is checked by the server, which says the size and the rule that it breaks, and where. */

/* global L */

import { draw, ground, home, moved, named, still, words } from "./map.js";

const WAIT = 350; // milliseconds without a change, before the server is asked

function cornerOf(shape) {
  const [lon, lat] = shape.coordinates[0][0];
  return [lat, lon];
}

function start(box) {
  const form = box.closest("form");
  const around = box.closest(".map-drawing");
  const field = form.elements.namedItem("boundary");
  const said = words(box);
  const place = box.dataset.home && JSON.parse(box.dataset.home);
  const original = box.dataset.original && JSON.parse(box.dataset.original); // what is drawn anew
  const map = ground(box).setView(place || cornerOf(original), 16);
  const told = { size: around.querySelector("[data-drawing-size]"), rule: around.querySelector("[data-drawing-rule]") };
  const past = [];
  let layer = null;
  let chosen = -1;
  let wrong = null;
  let asking = 0;
  let timer = 0;

  for (const one of around.querySelectorAll("[data-map-with]")) one.hidden = false;
  for (const one of form.querySelectorAll("[data-drawing-without]")) one.hidden = true;
  draw(map, JSON.parse(box.dataset.zones));
  if (place) home(map, place, said.home);
  map.pm.setLang(document.documentElement.lang);
  map.pm.setGlobalOptions({ snappable: true, snapDistance: 12, allowSelfIntersection: true,
    templineStyle: { className: "drawing-line" }, hintlineStyle: { className: "drawing-line drawing-line-next" } });

  const corners = () => (layer ? layer.getLatLngs()[0] : []);
  const geometry = () => layer.toGeoJSON(6).geometry;

  function show(shape, { fit = false } = {}) {
    if (layer) layer.remove();
    layer = null;
    chosen = -1;
    if (shape) {
      layer = L.polygon(shape.coordinates[0].slice(0, -1).map(([lon, lat]) => [lat, lon]), { className: "drawn" });
      layer.addTo(map);
      editable();
      if (fit) map.fitBounds(layer.getBounds().pad(0.15), { animate: false, maxZoom: 18 });
    }
    tools();
  }

  function editable() {
    layer.pm.enable({ removeLayerBelowMinVertexCount: false, preventMarkerRemoval: true });
    layer.on("pm:markerdragend pm:vertexadded", changed);
    layer.on("pm:vertexclick", ({ indexPath }) => choose(indexPath.at(-1)));
    reachable();
  }

  function choose(number) {
    chosen = number;
    for (const [at, icon] of icons().entries()) icon.classList.toggle("chosen-point", at === number);
    tools();
  }

  function icons() {
    return [...box.querySelectorAll(".marker-icon:not(.marker-icon-middle)")];
  }

  // the points can be reached and moved by keyboard
  function reachable() {
    const all = icons();
    for (const [number, icon] of all.entries()) {
      icon.tabIndex = 0;
      named(icon, said.point.replace("[number]", number + 1).replace("[count]", all.length));
      if (icon.dataset.at === undefined) {
        icon.addEventListener("focus", () => choose(Number(icon.dataset.at)));
        icon.addEventListener("keydown", (event) => pressed(event, Number(icon.dataset.at)));
      }
      icon.dataset.at = number;
    }
    for (const icon of box.querySelectorAll(".marker-icon-middle")) {
      icon.tabIndex = -1;
      icon.setAttribute("aria-hidden", "true");
    }
  }

  function pressed(event, number) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      without(number);
      return;
    }
    const to = moved(corners()[number], event);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    const points = corners().map((one, at) => (at === number ? to : one));
    redraw(points);
    icons()[number]?.focus();
  }

  function redraw(points) {
    const ring = points.map(({ lat, lng }) => [lng, lat]);
    show({ coordinates: [[...ring, ring[0]]] });
    changed();
  }

  function without(number) {
    if (number < 0 || corners().length <= 3) return;
    redraw(corners().filter((_, at) => at !== number));
    icons()[Math.min(number, icons().length - 1)]?.focus();
  }

  function changed() {
    if (!layer) return;
    if (past.at(-1) !== field.value && field.value) past.push(field.value);
    field.value = JSON.stringify(geometry());
    reachable();
    tools();
    later();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => ask(layer ? geometry() : null), WAIT);
  }

  async function ask(what) {
    if (!what) return null;
    const turn = ++asking;
    let answer = null;
    try {
      const got = await fetch(box.dataset.check, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.namedItem("csrf_token").value },
        body: JSON.stringify(what),
      });
      answer = got.ok ? await got.json() : null;
    } catch {
      answer = null; // said below: the form itself is checked again when it is sent
    }
    if (turn === asking) tell(answer);
    return answer;
  }

  function tell(answer) {
    if (wrong) wrong.remove();
    wrong = null;
    told.size.textContent = answer?.said || "";
    told.rule.textContent = !answer ? said.waiting : answer.message || (answer.ok ? said.fine : "");
    told.rule.className = !answer ? "" : answer.ok ? "rule-fine" : "rule-broken";
    if (answer?.where) {
      wrong = L.layerGroup([...draw(map, [{ id: "wrong", kind: "wrong", ground: answer.where }]).values()]).addTo(map);
    }
    button("trim").hidden = answer?.code !== "overlap";
  }

  // the server makes a boundary: a circle around home, or what of the drawing is free
  async function made(what, { first = false } = {}) {
    const answer = await ask(what);
    if (!answer?.boundary) return;
    show(answer.boundary, { fit: true });
    if (first) {
      field.value = JSON.stringify(geometry());
      tools();
    } else changed();
  }

  function radius() {
    return { radius: Number(form.elements.namedItem("radius").value) };
  }

  function button(name) {
    return around.querySelector(`[data-do="${name}"]`);
  }

  function tools() {
    const drawing = map.pm.globalDrawModeEnabled();
    button("undo").disabled = drawing ? drawn() === 0 : past.length === 0;
    button("remove").disabled = chosen < 0 || corners().length <= 3 || drawing;
    button("finish").hidden = !drawing;
    button("draw").hidden = drawing;
  }

  // by hand, corner after corner
  function begin() {
    map.pm.enableDraw("Polygon", { tooltips: false, continueDrawing: false, finishOn: null });
    tools();
  }

  function drawn() {
    return map.pm.Draw.Polygon._layer?.getLatLngs().flat().length || 0;
  }

  const does = {
    undo() {
      if (map.pm.globalDrawModeEnabled()) {
        // the first point ends the drawing with it: begin anew
        if (drawn() > 1) map.pm.Draw.Polygon._removeLastVertex();
        else {
          map.pm.disableDraw();
          begin();
        }
        return;
      }
      const before = past.pop();
      if (!before) return;
      field.value = before;
      show(JSON.parse(before));
      later();
    },
    remove: () => without(chosen),
    restart() {
      map.pm.disableDraw();
      if (!original) return void made(radius());
      show(original, { fit: true });
      changed();
    },
    draw() {
      if (field.value) past.push(field.value);
      show(null);
      if (wrong) wrong.remove();
      field.value = "";
      told.size.textContent = "";
      told.rule.className = "";
      told.rule.textContent = said.drawing;
      begin();
    },
    finish() {
      map.pm.Draw.Polygon._finishShape();
      if (map.pm.globalDrawModeEnabled()) told.rule.textContent = said.drawing;
    },
    trim: () => made({ trim: geometry() }),
  };
  for (const [name, act] of Object.entries(does)) button(name).addEventListener("click", act);
  button("trim").hidden = true;

  map.on("pm:drawstart", ({ workingLayer }) => workingLayer.on("pm:vertexadded pm:vertexremoved", tools));
  map.on("pm:create", ({ layer: drawn }) => {
    const points = drawn.getLatLngs()[0];
    drawn.remove();
    map.pm.disableDraw();
    redraw(points);
  });
  for (const one of form.querySelectorAll("[name=radius]")) one.addEventListener("change", () => made(radius()));

  if (field.value) {
    show(JSON.parse(field.value), { fit: true });
    later();
    const where = box.dataset.where && JSON.parse(box.dataset.where);
    if (where) tell({ ok: false, message: "", where });
  } else {
    made(radius(), { first: true });
  }
  if (still) map.options.zoomAnimation = false;
}

for (const box of document.querySelectorAll("[data-map=drawing]")) start(box);
