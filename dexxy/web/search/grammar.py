"""The language of search fields: read what people type, and write it again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from django.utils.translation import gettext as _

from dexxy.web.search.qualifiers import QUALIFIERS, Qualifier, Where, meant

# As long as what the filters below take.
LONGEST = 200

_TERM = re.compile(
    r"""
    (?P<minus>-?)
    (?: (?P<repository>[\w.-]+(?:/[\w.-]+)?)?\#(?P<number>\d{1,18})(?!\S)
      | (?P<name>[A-Za-z]+):(?:"(?P<quoted>[^"]*)"?|(?P<value>[^\s"]\S*))
      | "(?P<phrase>[^"]*)"?
      | (?P<word>\S+) )
    """,
    re.VERBOSE,
)
# What looks like a qualifier, and is more likely an address or a name in a program.
_NO_VALUE = ("/", ":")


class TermKind(Enum):
    """What a part of a search is."""

    WORD = auto()
    PHRASE = auto()
    NUMBER = auto()
    QUALIFIER = auto()


@dataclass(frozen=True)
class Term:
    """A part of a search that means something by itself.

    Args:
        text: as it was typed.
        start: where it begins in the text of the search; it ends `len(text)` later.
        value: the word, the phrase or the value without its quotes, or the digits of a number.
        name: of a qualifier, in small letters; of a number, the repository before its `#`, if any.
        is_negated: it has a `-` before it.
        problem: what to tell the reader about it; such a term is a word like any other.
    """

    kind: TermKind
    text: str
    start: int
    value: str
    name: str = ""
    is_negated: bool = False
    problem: str = ""

    @property
    def end(self) -> int:
        """Where it ends in the text of the search."""
        return self.start + len(self.text)

    @property
    def is_filter(self) -> bool:
        """Whether it is shown as a chip, and not as a word in the field."""
        return self.kind in (TermKind.QUALIFIER, TermKind.NUMBER)


@dataclass(frozen=True)
class Query:
    """A search as it was typed, and what its parts are.

    Args:
        text: without white space around it, and not longer than is looked at.
        terms: in the order of the text.
        where: the list that is searched.
    """

    text: str
    terms: Sequence[Term]
    where: Where

    @classmethod
    def parse(cls, text: str, where: Where = Where.EVERYWHERE) -> Self:
        """Read TEXT; whatever it is, that is a search.

        Args:
            where: the list that is searched: what has no meaning there is said to be a problem.
        """
        text = text.replace("\0", " ").strip()[:LONGEST].strip()
        found = (_term(match, where) for match in _TERM.finditer(text))
        terms = [term for term in found if term.value]
        return cls(text, terms if where == Where.PEOPLE else _with_bare_number(terms), where)

    @property
    def filters(self) -> list[Term]:
        """The parts that are shown as chips: qualifiers and numbers."""
        return [term for term in self.terms if term.is_filter]

    @property
    def rest(self) -> str:
        """What is left for the field beside the chips."""
        return " ".join(term.text for term in self.terms if not term.is_filter)

    @property
    def problems(self) -> list[str]:
        """What to tell the reader, once each."""
        return list(dict.fromkeys(term.problem for term in self.terms if term.problem))

    @property
    def words(self) -> str:
        """The words and phrases that have to occur, as the selectors take them."""
        return self._words(is_negated=False)

    @property
    def words_left_out(self) -> str:
        """The words and phrases none of which may occur, as the selectors take them."""
        return self._words(is_negated=True)

    def _words(self, *, is_negated: bool) -> str:
        kept = [term for term in self.terms if not term.is_filter and term.is_negated == is_negated]
        return " ".join(
            term.text.removeprefix("-") if term.kind is TermKind.PHRASE else term.value
            for term in kept
        )

    def values(self, name: str, *, is_negated: bool = False) -> list[str]:
        """Return the values of all qualifiers with a NAME, without or with a `-` before them."""
        return [
            term.value
            for term in self.terms
            if term.kind is TermKind.QUALIFIER
            and term.name == name
            and term.is_negated == is_negated
        ]

    def numbers(self, *, is_negated: bool = False) -> list[Term]:
        """Return the numbers of threads, without or with a `-` before them."""
        return [
            term
            for term in self.terms
            if term.kind is TermKind.NUMBER and term.is_negated == is_negated
        ]

    def without(self, term: Term) -> str:
        """Return the text without one of its terms."""
        return " ".join(f"{self.text[: term.start]} {self.text[term.end :]}".split())

    def with_term(self, text: str) -> str:
        """Return the text with one more term, if it is not there already."""
        there = any(term.text == text for term in self.terms)
        return self.text if there else f"{self.text} {text}".strip()

    def __str__(self) -> str:
        return self.text


def qualifier_text(name: str, value: str, *, is_negated: bool = False) -> str:
    """Write a qualifier as somebody would type it."""
    quoted = f'"{value}"' if re.search(r"\s", value) else value
    return f"{'-' if is_negated else ''}{name}:{quoted}"


def _term(match: re.Match[str], where: Where) -> Term:
    text, start = match.group(), match.start()
    is_negated = bool(match["minus"])
    if match["number"]:
        number, repository = match["number"], match["repository"] or ""
        if where == Where.PEOPLE:
            problem = _("# leads to threads, and here are people")
            return Term(TermKind.WORD, text, start, number, "", is_negated, problem)
        return Term(TermKind.NUMBER, text, start, number, repository, is_negated)
    if match["phrase"] is not None:
        phrase = " ".join(match["phrase"].split())
        return Term(TermKind.PHRASE, text, start, phrase, "", is_negated)
    if match["name"]:
        quoted = match["quoted"]
        value = match["value"] if quoted is None else " ".join(quoted.split())
        return _qualifier(text, start, match["name"].lower(), value, where)
    word = match["word"]
    known = word.endswith(":") and QUALIFIERS.get(word[:-1].lower())
    problem = _("{name}: needs a value, such as {example}") if known else ""
    if known:
        problem = problem.format(name=known.name, example=known.example)
    return Term(TermKind.WORD, text, start, word, "", is_negated, problem)


def _qualifier(text: str, start: int, name: str, value: str, where: Where) -> Term:
    is_negated = text.startswith("-")
    plain = Term(TermKind.WORD, text, start, text.removeprefix("-"), "", is_negated)
    if value.startswith(_NO_VALUE):
        return plain
    name, value = meant(name, value)
    problem = _problem(QUALIFIERS.get(name), name, value, where, is_negated=is_negated)
    kind = TermKind.WORD if problem else TermKind.QUALIFIER
    shown = plain.value if problem else value
    return Term(kind, text, start, shown, "" if problem else name, is_negated, problem)


def _problem(
    known: Qualifier | None, name: str, value: str, where: Where, *, is_negated: bool
) -> str:
    if known is None:
        return _("There is no qualifier {name}:").format(name=name)
    if not known.where & where:
        pages = ", ".join(str(repository) for repository in known.where.names)
        return _("{name}: works in {places} only").format(name=name, places=pages)
    if is_negated and not known.can_be_left_out(where):
        return _("{name}: cannot be left out with a -").format(name=name)
    return known.problem(value, where)


def _with_bare_number(terms: list[Term]) -> list[Term]:
    """Take digits that stand alone, but for qualifiers, for the number of a thread."""
    bare = [term for term in terms if not term.is_filter]
    if len(bare) != 1 or bare[0].kind is not TermKind.WORD or bare[0].is_negated:
        return terms
    only = bare[0]
    if not re.fullmatch(r"[0-9]{1,18}", only.value):
        return terms
    number = Term(TermKind.NUMBER, only.text, only.start, only.value)
    return [number if term is only else term for term in terms]
