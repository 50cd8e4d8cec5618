// Keys that lead to pages, to the field of a list, to the list of all keys, and to whatever a page
// names a key for. Only without a modifier, never in a field, and not at all where the reader
// switched them off.
"use strict";

const keys = JSON.parse(document.body.dataset.keys || "null");

if (keys) {
  const NEXT_KEY_MS = 1500;
  const all = document.getElementById("shortcuts-dialog");
  let isGoing = false;
  let timer;

  async function show() {
    if (!all.childElementCount) {
      const answer = await fetch(all.dataset.address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const listed = page.getElementById("shortcuts");
      if (!listed) return location.assign(all.dataset.address);
      const close = page.createElement("form");
      close.method = "dialog";
      close.className = "acts";
      close.innerHTML = '<button class="btn"></button>';
      close.firstChild.textContent = listed.dataset.close;
      all.append(listed, close);
    }
    all.showModal();
  }

  function isTyping(target) {
    return target.isContentEditable || target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");
  }

  // What a page has a key for says so itself: a link or a button with data-page-key.
  function press(event, pressed) {
    const named = [...document.querySelectorAll("[data-page-key]")].find((one) => one.dataset.pageKey === pressed && one.checkVisibility());
    if (!named) return;
    event.preventDefault();
    named.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const wasGoing = isGoing;
    isGoing = false;
    clearTimeout(timer);
    if (wasGoing) {
      // The lists of rows have keys of their own with the same letters.
      event.stopImmediatePropagation();
      if (!keys[event.key]) return press(event, `g ${event.key}`);
      event.preventDefault();
      return location.assign(keys[event.key]);
    }
    if (event.key === "g") {
      isGoing = true;
      timer = setTimeout(() => { isGoing = false; }, NEXT_KEY_MS);
    } else if (event.key === "?") {
      event.preventDefault();
      show();
    } else if (event.key === "/") {
      const field = document.querySelector("main [data-search] input[type=search], main input[type=search]");
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
    } else {
      press(event, event.key);
    }
  }, true);
}
