// Asks the device where it is, and sends that; or why it does not say, for the page to tell what else there is.
"use strict";
(() => {
  const form = document.querySelector("[data-position]");
  if (!form) return;
  form.hidden = false;
  const told = form.querySelector("[data-position-told]");
  const go = form.querySelector("button");

  function send(values) {
    for (const name of ["lat", "lon", "accuracy", "failed"]) {
      form.elements.namedItem(name).value = values[name] ?? "";
    }
    form.submit();
  }

  function found({ coords }) {
    send({ lat: coords.latitude, lon: coords.longitude, accuracy: coords.accuracy });
  }

  function failed({ code }) {
    send({ failed: code === 1 ? "denied" : code === 3 ? "timeout" : "unavailable" });
  }

  // The back button shows the page as it was left, with a button that waits for ever.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    told.textContent = "";
    go.disabled = false;
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!window.isSecureContext) return send({ failed: "insecure" });
    if (!navigator.geolocation) return send({ failed: "unsupported" });
    told.textContent = form.dataset.waiting;
    go.disabled = true;
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 });
  });
})();
