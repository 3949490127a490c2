// Says under a new password how good it is; the server decides.
"use strict";
(() => {
  for (const place of document.querySelectorAll("[data-strength]")) {
    const field = place.querySelector("input");
    const said = document.createElement("p");
    said.className = "strength";
    said.setAttribute("role", "status");
    field.after(said);
    field.addEventListener("input", () => {
      const length = [...field.value].length;
      const level = length === 0 ? "" : length < 12 ? "short" : length < 18 ? "fair" : "good";
      said.dataset.level = level;
      said.textContent = level ? place.dataset[level] : "";
    });
  }
})();
