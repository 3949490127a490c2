/* Maps: a plain ground or tiles, a marker to put on one's home, zones with their names.
   What to show is in the data-* attributes that templates/parts/map.html writes. */

/* global L */

const METRES = 111320; // in a degree of latitude
const STEP = { plain: 2, shift: 20 }; // metres that an arrow key moves a marker
const ARROWS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PIN =
  '<svg viewBox="0 0 40 52" aria-hidden="true" focusable="false"><path class="pin-body" d="M20 50C8 34 3 27 3 19a17 17 0 0 1 34 0c0 8-5 15-17 31z"/><path class="pin-house" d="M20 9 9 19h3v9h6v-6h4v6h6v-9h3z"/></svg>';

// Pixels at the sides of what is shown whole: the pin stands above its place, and the buttons
// of the map are in its corner.
const CLEAR = { paddingTopLeft: [84, 60], paddingBottomRight: [28, 28] };

export const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The words that a box came with. */
export function words(box) {
  return JSON.parse(box.dataset.words || "{}");
}

/** A map in its box: tiles when there are any, else a calm ground. */
export function ground(box) {
  const said = words(box);
  box.replaceChildren();
  const map = L.map(box, {
    attributionControl: false,
    zoomControl: false,
    scrollWheelZoom: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
    maxZoom: 19,
    minZoom: 5,
    zoomSnap: 0.5,
  });
  L.control.zoom({ zoomInTitle: said.closer, zoomOutTitle: said.wider }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (box.dataset.tiles) {
    // the pages tell no address to others; hosts of tiles refuse whoever does not say the site
    L.tileLayer(box.dataset.tiles, { maxZoom: 19, referrerPolicy: "origin" }).addTo(map);
  }
  // the wheel scrolls the page until somebody takes up the map
  map.on("click focus", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  box.map = map;
  return map;
}

/** How one's home looks on every map. */
export function pin() {
  return L.divIcon({ className: "pin", html: PIN, iconSize: [40, 52], iconAnchor: [20, 50] });
}

/** A home that stays where it is. */
export function home(map, place, name) {
  const marker = L.marker(place, {
    icon: pin(), keyboard: false, interactive: false, pmIgnore: true, snapIgnore: true,
  }).addTo(map);
  const icon = marker.getElement();
  icon.setAttribute("role", "img");
  icon.setAttribute("aria-label", name);
  return marker;
}

/** The place that an arrow key leads to, null for another key. */
export function moved(place, event) {
  const way = ARROWS[event.key];
  if (!way || event.altKey || event.ctrlKey || event.metaKey) return null;
  const metres = event.shiftKey ? STEP.shift : STEP.plain;
  const wide = METRES * Math.cos((place.lat * Math.PI) / 180);
  return L.latLng(place.lat + (way[0] * metres) / METRES, place.lng + (way[1] * metres) / wide);
}

/** Let what was dragged or typed on a map be dragged and typed on alone. */
export function named(element, name) {
  element.setAttribute("role", "button");
  element.setAttribute("aria-label", name);
}

function showMarker(box) {
  const said = words(box);
  const around = box.closest(".map-marker");
  const form = box.closest("form");
  const start = L.latLng(Number(box.dataset.lat), Number(box.dataset.lon));
  const map = ground(box).setView(start, 18);
  const grounds = L.featureGroup([...draw(map, JSON.parse(box.dataset.zones || "[]")).values()]);
  const marker = L.marker(start, { icon: pin(), draggable: true, autoPan: true }).addTo(map);
  named(marker.getElement(), said.marker);
  around.querySelector("[data-map-with]").hidden = false;

  function tell() {
    const at = marker.getLatLng();
    for (const [name, value] of [["lat", at.lat], ["lon", at.lng]]) {
      const input = form && form.elements.namedItem(name);
      if (input) input.value = value.toFixed(6);
    }
    const metres = Math.round(map.distance(start, at));
    around.querySelector("[data-map-told]").textContent = said.moved.replace("[metres]", metres);
  }

  function go(place) {
    marker.setLatLng(place);
    if (!map.getBounds().pad(-0.1).contains(place)) map.panTo(place, { animate: !still });
    tell();
  }

  function fit() {
    const whole = grounds.getBounds();
    if (whole.isValid()) map.fitBounds(whole.extend(start), { ...CLEAR, animate: false, maxZoom: 17 });
  }

  fit();
  marker.on("dragend", tell);
  box.closest("details")?.addEventListener("toggle", () => map.invalidateSize());
  box.closest("details")?.addEventListener("toggle", fit, { once: true }); // it had no size
  map.on("click", (event) => go(event.latlng));
  marker.getElement().addEventListener("keydown", (event) => {
    const place = moved(marker.getLatLng(), event);
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    go(place);
  });
}

/** Draw grounds; the layer of each, by its id. */
export function draw(map, zones, onClick) {
  const layers = new Map();
  for (const zone of zones) {
    const layer = L.geoJSON(zone.ground, {
      style: { className: `zone zone-${zone.kind}` },
      pmIgnore: true,
      snapIgnore: zone.kind === "wrong", // one draws along a neighbour, not along a mistake
      pointToLayer: (_, place) =>
        L.circleMarker(place, { className: `zone zone-${zone.kind}`, radius: 14, pmIgnore: true }),
    }).addTo(map);
    if (onClick) press(layer, zone, onClick);
    layers.set(String(zone.id), layer);
  }
  return layers;
}

/** What one can click can also be reached and pressed by keyboard. */
function press(layer, zone, onClick) {
  layer.on("click", (event) => onClick(zone, event.latlng));
  layer.eachLayer((shape) => {
    const path = shape.getElement();
    if (!path) return;
    path.setAttribute("tabindex", "0");
    named(path, zone.name);
    path.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onClick(zone, layer.getBounds().getCenter());
    });
  });
}

/** A place with a name: one can click it, and reach and press it by keyboard. */
function show(map, spot, onClick) {
  const marker = L.circleMarker([spot.lat, spot.lon], {
    className: "spot", radius: 10, pmIgnore: true,
  }).addTo(map);
  press(L.featureGroup([marker]), spot, (_, at) => onClick(at));
}

/** What stands on a zone: its name, and a word more. */
export function label(zone) {
  const box = document.createElement("div");
  box.append(Object.assign(document.createElement("strong"), { textContent: zone.name }));
  if (zone.note) box.append(Object.assign(document.createElement("p"), { textContent: zone.note }));
  return box;
}

function showZones(box) {
  const said = words(box);
  const map = ground(box);
  const zones = JSON.parse(box.dataset.zones);
  const place = box.dataset.home && JSON.parse(box.dataset.home);
  const popup = L.popup({ autoPan: !still, closeButton: false, className: "zone-name" });

  function choose(zone, at) {
    popup.setLatLng(at).setContent(label(zone)).openOn(map);
    for (const line of document.querySelectorAll("[data-zone]")) {
      line.classList.toggle("chosen", line.dataset.zone === String(zone.id));
    }
  }

  const close = "close" in box.dataset;
  map.setView(place || [46.5, 2.5], close ? 17 : 15);
  const layers = draw(map, zones, choose);
  if (place) home(map, place, said.home);
  const all = L.latLngBounds(place ? [place] : []);
  const spots = JSON.parse(box.dataset.spots || "[]");
  for (const spot of spots) {
    all.extend([spot.lat, spot.lon]);
    show(map, spot, (at) => popup.setLatLng(at).setContent(label(spot)).openOn(map));
  }
  const shown = zones.filter((zone) => !close || zone.kind === "own");
  for (const zone of shown) all.extend(layers.get(String(zone.id)).getBounds());
  if (all.isValid() && (shown.length || spots.length)) map.fitBounds(all, { ...CLEAR, animate: false, maxZoom: 17 });

  for (const line of document.querySelectorAll("[data-zone]")) {
    const button = line.querySelector("[data-zone-show]");
    const zone = zones.find((one) => String(one.id) === line.dataset.zone);
    if (!button || !zone) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const around = layers.get(line.dataset.zone).getBounds();
      map.fitBounds(around, { ...CLEAR, animate: !still, maxZoom: 17 });
      choose(zone, around.getCenter());
      box.scrollIntoView({ block: "nearest" });
    });
  }
}

const KINDS = { marker: showMarker, zones: showZones };
for (const box of document.querySelectorAll("[data-map]")) {
  KINDS[box.dataset.map]?.(box);
}
