// A second press while the first is on its way sends nothing: the answer to it would be lost.
"use strict";
(() => {
  const PATIENCE = 10_000; // ms, for who stopped the first
  let sent = false;
  addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    setTimeout(() => (sent = false), PATIENCE);
  });
  addEventListener("pageshow", () => (sent = false));
})();
