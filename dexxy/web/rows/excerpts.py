"""One line of what somebody wrote: the words alone, where the whole would be too much."""

import html
import re

# So much of a body is looked at, and so much of a line is kept: a row shows less.
_LOOKED_AT = 2000
_LONGEST = 240
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_QUOTE = re.compile(r"^[ \t]*>.*$", re.M)
# Also the rules of tables, the marks of lists and boxes, and fences with their language.
_MARKS = re.compile(
    r"^[ \t]*(?:#{1,6}\s|[-*+]\s(?:\[[ xX]\]\s)?|\d+[.)]\s|[|:\-= \t]+$|(?:```|~~~).*$)", re.M
)
_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SIGNS = re.compile(r"\*\*|__|~~|`|\|")


def excerpt(body: str) -> str:
    """Return the beginning of the Markdown BODY as one line without marks; without words, ''.

    What others are quoted with comes first in many bodies, and is not what this person says.
    """
    text = _COMMENT.sub(" ", body[:_LOOKED_AT].replace("\r\n", "\n"))
    own = _QUOTE.sub("", text)
    text = own if own.strip() else text
    for pattern, kept in (
        (_MARKS, ""),
        (_PICTURE, r"\1"),
        (_LINK, r"\1"),
        (_TAG, " "),
        (_SIGNS, ""),
    ):
        text = pattern.sub(kept, text)
    words = " ".join(html.unescape(text).split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST].rstrip()}…"
