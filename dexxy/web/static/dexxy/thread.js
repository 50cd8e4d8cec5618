// A link to a message that is not on this page, as older versions wrote them: `#m123` leads to it.
"use strict";

const named = /^#m(\d+)$/.exec(location.hash);
if (named && !document.getElementById(`m${named[1]}`)) {
  const root = location.pathname.replace(/m\/\d+\/$/, "");
  location.replace(`${root}m/${named[1]}/`);
}
