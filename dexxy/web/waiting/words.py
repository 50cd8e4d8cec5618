"""How the queue reads: its lists, its bands, and why somebody waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from dexxy.messages.models import Reason, Standing
from dexxy.messages.waiting.lists import Tab
from dexxy.messages.waiting.summary import MOST_COUNTED
from dexxy.web.wording import numbers

TABS: Mapping[Tab, Promise] = {
    Tab.ALL: gettext_lazy("All waiting"),
    Tab.MINE: gettext_lazy("Mine"),
    Tab.UNASSIGNED: gettext_lazy("Unassigned"),
    Tab.FIRST: gettext_lazy("First-time contributors"),
    Tab.OURS: gettext_lazy("In our threads"),
    Tab.LATE: gettext_lazy("After closing"),
    Tab.OLD: gettext_lazy("Old"),
    Tab.SNOOZED: gettext_lazy("Snoozed"),
    Tab.ASIDE: gettext_lazy("Set aside"),
}
# The lists that are parts of the queue: what is in the others is not in the number.
OF_THE_QUEUE = frozenset({Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.FIRST})
# What a list holds, where its name does not say it.
MEANINGS: Mapping[Tab, Promise] = {
    Tab.FIRST: gettext_lazy("These people wrote their first thread here."),
    Tab.OURS: gettext_lazy(
        "The team opened these threads, and somebody else has the last word. They are not in the"
        " number."
    ),
    Tab.LATE: gettext_lazy(
        "Whoever opened these threads wrote within 30 days after they were closed. They are not in"
        " the number."
    ),
    Tab.OLD: gettext_lazy(
        "These threads were opened more than 90 days before their repository was connected, and"
        " nobody has asked since. They are not in the number."
    ),
    Tab.SNOOZED: gettext_lazy(
        "These come back by themselves: at their time, or as soon as whoever waits writes more."
    ),
    Tab.ASIDE: gettext_lazy(
        "Somebody said that these need no answer. They come back as soon as whoever waits writes"
        " more."
    ),
}
KINDS: Mapping[str, Promise] = {
    "issue": gettext_lazy("Issues"),
    "pr": gettext_lazy("Pull requests"),
    "discussion": gettext_lazy("Discussions"),
}
BANDS = (
    gettext_lazy("More than 30 days"),
    gettext_lazy("8 to 30 days"),
    gettext_lazy("2 to 7 days"),
    gettext_lazy("Today and yesterday"),
)
REASONS: Mapping[Reason, Promise] = {
    Reason.NO_REPLY: gettext_lazy("No reply"),
    Reason.REPLIED: gettext_lazy("Replied to us"),
    Reason.APPROVED: gettext_lazy("Approved, not merged"),
    Reason.MENTIONED: gettext_lazy("Mentioned us"),
    Reason.PUSHED: gettext_lazy("Pushed"),
    Reason.ASKED: gettext_lazy("Asked for review"),
    Reason.READY: gettext_lazy("Ready for review"),
    Reason.REOPENED: gettext_lazy("Reopened"),
}


def reason(standing: Standing) -> str:
    """Say why it is the team's turn."""
    if standing.others_replied:
        return gettext("Others replied")
    return str(REASONS[Reason(standing.reason)])


def counted(number: int) -> str:
    """Write how many there are, as far as they are counted."""
    if number > MOST_COUNTED:
        return f"{numbers.number(MOST_COUNTED)}+"
    return numbers.number(number)


def waited(since: datetime, now: datetime) -> str:
    """Say how long somebody has waited: `40 min`, `26 h`, `64 d`."""
    span = max(now - since, timedelta(0))
    return gettext("now") if span < timedelta(minutes=1) else shortly(span)


def shortly(span: timedelta) -> str:
    """Write how long SPAN is as short as it can be, as beside each row of the queue."""
    if span < timedelta(hours=1):
        return gettext("{n} min").format(n=span // timedelta(minutes=1))
    if span < timedelta(days=2):
        return gettext("{n} h").format(n=span // timedelta(hours=1))
    return gettext("{n} d").format(n=numbers.number(span.days))
