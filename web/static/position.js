// Asks the device where it is, and sends that; says what to do when it cannot.
"use strict";
(() => {
  const form = document.querySelector("[data-position]");
  if (!form) return;
  form.hidden = false;
  const told = form.querySelector("[data-position-told]");
  const go = form.querySelector("button");

  function say(what) {
    told.textContent = form.dataset[what];
    go.disabled = what === "waiting";
  }

  function found({ coords }) {
    form.elements.namedItem("lat").value = coords.latitude;
    form.elements.namedItem("lon").value = coords.longitude;
    form.elements.namedItem("accuracy").value = coords.accuracy;
    form.submit();
  }

  function failed({ code }) {
    say(code === 1 ? "denied" : code === 3 ? "timeout" : "unavailable");
  }

  // The back button shows the page as it was left, with a button that waits for ever.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    told.textContent = "";
    go.disabled = false;
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!window.isSecureContext) return say("insecure");
    if (!navigator.geolocation) return say("unsupported");
    say("waiting");
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 });
  });
})();
