// Decide on suggestions by one key each: y same person, n different people, u undo the last. Not at
// all where the reader switched keys off.
"use strict";

function pairOf(element) {
  return element?.closest("[data-pair]") ?? document.querySelector("[data-pair]");
}

function buttonOf(key) {
  if (key === "u") return [...document.querySelectorAll('[data-key="u"]')].at(-1);
  return pairOf(document.activeElement)?.querySelector(`[data-key="${key}"]`);
}

document.addEventListener("keydown", (event) => {
  if (!document.body.dataset.keys || document.querySelector("dialog[open]")) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (!["y", "n", "u"].includes(event.key)) return;
  const button = buttonOf(event.key);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// What was decided has folded: the next pair is where the reader goes on.
document.addEventListener("htmx:afterSettle", (event) => {
  const row = event.detail.elt.closest?.(".pairrow");
  if (!row) return;
  let next = row.matches("[data-pair]") ? row : row.nextElementSibling;
  while (next && !next.matches("[data-pair]")) next = next.nextElementSibling;
  next?.querySelector("a")?.focus();
});
