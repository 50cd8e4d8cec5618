// The palette: one field that leads to any page, thread or person, opened by Ctrl K or by the
// Search link, which without a script leads to a page with the same field.
"use strict";

const palette = document.getElementById("palette");

if (palette) {
  const WAIT_MS = 150;
  const field = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  let timer, asking, asked, openedFrom;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  // What the page itself offers comes from the page: its buttons, and those of the row that the
  // palette is opened from, or of all that are selected. What the reader may not do is none of them.
  function offersOfThisPage(text) {
    const row = openedFrom?.closest("[data-rows] :is(li, tr, .group)");
    const bulk = document.querySelector("[data-rows]:has(.pick:checked) .bulk");
    const ofRows = (bulk || row?.querySelector(".row-acts"))?.querySelectorAll(":scope > [data-key]");
    offer(palette.dataset.rows, ofRows || [], text);
    offer(palette.dataset.here, document.querySelectorAll("main .acts :is(a, button).btn:not([aria-disabled])"), text);
  }

  function offer(words, offered, text) {
    const found = [...offered]
      .filter((one) => one.checkVisibility() && one.textContent.trim().toLowerCase().includes(text.toLowerCase()))
      .slice(0, 5);
    if (!found.length) return;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words);
    const heading = document.createElement("p");
    heading.className = "ph";
    heading.setAttribute("aria-hidden", "true");
    heading.textContent = words;
    group.append(heading);
    for (const one of found) {
      const line = document.createElement("a");
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.id = `palette-here-${options().length + group.childElementCount}`;
      line.tabIndex = -1;
      line.href = one.href || "#";
      line.append(document.createElement("span"), document.createElement("span"));
      line.firstChild.className = "icon";
      line.lastChild.className = "clip";
      line.lastChild.textContent = one.textContent.trim();
      if (one.dataset.key) line.append(keyOf(one));
      line.addEventListener("click", (event) => { event.preventDefault(); palette.close(); one.focus(); one.click(); });
      group.append(line);
    }
    list.append(group);
  }

  function keyOf(one) {
    const key = document.createElement("kbd");
    key.textContent = one.dataset.key;
    return key;
  }

  async function ask() {
    const text = field.value.trim();
    if (text === asked) return;
    asked = text;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${palette.dataset.address}?q=${encodeURIComponent(text)}`, { signal: asking.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      list.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      asked = undefined;
      list.replaceChildren();
    }
    offersOfThisPage(text);
    choose(options()[0]);
  }

  function open() {
    if (palette.open) return;
    openedFrom = document.activeElement;
    field.value = "";
    asked = undefined;
    palette.showModal();
    field.focus();
    ask();
  }

  function enter() {
    const option = chosen();
    if (option && field.value.trim() === asked) return option.click();
    // The answer to the last key is not there yet: go where the text itself leads.
    field.form.submit();
  }

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); });
  field.form.addEventListener("submit", (event) => { event.preventDefault(); enter(); });
  field.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length }[event.key];
    if (to === undefined || !all.length) return;
    event.preventDefault();
    choose(all[to]);
  });
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  palette.addEventListener("close", () => { asking?.abort(); clearTimeout(timer); if (openedFrom?.isConnected) openedFrom.focus(); });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-opens-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
}
