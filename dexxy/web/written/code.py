"""Colour code that people wrote, at most so much of it: what is longer stays as it is."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import Any

# Characters of one block, and of one line of it. Hostile text takes up to a thirtieth of a
# millisecond each.
LONGEST_BLOCK, LONGEST_LINE = 4_000, 400
# HTML is at most so many times as long as its code, and a few spans longer.
MOST_GROWTH, FEW_SPANS = 6, 400
# Lexers that take so many times as long for a character, which counts as so many.
_SLOW = {"groovy": 3, "java": 3, "scala": 3}
# Some lexers begin anew at each space of a long run.
_LONG_RUN = re.compile(r"\s{60}")
CLASS = "x-"
# What a kind of token looks like; the kinds inside it alike. All others are plain.
_LOOKS = {
    "Keyword": "k",
    "Operator.Word": "k",
    "Literal.String": "s",
    "Literal.Number": "m",
    "Comment": "c",
    "Comment.Preproc": "k",
    "Name.Function": "f",
    "Name.Class": "f",
    "Name.Namespace": "f",
    "Name.Decorator": "f",
    "Name.Builtin": "b",
    "Name.Constant": "b",
    "Name.Exception": "b",
    "Keyword.Constant": "b",
    "Keyword.Type": "b",
    "Name.Tag": "t",
    "Name.Attribute": "f",
    "Name.Variable": "b",
    "Generic.Inserted": "i",
    "Generic.Deleted": "d",
    "Generic.Heading": "c",
    "Generic.Subheading": "c",
    "Generic.Prompt": "c",
    "Generic.Output": "c",
}
CLASSES = frozenset(CLASS + look for look in _LOOKS.values())
# Languages by the names that people write behind the fence. Each was tried with hostile text.
# fmt: off
_LEXERS = {
    "bash": "bash", "c": "c", "c++": "cpp", "clojure": "clojure", "cmake": "cmake",
    "console": "console", "cpp": "cpp", "css": "css",
    "dart": "dart", "diff": "diff", "docker": "docker", "dockerfile": "docker",
    "elixir": "elixir", "erlang": "erlang", "go": "go", "golang": "go", "graphql": "graphql",
    "groovy": "groovy", "h": "c", "haskell": "haskell", "html": "html", "ini": "ini",
    "java": "java", "javascript": "javascript", "js": "javascript", "json": "json",
    "jsonc": "json", "jsx": "javascript", "kotlin": "kotlin", "kt": "kotlin", "lua": "lua",
    "make": "make", "makefile": "make", "nix": "nix", "patch": "diff", "perl": "perl",
    "php": "php", "powershell": "powershell", "proto": "protobuf", "protobuf": "protobuf",
    "ps1": "powershell", "py": "python", "pycon": "pycon", "python": "python",
    "python3": "python", "r": "r", "rb": "ruby", "rs": "rust", "ruby": "ruby", "rust": "rust",
    "scala": "scala", "scss": "scss", "sh": "bash", "shell": "bash", "sql": "sql",
    "swift": "swift", "toml": "toml", "ts": "typescript", "tsx": "typescript",
    "typescript": "typescript", "xml": "xml", "yaml": "yaml", "yml": "yaml", "zig": "zig",
    "zsh": "bash",
}
# fmt: on


def weight(code: str, language: str) -> int:
    """Return what colouring CODE costs, in characters of a language that is quick to colour."""
    return len(code) * _SLOW.get(_LEXERS.get(language.lower(), ""), 1)


def coloured(code: str, language: str) -> str:
    """Return CODE as HTML in which each kind of word has a class; '' where it is left as it is.

    Args:
        language: as it was written behind the fence.
    """
    lexer = _lexer(_LEXERS.get(language.lower(), ""))
    if lexer is None or weight(code, language) > LONGEST_BLOCK or _LONG_RUN.search(code):
        return ""
    if max(map(len, code.splitlines()), default=0) > LONGEST_LINE:
        return ""
    html = "".join(_spans(lexer.get_tokens(code)))
    return html if len(html) <= MOST_GROWTH * len(code) + FEW_SPANS else ""


def _spans(tokens: Iterable[tuple[Any, str]]) -> Iterator[str]:
    looks = ((_look(kind), text) for kind, text in tokens)
    for look, group in groupby(looks, key=itemgetter(0)):
        text = escape("".join(text for _, text in group), quote=False)
        yield f'<span class="{CLASS}{look}">{text}</span>' if look and text.strip() else text


@cache
def _look(kind: Any) -> str:
    while kind:
        name = ".".join(kind)
        if name in _LOOKS:
            return _LOOKS[name]
        kind = kind.parent
    return ""


# Loaded where the first code is shown, a language at a time.
@cache
def _lexer(name: str) -> Any:
    if not name:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    return get_lexer_by_name(name, stripnl=False, ensurenl=False)
