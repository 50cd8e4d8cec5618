"""The qualifiers of searches: one list, which the grammar, the help and the menus read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, Flag, auto

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Words = str | Promise


class Where(Flag):
    """The lists that can be searched."""

    WAITING = auto()
    FEED = auto()
    THREADS = auto()
    PEOPLE = auto()
    OF_THREADS = WAITING | FEED | THREADS
    EVERYWHERE = OF_THREADS | PEOPLE

    @property
    def names(self) -> list[Words]:
        """How the lists are called in the navigation."""
        return [_NAMES[one] for one in self]


_NAMES: Mapping[Where, Words] = {
    Where.WAITING: gettext_lazy("Waiting"),
    Where.FEED: gettext_lazy("Feed"),
    Where.THREADS: gettext_lazy("Threads"),
    Where.PEOPLE: gettext_lazy("People"),
}


class Values(Enum):
    """What a qualifier takes."""

    TEXT = auto()
    CHOICE = auto()
    DAY = auto()
    SPAN = auto()


@dataclass(frozen=True)
class Qualifier:
    """A qualifier, as in `label:bug`.

    Args:
        name: before the colon.
        means: in a sentence, for the help.
        example: how it is used.
        where: the lists in which it means something.
        takes: what stands behind the colon.
        choices: all values that there are -> what each means, for those that take a choice.
        can_be_negated: a `-` before it means something.
    """

    name: str
    means: Words
    example: str
    where: Where = Where.OF_THREADS
    takes: Values = Values.TEXT
    choices: Mapping[str, Words] = field(default_factory=dict)
    can_be_negated: bool = True

    def choices_in(self, where: Where) -> Mapping[str, Words]:
        """Return the values that mean something in one of the lists WHERE."""
        of_people = where == Where.PEOPLE and self.name == "is"
        return {v: w for v, w in self.choices.items() if not of_people or v in _OF_PEOPLE}

    def can_be_left_out(self, where: Where) -> bool:
        """Tell whether a `-` before it means something in one of the lists WHERE."""
        return self.can_be_negated and (where != Where.PEOPLE or self.name == "is")

    def problem(self, value: str, where: Where = Where.EVERYWHERE) -> str:
        """Say what is wrong with a VALUE of it in one of the lists WHERE; '' if nothing is."""
        if self.takes is Values.CHOICE and value not in self.choices_in(where):
            known = ", ".join(self.choices_in(where))
            return _("{name}: is one of {known}").format(name=self.name, known=known)
        if self.takes is Values.DAY and day_of(value) is None and span_of(value) is None:
            return _("{name}: takes a day as in {example}, or 7d for seven days ago").format(
                name=self.name, example=self.example
            )
        if self.takes is Values.SPAN and span_of(value.lstrip("<>=")) is None:
            return _("{name}: takes a time as in {example}").format(
                name=self.name, example=self.example
            )
        return ""


_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_MOST_DAYS = 100 * 365


def span_of(value: str) -> timedelta | None:
    """Return how long `7d`, `2w`, `3m` or `1y` is; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,5})([dwmy])", value.lower())
    days = int(match[1]) * _DAYS[match[2]] if match else _MOST_DAYS + 1
    return timedelta(days=days) if days <= _MOST_DAYS else None


def day_of(value: str) -> tuple[date, date] | None:
    """Return the first day of `2026`, `2026-09` or `2026-09-01`, and the first one after it.

    None for anything else.
    """
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?", value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        if month:
            return first, date(first.year + month // 12, month % 12 + 1, 1)
        return first, date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


_STATES: Mapping[str, Words] = {
    "open": gettext_lazy("the thread is open"),
    "closed": gettext_lazy("the thread is closed, and was not merged"),
    "merged": gettext_lazy("the pull request is merged"),
    "draft": gettext_lazy("the pull request is a draft"),
    "answered": gettext_lazy("another person has answered in the thread"),
    "unanswered": gettext_lazy("the thread is open, and no other person has answered"),
    "waiting": gettext_lazy("somebody waits in it for the team"),
    "unread": gettext_lazy("you have not read it yet"),
    "bot": gettext_lazy("by a bot"),
    "team": gettext_lazy("by somebody who is on the team"),
}
# Those of them that a person can be.
_OF_PEOPLE = {"bot"}
_KINDS: Mapping[str, Words] = {
    "issue": gettext_lazy("issues"),
    "pr": gettext_lazy("pull requests"),
    "discussion": gettext_lazy("discussions"),
}
_TYPES: Mapping[str, Words] = {
    "opened": gettext_lazy("the opening of a thread"),
    "comment": gettext_lazy("comments and replies"),
    "review": gettext_lazy("reviews and their comments"),
    "closed": gettext_lazy("somebody closed it"),
    "reopened": gettext_lazy("somebody opened it again"),
    "merged": gettext_lazy("somebody merged it"),
    "answered": gettext_lazy("somebody chose an answer"),
}

_LIST: Sequence[Qualifier] = (
    Qualifier("repo", gettext_lazy("In this repository, with or without its owner."), "repo:ants"),
    Qualifier(
        "is",
        gettext_lazy("How the thread stands now, or who wrote."),
        "is:open",
        where=Where.EVERYWHERE,
        takes=Values.CHOICE,
        choices=_STATES,
    ),
    Qualifier(
        "kind",
        gettext_lazy("Issues, pull requests or discussions."),
        "kind:pr",
        takes=Values.CHOICE,
        choices=_KINDS,
    ),
    Qualifier(
        "type",
        gettext_lazy("What somebody did."),
        "type:review",
        where=Where.FEED,
        takes=Values.CHOICE,
        choices=_TYPES,
    ),
    Qualifier("label", gettext_lazy("With this label now."), "label:bug"),
    Qualifier(
        "issuetype", gettext_lazy("Issues of this type of the organization."), "issuetype:bug"
    ),
    Qualifier(
        "author",
        gettext_lazy("By this person: a login, or a name in quotes. Of a thread: who opened it."),
        "author:meisand",
    ),
    Qualifier(
        "org",
        gettext_lazy("By people of this organization."),
        "org:halden",
        where=Where.EVERYWHERE,
    ),
    Qualifier("tag", gettext_lazy("People with this tag."), "tag:speaker", where=Where.PEOPLE),
    Qualifier(
        "assignee",
        gettext_lazy("Assigned to you, to nobody, or to a colleague or a login on GitHub."),
        "assignee:me",
    ),
    Qualifier(
        "waiting",
        gettext_lazy("Somebody has waited for the team for at least, or with < at most, so long."),
        "waiting:>7d",
        takes=Values.SPAN,
    ),
    Qualifier(
        "in",
        gettext_lazy("All words are in the title."),
        "in:title",
        takes=Values.CHOICE,
        choices={"title": gettext_lazy("all words are in the title")},
        can_be_negated=False,
    ),
    Qualifier(
        "since",
        gettext_lazy(
            "From this day on. Of a thread: with activity since; of a person: seen since."
        ),
        "since:2026-09-01",
        where=Where.EVERYWHERE,
        takes=Values.DAY,
        can_be_negated=False,
    ),
    Qualifier(
        "until",
        gettext_lazy("Up to this day, and including it."),
        "until:2026-09",
        where=Where.EVERYWHERE,
        takes=Values.DAY,
        can_be_negated=False,
    ),
    Qualifier(
        "before",
        gettext_lazy("Before this day, or longer ago than this."),
        "before:30d",
        where=Where.EVERYWHERE,
        takes=Values.DAY,
        can_be_negated=False,
    ),
)
QUALIFIERS: Mapping[str, Qualifier] = {one.name: one for one in _LIST}
# What people type who come from elsewhere.
ALIASES: Mapping[str, str] = {
    "repository": "repo",
    "state": "is",
    "labels": "label",
    "by": "author",
    "organization": "org",
    "company": "org",
    "assigned": "assignee",
}
# The same of the values of choices.
_SAME: Mapping[str, str] = {
    "issues": "issue",
    "pull": "pr",
    "prs": "pr",
    "pull_request": "pr",
    "discussions": "discussion",
    "bots": "bot",
}


def meant(name: str, value: str) -> tuple[str, str]:
    """Return the name and the value of what somebody typed, as the list here has them.

    GitHub's own search says `is:pr`, too.
    """
    name = ALIASES.get(name, name)
    known = QUALIFIERS.get(name)
    if known is None or known.takes is not Values.CHOICE:
        return name, value
    value = _SAME.get(value.lower(), value.lower())
    return ("kind", value) if name == "is" and value in _KINDS else (name, value)


def qualifiers_of(where: Where) -> list[Qualifier]:
    """Return the qualifiers that mean something in a list, in the order of the help."""
    return [one for one in _LIST if one.where & where]
