"""What people refer to in passing: `#12`, `owner/repo#12`, `@user`, a commit, `:tada:`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

# In a link of ours, until the cleaner has told which there are: no author can lead to another page.
SCHEME = "dexxy:"
# Of one body; what comes behind them stays text.
MOST_LINKED = 300
_REPOSITORY = r"[A-Za-z\d][\w.-]{0,38}/[\w.-]{1,100}"
_REFERENCE = re.compile(
    rf"""(?<![\w/&\#@.-])(?:
    (?:(?P<of>{_REPOSITORY})?\#|GH-)(?P<number>[1-9]\d{{0,9}})(?![\w-])
    |(?:(?P<at>{_REPOSITORY})@)?(?P<commit>[0-9a-f]{{40}}|(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{{7,12}})
      (?![\w/-])
    |@(?P<login>[A-Za-z\d](?:-?[A-Za-z\d]){{0,38}})(?![\w/-])
    )|:(?P<sign>[a-z\d_+-]{{1,60}}):""",
    re.VERBOSE,
)
# A bare address of a thread reads as a reference to it.
_OF_THREAD = re.compile(
    rf"/({_REPOSITORY})/(?:issues|pull|discussions)/([1-9]\d{{0,9}})(?:\#[\w-]+)?"
)
# Inside them nothing is a reference.
_OPAQUE = re.compile(r"<(/?)(?:a|code|pre|kbd|samp)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Home:
    """The repository in which something was written.

    Args:
        url: its address on its server; '' where there is none.
        name: as `owner/repository`.
    """

    url: str = ""
    name: str = ""

    @property
    def server(self) -> str:
        """The address of its server."""
        return self.url.removesuffix(f"/{self.name}")

    def thread(self, of: str, number: str) -> str:
        """Return the address of a thread of the repository called OF, or of this one."""
        return f"{self.server}/{of or self.name}/issues/{number}"


NOWHERE = Home()


@dataclass(frozen=True)
class Reference:
    """A thread or an account that a body names; `key` is how it is looked up."""

    key: str
    of: str = ""
    number: int = 0
    login: str = ""


def references_in(text: str, home: Home) -> Iterator[Reference]:
    """Yield the threads and accounts that TEXT may name."""
    for found in _REFERENCE.finditer(text):
        if number := found["number"]:
            of = (found["of"] or home.name).lower()
            yield Reference(f"{of}#{number}", of=of, number=int(number))
        elif login := found["login"]:
            yield Reference(f"@{login.lower()}", login=login.lower())
    for of, number in _OF_THREAD.findall(text):
        yield Reference(f"{of.lower()}#{number}", of=of.lower(), number=int(number))


@dataclass
class Linker:
    """Makes links and signs of what a body refers to.

    Args:
        known: the keys of references that lead to pages of ours.
    """

    home: Home
    known: frozenset[str] = field(default_factory=frozenset)
    _left: int = MOST_LINKED

    def link(self, tokens: "Sequence[Token]") -> None:
        """Change the text among the children of TOKENS."""
        for token in tokens:
            if token.type == "inline" and token.children:
                token.children = list(self._linked(token.children))

    def _linked(self, children: "Sequence[Token]") -> "Iterator[Token]":
        depth = 0
        link: Token | None = None
        for token in children:
            if token.type == "html_inline" and (tag := _OPAQUE.match(token.content)):
                depth += -1 if tag[1] else 1
            elif token.type in ("link_open", "link_close"):
                depth += token.nesting
                link = self._of_thread(token) if token.nesting == 1 else None
            if token.type == "text" and depth <= 0:
                yield from self._pieces(token)
            else:
                if link is not None and token.type == "text":
                    token.content = self._short(token.content)
                yield token

    def _of_thread(self, token: "Token") -> "Token | None":
        """Lead a bare address of a thread to our page of it."""
        href = str(token.attrs.get("href", ""))
        server = self.home.server
        if token.info != "auto" or not server or not href.startswith(f"{server}/"):
            return None
        found = _OF_THREAD.fullmatch(href.removeprefix(server))
        if found is None:
            return None
        key = f"{found[1].lower()}#{found[2]}"
        if key in self.known and "#" not in href:
            token.attrs["href"] = SCHEME + key
        return token

    def _short(self, text: str) -> str:
        found = _OF_THREAD.fullmatch(text.removeprefix(self.home.server))
        if found is None:
            return text
        of = "" if found[1].lower() == self.home.name.lower() else found[1]
        comment = " (comment)" if "#" in text else ""
        return f"{of}#{found[2]}{comment}"

    def _pieces(self, token: "Token") -> "Iterator[Token]":
        text, end = token.content, 0
        if self._left <= 0:
            yield token
            return
        for found in _REFERENCE.finditer(text):
            if sign := found["sign"]:
                replaced = [_text(_signs().get(sign, ""), token)]
                is_one = bool(replaced[0].content)
            else:
                address = self._address(found)
                is_one = bool(address)
                replaced = _linked_to(address, found, token) if is_one else []
            if is_one and self._left > 0:
                self._left -= 1
                yield _text(text[end : found.start()], token)
                yield from replaced
                end = found.end()
        yield _text(text[end:], token)

    def _address(self, found: "re.Match[str]") -> str:
        home, key, there = self.home, "", ""
        if number := found["number"]:
            key = f"{(found['of'] or home.name).lower()}#{number}"
            there = home.thread(found["of"], number)
        elif login := found["login"]:
            key, there = f"@{login.lower()}", f"{home.server}/{login}"
        else:
            there = f"{home.server}/{found['at'] or home.name}/commit/{found['commit']}"
        if key in self.known:
            return SCHEME + key
        return there if home.url else ""


def _linked_to(address: str, found: "re.Match[str]", beside: "Token") -> "list[Token]":
    from markdown_it.token import Token

    start = Token("link_open", "a", 1, attrs={"href": address}, level=beside.level)
    end = Token("link_close", "a", -1, level=beside.level)
    if not (commit := found["commit"]):
        return [start, _text(found[0], beside), end]
    code = Token("code_inline", "code", 0, level=beside.level + 1)
    code.content = f"{found['at']}@{commit[:7]}" if found["at"] else commit[:7]
    return [start, code, end]


def _text(content: str, beside: "Token") -> "Token":
    from markdown_it.token import Token

    token = Token("text", "", 0, level=beside.level)
    token.content = content
    return token


# Loaded where the first sign is met.
@cache
def _signs() -> dict[str, str]:
    """Return the signs by their names as GitHub has them."""
    from emoji import EMOJI_DATA, STATUS

    return {
        alias.strip(":"): sign
        for sign, known in EMOJI_DATA.items()
        if known["status"] <= STATUS["fully_qualified"]
        for alias in (known["en"], *known.get("alias", ()))
    }
