// Starts the service worker (worker.js), and ends this device's notifications with a sign-out:
// what neighbours write is not shown to whoever has the device next.
"use strict";
(() => {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker
    .register("/worker.js", { updateViaCache: "none" })
    .then(() => navigator.serviceWorker.ready)
    .then((ours) => ours.active.postMessage({ language: document.documentElement.lang }))
    .catch(() => undefined); // without it everything else works

  const PATIENCE = 1500; // ms: nobody waits longer to be signed out
  const out = document.querySelector('form[action="/sign-out"]');
  out?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const later = new Promise((done) => setTimeout(done, PATIENCE));
    await Promise.race([forget().catch(() => undefined), later]);
    out.submit();
  });

  async function forget() {
    const ours = await navigator.serviceWorker.getRegistration("/");
    const subscription = await ours?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
  }
})();
