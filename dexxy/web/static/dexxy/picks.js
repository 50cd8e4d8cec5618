// The box in the head of a table selects all its rows; Shift selects from the last box to this one.
"use strict";

let last;
document.addEventListener("change", (event) => {
  const head = event.target.closest("[data-picks]");
  if (!head) return;
  for (const box of head.closest("table").querySelectorAll("tbody .pick input")) box.checked = head.checked;
});
document.addEventListener("click", (event) => {
  const box = event.target.closest("tbody .pick input");
  if (!box) return;
  const boxes = [...box.closest("table").querySelectorAll("tbody .pick input")];
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
  if (event.shiftKey && from >= 0) for (const one of boxes.slice(from, to)) one.checked = box.checked;
  last = box;
});
