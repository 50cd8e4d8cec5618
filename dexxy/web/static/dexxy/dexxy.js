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

function toast(text, canUndo) {
  const shown = document.createElement("p");
  const close = document.createElement("button");
  shown.className = "toast";
  close.className = "as-link";
  close.type = "button";
  close.textContent = region.dataset.close;
  close.addEventListener("click", () => region.replaceChildren());
  shown.append(text);
  // The form that takes back what was done is on the pages where something can be.
  const undo = document.getElementById("undo");
  if (canUndo && undo) {
    const back = document.createElement("button");
    back.className = "as-link is-undo";
    back.setAttribute("form", "undo");
    back.textContent = undo.querySelector("button").textContent;
    shown.append(back);
  }
  shown.append(close);
  region.replaceChildren(shown);
  fade();
}

for (const event of ["mouseenter", "focusin"]) region.addEventListener(event, () => clearTimeout(fading), true);
for (const event of ["mouseleave", "focusout"]) region.addEventListener(event, fade, true);

// By htmx the server names them in HX-Trigger; a page that was loaded has them at its top.
document.addEventListener("toast", (event) => toast(event.detail.value, event.detail.undo));
const done = [...document.querySelectorAll(".messages > .note:not(.is-bad)")];
const canUndo = done.some((one) => one.querySelector("[form=undo]"));
if (done.length) toast(done.map((one) => one.querySelector("p").textContent.trim()).join(" "), canUndo);

// A strip of links that is wider than its screen begins with the one that is shown.
for (const shown of document.querySelectorAll(".tabs > [aria-current], .settings > nav [aria-current]")) {
  const strip = shown.closest("nav");
  const [from, at] = [strip.getBoundingClientRect(), shown.getBoundingClientRect()];
  if (at.right > from.right || at.left < from.left) strip.scrollLeft += at.left - from.left - (from.width - at.width) / 2;
}

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

// A form that leads back to a place of its page leads to where the reader was: nothing jumps, also
// where a row went, or stands elsewhere now. Without a script the place is the nearest there is.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  sessionStorage.setItem("sent from", JSON.stringify([location.pathname, scrollY]));
});
const [sentFrom, wasAt] = JSON.parse(sessionStorage.getItem("sent from") || "[]");
sessionStorage.removeItem("sent from");
if (sentFrom === location.pathname && location.hash) {
  window.addEventListener("load", () => requestAnimationFrame(() => scrollTo(0, wasAt)));
}

// By htmx, too: and while a form with many buttons is sent, the other ones wait for their turn.
// htmx keeps one of them alone, and reads which it was when it is sent, not when it was clicked.
const later = [];
document.addEventListener("submit", (event) => {
  const [form, button] = [event.target, event.submitter];
  if (!button || !form.hasAttribute("hx-post")) return;
  const isSent = [...form.elements].some((one) => one.hasAttribute("aria-busy"));
  if (!isSent) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!button.hasAttribute("aria-busy") && !later.includes(button)) later.push(button);
}, true);

function rest(form) {
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    if (!form || button.form === form) button.removeAttribute("aria-busy");
  }
}

window.addEventListener("pageshow", () => rest(null));
document.addEventListener("htmx:afterRequest", (event) => {
  rest(event.detail.elt);
  const next = later.findIndex((button) => button.form === event.detail.elt);
  // Once this one has ended; what its answer took away is not clicked any more.
  if (next >= 0) setTimeout((button) => button.isConnected && button.click(), 0, later.splice(next, 1)[0]);
});

// What asks before it acts asks in a dialog; its page is the same without a script.
const dialog = document.getElementById("dialog");
async function ask(address) {
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const asked = page.querySelector(".confirm");
  if (!asked) return location.assign(address);
  asked.querySelector("form").action = address;
  dialog.replaceChildren(asked);
  htmx.process(asked);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#dialog a")) {
    event.preventDefault();
    dialog.close();
  }
  const link = event.target.closest("a[data-confirm]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(link.href);
});
document.addEventListener("htmx:afterRequest", (event) => {
  // What was refused is said in it, beside what was written: then the answer is put into it.
  const isRefused = event.detail.xhr.getResponseHeader("HX-Retarget");
  if (event.detail.successful && dialog.contains(event.target) && !isRefused) dialog.close();
});

// A page that is cut off must not look alive, and an action that failed not as if it was done.
function sayInHealthLine(words) {
  for (const line of document.querySelectorAll(".health .clip")) {
    line.dataset.was ??= line.textContent;
    line.textContent = words || line.dataset.was;
  }
}

document.addEventListener("htmx:sendError", (event) => {
  sayInHealthLine(region.dataset.offline);
  // What a page asks by itself is asked again; what somebody did is not.
  if (event.detail.elt.matches("form[hx-post]")) toast(region.dataset.failed);
});
document.addEventListener("htmx:afterOnLoad", () => sayInHealthLine(""));
document.addEventListener("htmx:responseError", (event) => {
  // What is refused or gone by now is no longer what the page shows.
  const isStale = event.detail.xhr.status < 500;
  if (event.detail.requestConfig.verb === "post") toast(isStale ? region.dataset.stale : region.dataset.failed);
});

// Where a link leads to a field, it is to be filled in.
document.querySelector("input:target")?.focus();

let opened = [];
let hadFocus = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  opened = [...target.querySelectorAll("details[open][id]")].map((one) => one.id);
  // A list of rows finds its place by itself.
  hadFocus = target.contains(document.activeElement) && !target.matches("[data-rows]");
});
document.addEventListener("htmx:afterSettle", (event) => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  opened = [];
  // What had the focus is gone: the first of what came is where the reader goes on.
  if (hadFocus && document.activeElement === document.body) event.detail.elt.querySelector("a, button")?.focus();
  hadFocus = false;
});

// Times are shown where the reader is: told once, until it is stored or chosen in the account.
if (document.body.dataset.zone) {
  const body = new URLSearchParams({ time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
  const headers = { "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value };
  fetch(document.body.dataset.zone, { method: "POST", body, headers });
}
