"""What the templates of a thread need."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.messages.models import Message
from dexxy.web.waiting import words
from dexxy.web.wording import times

register = template.Library()

# GitHub's eight reactions, as its pages show them.
_REACTIONS = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}


@register.simple_tag
def days(since: datetime, until: datetime) -> str:
    """Say from which day to which day, where the reader is."""
    now = timezone.now()
    first, last = times.date(since, now), times.date(until, now)
    if first == last:
        return _("of %(day)s") % {"day": first}
    return _("from %(first)s to %(last)s") % {"first": first, "last": last}


@register.filter
def shortly(span: timedelta) -> str:
    """Say how long something took."""
    return words.shortly(span)


@register.filter
def as_signs(reactions: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return how often each reaction was given, with its sign and its name."""
    return [(sign, name, reactions[name]) for name, sign in _REACTIONS.items() if name in reactions]


@register.filter
def where(message: Message) -> str:
    """Name the file and the line that a comment on code is about."""
    path, line = message.details.get("path", ""), message.details.get("line")
    return f"{path}:{line}" if line else str(path)


@register.filter
def hunk_lines(hunk: str) -> list[tuple[str, str]]:
    """Return the lines of a diff, each with how it looks."""
    looks = {"+": "add", "-": "del"}
    return [(looks.get(line[:1], ""), line) for line in hunk.split("\n")]
