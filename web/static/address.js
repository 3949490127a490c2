// Addresses are suggested under the field as one types. Without this the form does the same.
"use strict";
(() => {
  const place = document.querySelector("[data-suggest]");
  const typed = place && place.querySelector("input");
  if (!typed || !window.accessibleAutocomplete) return;
  const token = typed.form.querySelector("[name=csrf_token]").value;
  let last = 0;
  let waiting = 0;

  async function ask(query, populate) {
    const turn = ++last;
    try {
      const answer = await fetch(place.dataset.suggest, {
        method: "POST", body: new URLSearchParams({ csrf_token: token, q: query }),
      });
      const found = answer.ok ? await answer.json() : [];
      if (turn === last) populate(found);
    } catch {
      if (turn === last) populate([]); // the form itself goes on without suggestions
    }
  }

  const holder = document.createElement("div");
  holder.className = "suggesting";
  const { id, name, value } = typed;
  const told = typed.getAttribute("aria-describedby");
  const invalid = typed.getAttribute("aria-invalid");
  typed.replaceWith(holder);
  window.accessibleAutocomplete({
    element: holder, id, name, defaultValue: value, minLength: 4, confirmOnBlur: false,
    displayMenu: "overlay", autoselect: false, showNoOptionsFound: false,
    tAssistiveHint: () => place.dataset.how,
    tNoResults: () => place.dataset.none,
    tStatusNoResults: () => place.dataset.none,
    tStatusQueryTooShort: () => "",
    tStatusSelectedOption: (option) => option,
    tStatusResults: (count, option) => `${count} ${place.dataset.some}. ${option}`,
    source: (query, populate) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => ask(query, populate), 200);
    },
  });
  const field = holder.querySelector("input");
  const both = [told, field.getAttribute("aria-describedby")].filter(Boolean).join(" ");
  if (both) field.setAttribute("aria-describedby", both);
  if (invalid) field.setAttribute("aria-invalid", invalid);
})();
