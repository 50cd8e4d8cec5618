// What pages do beyond what links and forms do by themselves: say by a toast what was done, keep the
// focus and what is open where a part of a page is replaced, close menus, and show what is busy.
"use strict";

const TOAST_MS = 8000;
const region = document.getElementById("toasts");
let fading;

function fade() {
  clearTimeout(fading);
  fading = setTimeout(() => region.replaceChildren(), TOAST_MS);
}

function toast(text) {
  const shown = document.createElement("p");
  const close = document.createElement("button");
  shown.className = "toast";
  close.className = "as-link";
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => region.replaceChildren());
  shown.append(text, close);
  region.replaceChildren(shown);
  fade();
}

for (const event of ["mouseenter", "focusin"]) region.addEventListener(event, () => clearTimeout(fading), true);
for (const event of ["mouseleave", "focusout"]) region.addEventListener(event, fade, true);

// By htmx the server names them in HX-Trigger; a page that was loaded has them at its top.
document.addEventListener("toast", (event) => toast(event.detail.value));
const done = [...document.querySelectorAll(".messages > li:not(.is-bad)")];
if (done.length) toast(done.map((one) => one.textContent.trim()).join(" "));

function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(but)) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.activeElement.closest("details.menu[open]")?.querySelector("summary").focus();
  closeMenus(null);
});

// What is sent is busy, and a second click would do it twice.
document.addEventListener("htmx:beforeRequest", (event) => {
  event.detail.requestConfig.triggeringEvent?.submitter?.setAttribute("aria-busy", "true");
});
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.method !== "post") return;
  if (button.hasAttribute("aria-busy")) event.preventDefault();
  button.setAttribute("aria-busy", "true");
});

function rest() {
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
}

window.addEventListener("pageshow", rest);
document.addEventListener("htmx:afterRequest", rest);

// What asks before it acts asks in a dialog; its page is the same without a script.
const dialog = document.getElementById("dialog");
document.addEventListener("click", async (event) => {
  if (event.target.closest("#dialog a")) {
    event.preventDefault();
    dialog.close();
  }
  const link = event.target.closest("a[data-confirm]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const asked = page.querySelector(".confirm");
  if (!asked) return location.assign(link.href);
  asked.querySelector("form").action = link.href;
  dialog.replaceChildren(asked);
  dialog.showModal();
});

// A page that is cut off must not look alive, and an action that failed not as if it was done.
function sayInHealthLine(words) {
  for (const line of document.querySelectorAll(".health .clip")) {
    line.dataset.was ??= line.textContent;
    line.textContent = words || line.dataset.was;
  }
}

document.addEventListener("htmx:sendError", () => sayInHealthLine("Not connected. Trying again"));
document.addEventListener("htmx:afterOnLoad", () => sayInHealthLine(""));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "post") toast("That did not work. Load the page again.");
});

// Where a link leads to a field, it is to be filled in.
document.querySelector("input:target")?.focus();

let opened = [];
let hadFocus = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  opened = [...target.querySelectorAll("details[open][id]")].map((one) => one.id);
  hadFocus = target.contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", (event) => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  opened = [];
  // What had the focus is gone: the first of what came is where the reader goes on.
  if (hadFocus && document.activeElement === document.body) event.detail.elt.querySelector("a, button")?.focus();
  hadFocus = false;
});
