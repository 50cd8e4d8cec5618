// Search fields: what the field holds as text without a script becomes chips, each of which can be
// removed by itself. What is sent is always the whole search, as one text.
"use strict";

function enhance(box) {
  const typed = box.querySelector("input[name=q]");
  if (!typed || box.dataset.search === "on") return;
  box.dataset.search = "on";
  const whole = document.createElement("input");
  whole.type = "hidden";
  whole.name = "q";
  typed.removeAttribute("name");
  typed.before(whole);
  const chips = () => [...box.querySelectorAll(".chip")];
  const put = () => { whole.value = [...chips().map((one) => one.dataset.term), typed.value.trim()].join(" ").trim(); };
  const send = () => { put(); typed.form.requestSubmit(); };
  for (const chip of chips()) {
    chip.hidden = false;
    chip.querySelector("button").addEventListener("click", () => { chip.remove(); typed.focus(); send(); });
  }
  typed.value = typed.dataset.rest;
  put();
  typed.addEventListener("input", put);
  typed.addEventListener("keydown", (event) => {
    const last = chips().at(-1);
    if (event.key !== "Backspace" || typed.selectionEnd > 0 || !last) return;
    // The last chip becomes text again, to be changed.
    event.preventDefault();
    typed.value = `${last.dataset.term} ${typed.value}`.trim();
    typed.setSelectionRange(last.dataset.term.length, last.dataset.term.length);
    last.remove();
    put();
  });
  typed.form.addEventListener("submit", put, true);
}

function enhanceAll(root) {
  for (const box of root.querySelectorAll("[data-search]")) enhance(box);
}

enhanceAll(document);
document.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt.parentElement ?? document));
