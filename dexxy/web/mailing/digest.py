"""What a digest tells: who waits, what is new, who is new, and the numbers of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.figure_window import figure_window
from dexxy.mail.reader import zone_of
from dexxy.members.who_may_see import members_by_id
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.figures.people import new_contributors
from dexxy.messages.figures.periods import CUSTOM, Period
from dexxy.messages.figures.reach import opened_threads_compared
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.models import Thread, ThreadKind
from dexxy.messages.selectors import threads_by_id
from dexxy.messages.waiting.lists import QueueFilters
from dexxy.messages.waiting.queue import WaitingThread, queue_page
from dexxy.messages.waiting.summary import queue_summary
from dexxy.web.insights.cards import Asked
from dexxy.web.insights.overview import overview
from dexxy.web.mailing.parts import Line, Section, address_of, in_one_line
from dexxy.web.waiting import words
from dexxy.web.wording.threads import kind_of_one

# Of each list; the pages have the rest.
MOST = 10
_DAYS = 7


@dataclass(frozen=True)
class Scope:
    """For whom a digest is, and of which sources it may tell; None for all of them."""

    user: User
    workspace: Workspace
    sources: Sequence[int] | None

    @property
    def figures(self) -> FigureFilters:
        """What keeps figures to these sources."""
        return FigureFilters(source_ids=self.sources or ())


def digest_sections(scope: Scope, since: datetime, until: datetime | None = None) -> list[Section]:
    """Return what there is to tell since a time; sections without anything are left out.

    Args:
        until: a moment that is over, as the demo shows it; None for now. Who waited then, nobody
            knows any more.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: the user may not see the workspace.
    """
    now = until or timezone.now()
    window = figure_window(scope.user, scope.workspace, since=since, until=now)
    waiting = _waiting(scope, now) if until is None else None
    found = [waiting, _opened(scope, window), _new_people(scope, window), _numbers(scope, now)]
    return [section for section in found if section is not None]


def waiting_line(workspace: Workspace, row: WaitingThread, now: datetime) -> Line:
    """Write a row of the queue."""
    waited = words.waited(row.standing.since, now)
    return _line(workspace, row.thread, waited, words.reason(row.standing))


def _line(workspace: Workspace, thread: Thread, *more: str) -> Line:
    author = thread.author
    name = (author.member.display_name or author.username) if author else ""
    beside = [thread.place, name, *more]
    return Line(
        in_one_line(thread.title),
        address_of("thread", workspace.slug, thread.pk),
        " · ".join(in_one_line(part) for part in beside if part),
    )


def _waiting(scope: Scope, now: datetime) -> Section | None:
    filters = QueueFilters(threads=ThreadFilters(source_ids=scope.sources or ()))
    total = queue_summary(scope.user, scope.workspace, filters).total
    rows = queue_page(scope.user, scope.workspace, filters, MOST).items
    if not rows:
        return None
    heading = ngettext("{n} person waits", "{n} people wait", total).format(n=words.counted(total))
    return Section(
        heading,
        [waiting_line(scope.workspace, row, now) for row in rows],
        Line(_("Everybody who waits"), address_of("waiting", scope.workspace.slug)),
    )


def _opened(scope: Scope, window: Window) -> Section | None:
    ids, _before = opened_threads_compared(scope.user, scope.workspace, window, scope.figures)
    newest = list(reversed(ids))[:MOST]
    threads = threads_by_id(scope.user, scope.workspace, newest)
    threads.sort(key=lambda one: newest.index(one.pk))
    if not threads:
        return None
    heading = ngettext("{n} new thread", "{n} new threads", len(ids)).format(n=len(ids))
    lines = [_line(scope.workspace, one, kind_of_one(ThreadKind(one.kind))) for one in threads]
    more = Line(_("The feed"), address_of("feed", scope.workspace.slug))
    return Section(heading, lines, more)


def _new_people(scope: Scope, window: Window) -> Section | None:
    found = new_contributors(scope.user, scope.workspace, window, scope.figures)
    people = shown(found).people or ()
    members = members_by_id(scope.user, scope.workspace, [one.member_id for one in people[:MOST]])
    if not members:
        return None
    heading = ngettext("{n} new person", "{n} new people", len(people)).format(n=len(people))
    lines = [
        Line(in_one_line(str(one)), address_of("member", scope.workspace.slug, one.pk))
        for one in members
    ]
    return Section(heading, lines, Line(_("People"), address_of("people", scope.workspace.slug)))


def _numbers(scope: Scope, now: datetime) -> Section:
    zone = zone_of(scope.user, scope.workspace)
    today = now.astimezone(zone).date()
    first, last = today - timedelta(days=_DAYS), today - timedelta(days=1)
    period = Period(CUSTOM, first, last, zone.key)
    window = figure_window(
        scope.user, scope.workspace, since=period.since, until=period.until, zone=period.zone
    )
    asked = Asked(scope.user, scope.workspace, period, window, scope.figures)
    lines = []
    for fact in overview(asked).facts:
        before = ""
        if fact.change and fact.change.before:
            before = _("{change}, {before} the week before").format(
                change=fact.change.words, before=fact.change.before
            )
        lines.append(Line(f"{fact.name}: {fact.value}", beside=before))
    more = Line(_("Insights"), address_of("insights", scope.workspace.slug))
    return Section(_("The seven days up to yesterday"), lines, more)
