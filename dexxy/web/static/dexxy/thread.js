// A link to a message that is not on this page, as older versions wrote them: `#m123` leads to it.
// One to a message in what is folded opens that.
"use strict";

const named = /^#m(\d+)$/.exec(location.hash);
const there = named && document.getElementById(`m${named[1]}`);
if (there) {
  there.closest("details")?.setAttribute("open", "");
} else if (named) {
  const root = location.pathname.replace(/m\/\d+\/$/, "");
  location.replace(`${root}m/${named[1]}/`);
}
