// How many SMS an alert takes, told as one writes it. The frame is what stands around the text.
"use strict";
import { joined } from "./plain.js";
import { count } from "./segments.js";

for (const line of document.querySelectorAll("[data-counts]")) {
  const text = document.getElementById(line.dataset.counts);
  const tell = () => {
    const { segments, left } = count(joined(line.dataset.head, text.value, line.dataset.tail));
    const words = segments > Number(line.dataset.most) ? line.dataset.long
      : segments === 1 ? line.dataset.one : line.dataset.many;
    line.textContent = words
      .replace("[letters]", [...text.value].length)
      .replace("[segments]", segments)
      .replace("[left]", left);
  };
  text.addEventListener("input", tell);
  tell();
}
