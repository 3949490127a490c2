// The device's own way to share an address, where it has one.
"use strict";
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    // whoever closes the list without choosing has not failed
    navigator.share({ url: button.dataset.share, title: document.title }).catch(() => undefined);
  });
}
