// Takes the marks of a thread away that the reader has marked as read.
"use strict";

document.addEventListener("read", (event) => {
  for (const group of document.querySelectorAll(`[data-thread="${Number(event.detail.thread)}"]`)) {
    for (const said of group.querySelectorAll(".is-unread")) {
      said.classList.remove("is-unread");
      said.querySelector(".line > .hidden")?.remove();
    }
    group.querySelector("header form")?.remove();
    group.querySelector("h3 a").focus();
  }
});
