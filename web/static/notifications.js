// /notifications: says whether this browser shows notifications, and turns them on and off.
"use strict";
(() => {
  const here = document.querySelector("#here");
  const form = here.querySelector("form");

  function say(state) {
    for (const one of here.querySelectorAll("[data-state]")) {
      one.hidden = !one.dataset.state.split(" ").includes(state);
    }
  }

  // an iPhone has them only in the application on its home screen
  function able() {
    if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) return "";
    const apple = /iPhone|iPad/.test(navigator.userAgent) || navigator.maxTouchPoints > 1;
    return apple && !matchMedia("(display-mode: standalone)").matches ? "install" : "unable";
  }

  async function mark(subscription) {
    const bytes = new TextEncoder().encode(subscription.endpoint);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function worker() {
    await navigator.serviceWorker.register("/worker.js", { updateViaCache: "none" });
    return navigator.serviceWorker.ready;
  }

  function key() {
    const text = here.dataset.key.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  async function subscribe() {
    const { pushManager } = await worker();
    const options = { userVisibleOnly: true, applicationServerKey: key() };
    try {
      return await pushManager.subscribe(options);
    } catch (error) {
      const old = await pushManager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe(); // made for another key
      return pushManager.subscribe(options);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        say(Notification.permission === "denied" ? "denied" : "off");
        return;
      }
      const { endpoint, keys } = (await subscribe()).toJSON();
      Object.assign(form.elements.endpoint, { value: endpoint });
      Object.assign(form.elements.p256dh, { value: keys.p256dh });
      Object.assign(form.elements.auth, { value: keys.auth });
      form.submit();
    } catch {
      say("failed");
    }
  });

  // the device in the list that is this one
  async function look() {
    const cannot = able();
    if (cannot) return say(cannot);
    if (Notification.permission === "default") return say("off"); // nobody was asked yet
    const subscription = await (await worker()).pushManager.getSubscription();
    const badge =
      subscription && document.querySelector(`[data-mark="${await mark(subscription)}"]`);
    if (Notification.permission === "denied") return say("denied");
    if (!badge) return say("off");
    badge.hidden = false;
    badge.closest("li").querySelector("form").addEventListener("submit", () => {
      subscription.unsubscribe();
    });
    return say("on");
  }

  look().catch(() => say("unable"));
})();
