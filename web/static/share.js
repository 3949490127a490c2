// The device's own ways to share an address, and to copy it, where it has them.
"use strict";
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    // whoever closes the list without choosing has not failed
    navigator.share({ url: button.dataset.share, title: document.title }).catch(() => undefined);
  });
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    for (const told of document.querySelectorAll("[data-copied]")) told.hidden = false;
  });
}
