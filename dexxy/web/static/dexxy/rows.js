// Lists of rows by the keyboard: single letters reach every row and what can be done about it. A list
// has data-rows, and in each row the link data-row; what can be done has the letter that does it in
// data-key. With data-rows="one-stop" a list is one stop of the tab key, and the arrow keys do the
// same as letters.
"use strict";

(() => {
  const ROW = "[data-rows] :is(li, tr, .group):has([data-row])";
  const ONE_STOP = "[data-rows=one-stop]";
  const all = () => [...document.querySelectorAll(ROW)];
  const linkOf = (row) => row?.querySelector("[data-row]");
  const boxOf = (row) => row?.querySelector("input.pick, .pick input");
  const current = () => document.activeElement.closest(ROW) || document.querySelector(`${ROW}.is-on`);
  let anchor = null;
  let place = 0;
  let isUsed = false;

  // In a list of one stop only the current row can be reached by the tab key, and from it what can
  // be done about it: by the arrow keys, which are not switched off with the letters.
  function settle() {
    const rows = all();
    const on = current() || rows[Math.min(place, rows.length - 1)];
    for (const row of rows) {
      row.classList.toggle("is-on", row === on && row.contains(document.activeElement));
      if (!row.closest(ONE_STOP)) continue;
      for (const one of row.querySelectorAll("a, button, input, summary")) {
        one.tabIndex = row === on && one.hasAttribute("data-row") ? 0 : -1;
      }
    }
    const bar = document.querySelector("[data-selected]");
    const picked = document.querySelectorAll("[data-rows] .pick:checked").length;
    if (bar) bar.textContent = bar.dataset.selected.replace("{n}", picked);
  }

  function go(row) {
    if (!row) return;
    place = all().indexOf(row);
    isUsed = true;
    linkOf(row).focus();
    row.scrollIntoView({ block: "nearest" });
    settle();
  }

  function step(by) {
    const rows = all();
    const at = rows.indexOf(current());
    // Who has read on begins where they are.
    const seen = rows.find((row) => row.getBoundingClientRect().top >= 0);
    go(at < 0 ? seen || rows[0] : rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
  }

  function pick(row, toHere) {
    const box = boxOf(row);
    if (!box) return;
    const rows = all();
    if (toHere && anchor?.isConnected) {
      const [from, to] = [rows.indexOf(anchor), rows.indexOf(row)].sort((a, b) => a - b);
      for (const one of rows.slice(from, to + 1)) boxOf(one).checked = true;
    } else {
      box.checked = !box.checked;
    }
    anchor = row;
    settle();
  }

  // With rows selected a letter is about them, else about the current one.
  function actOf(key) {
    const bulk = document.querySelector(`[data-rows]:has(.pick:checked) .bulk [data-key="${key}"]`);
    return bulk || current()?.querySelector(`[data-key="${key}"]`);
  }

  function along(row, by) {
    const stops = [linkOf(row), ...row.querySelectorAll(".row-acts > :is(a, button), .row-acts > details > summary")];
    const seen = stops.filter((one) => one.checkVisibility());
    seen[Math.max(0, Math.min(seen.length - 1, seen.indexOf(document.activeElement) + by))]?.focus();
  }

  const arrows = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    ArrowRight: () => along(current(), 1),
    ArrowLeft: () => along(current(), -1),
  };
  const letters = {
    j: () => step(1),
    k: () => step(-1),
    x: () => pick(current()),
    X: () => pick(current(), true),
    o: () => linkOf(current())?.click(),
    z: () => document.getElementById("undo")?.requestSubmit(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
    if (document.querySelector("dialog[open]")) return;
    if (arrows[event.key]) {
      const row = document.activeElement.closest(ROW);
      if (!row?.closest(ONE_STOP) || document.activeElement.closest(".menu[open]")) return;
      arrows[event.key]();
    } else {
      if (!document.body.dataset.keys) return;
      const act = "esai".includes(event.key) && actOf(event.key);
      if (letters[event.key]) letters[event.key]();
      else if (act) act.click();
      else return;
    }
    event.preventDefault();
  });
  document.addEventListener("focusin", settle);
  document.addEventListener("change", (event) => {
    // The box in the head of a table selects all its rows.
    if (event.target.matches("[data-picks]")) {
      for (const row of all()) boxOf(row).checked = event.target.checked;
    }
    settle();
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest(`${ROW} :is(input.pick, .pick input)`);
    if (!box) return;
    const row = box.closest(ROW);
    if (event.shiftKey) {
      box.checked = false;
      pick(row, true);
      box.checked = true;
    }
    anchor = row;
    settle();
  });

  // A button that leads to a question takes what is selected with it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-ask]");
    if (!button) return;
    event.preventDefault();
    const sent = new FormData(button.form);
    const chosen = sent.getAll("thread").map((pk) => `thread=${pk}`);
    chosen.push(`seen=${encodeURIComponent(sent.get("seen") || "")}`);
    ask(`${button.formAction}?${chosen.join("&")}`);
  });

  // What the page asks by itself tells how things were before what somebody does meanwhile: such an
  // answer is dropped, and the page asks again.
  let acts = 0;
  let sent = [];
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    sent = sent.filter((one) => one.readyState !== XMLHttpRequest.DONE);
    if (elt.id === "arrived") {
      if (sent.length) event.preventDefault();
      xhr.acts = acts;
    } else if (requestConfig.verb === "post") {
      sent.push(xhr);
      acts += 1;
    }
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.elt.id === "arrived" && event.detail.xhr.acts !== acts) event.preventDefault();
  });

  // Where the current row went, the next one takes its place; where more came, the first of them.
  let shown = [];
  let was;
  document.addEventListener("htmx:beforeSwap", () => {
    shown = all().map((row) => row.id);
    was = current()?.id;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const rows = all().filter((row) => row.closest(ONE_STOP));
    if (!rows.length) return settle();
    const arrived = rows.find((row) => !shown.includes(row.id));
    if (event.target.id === "more") go(arrived);
    else if (isUsed && document.activeElement === document.body) go(arrived || rows.find((row) => row.id === was) || rows[Math.min(place, rows.length - 1)]);
    settle();
  });

  // Where a row leads away, Back and `u` return to it.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]")?.closest(ROW);
    if (!row?.id || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    history.replaceState(history.state, "", `${location.pathname}${row.dataset.place || location.search}#${row.id}`);
  });
  window.addEventListener("pageshow", () => go(all().find((row) => `#${row.id}` === location.hash)));
  settle();
})();
