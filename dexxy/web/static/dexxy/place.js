// Keeps the place in a list that grows: where a link of it leads away, its address becomes that of
// the part and the row that were left, so that Back returns there.
"use strict";

// What is done with rows of a later part leads back to that part.
document.addEventListener("submit", (event) => {
  const part = event.target.querySelector("[data-place] .pick :checked")?.closest("[data-place]").dataset.place;
  if (part) event.target.action = event.target.action.replace(/\?.*$/, "") + part;
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-place] a[href]");
  if (!link || event.defaultPrevented || link.target || link.hasAttribute("hx-get")) return;
  const row = link.closest("[data-place] > [id], [data-place] tr[id]");
  const part = link.closest("[data-place]").dataset.place;
  history.replaceState(history.state, "", location.pathname + (part === "?" ? "" : part) + (row ? `#${row.id}` : ""));
});
