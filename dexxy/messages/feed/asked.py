"""Turn the filters that all lists share into conditions on threads.

Names become ids here: a name is looked up once, and then each row is compared with numbers.
"""
# ruff: noqa: S608
# The statements are put together from constants of our own; values are parameters.

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.models import Identity
from dexxy.members.named import accounts_at, accounts_called, accounts_of
from dexxy.messages.answers import IS_UNANSWERED
from dexxy.messages.feed.conditions import Condition, ThreadCondition
from dexxy.messages.feed.filters import CommonFilters
from dexxy.messages.feed.search import phrase_pattern, search_words, split_phrases
from dexxy.messages.feed.snoozed import SNOOZED
from dexxy.messages.models import Thread, ThreadKind, Triage
from dexxy.messages.team.roster import team_of
from dexxy.messages.unread import read_before

_LATER = datetime(9999, 12, 31, tzinfo=UTC)
_NAMED = re.compile(r"%\((\w+)\)s")

# What has no words finds nothing, as in the feed.
_NOTHING = Condition("FALSE")

_TITLE = """
messages_word_keys({row}.workspace_id, messages_search_words({row}.title))
    @> %(title)s::integer[] AND {row}.title ~* ALL(%(title_phrases)s::text[])
"""
# Messages that have all words, with the id of their thread.
_SAYING = """
SELECT m.thread_id FROM messages_searchentry s JOIN messages_message m ON m.id = s.message_id
JOIN messages_thread st ON st.id = m.thread_id
WHERE s.words @> %(search)s::integer[] AND s.workspace_id = %(workspace)s
  AND m.workspace_id = %(workspace)s
  AND NOT m.is_archived AND m.in_feed
  AND (SELECT coalesce(bool_and(m.body ~* p OR (m.kind = 'opened' AND st.title ~* p)), TRUE)
       FROM unnest(%(search_phrases)s::text[]) p)
"""
_SAID = f"{{row}}.id IN ({_SAYING})"
# The same of one thread.
_SAID_IN_IT = f"EXISTS ({_SAYING} AND m.thread_id = {{row}}.id)"
# Nobody waits in what is closed: by the state other threads need not be read.
_WAITING = f"""
{{row}}.state = 'open' AND {{row}}.id IN (
    SELECT s.thread_id FROM messages_standing s
    WHERE s.workspace_id = %(workspace)s AND s.side = 'team' AND NOT s.is_old
      AND s.since <= %(waited_since)s AND s.thread_id NOT IN ({SNOOZED}))
"""
# A thread is read up to its last message that was shown: what is said later is unread.
_UNREAD = """
{{row}}.{at} > %(read_to)s AND NOT EXISTS (
    SELECT FROM messages_threadread tr
    WHERE tr.user_id = %(reader)s AND tr.workspace_id = %(workspace)s
      AND tr.thread_id = {{row}}.{thread} AND tr.read_at >= {{row}}.{at})
"""
_ASSIGNED = """
({row}.id = ANY(%(assigned)s::bigint[])
 OR ({row}.assignees <> '[]' AND messages_logins({row}.assignees) && %(assignee_logins)s::text[]))
"""
_ASSIGNED_TO_NOBODY = """
{row}.id NOT IN (
    SELECT tr.thread_id FROM messages_triage tr
    WHERE tr.workspace_id = %(workspace)s AND tr.assignee_id IS NOT NULL)
"""


def asked_of_threads(
    viewer: Viewer | None, workspace: Workspace, filters: CommonFilters
) -> Iterator[Condition]:
    """Yield what the common FILTERS ask of a thread itself, whoever wrote in it, and whatever.

    Each has parameters of its own; `workspace` is the id of WORKSPACE everywhere.
    """
    at = {"workspace": workspace.pk}
    if filters.title.strip():
        words, phrases = split_phrases(filters.title)
        keys = search_words(workspace, f"{words} {' '.join(phrases)}")
        patterns = [phrase_pattern(phrase) for phrase in phrases]
        title = Condition(_TITLE, {"title": keys, "title_phrases": patterns})
        yield title if keys else _NOTHING
    if filters.issue_types:
        types = [name.lower() for name in filters.issue_types]
        of_type = "lower({row}.issue_type) = ANY(%(issue_types)s::text[])"
        yield Condition(of_type, {"issue_types": types})
    if filters.only_unanswered:
        yield ThreadCondition(IS_UNANSWERED)
    if filters.only_answered:
        yield Condition("{row}.first_response_at IS NOT NULL")
    if filters.only_drafts:
        yield Condition("{row}.state = 'open' AND {row}.state_reason = 'draft'")
    if filters.only_waiting or filters.waiting_days:
        now = timezone.now()
        since = now - timedelta(days=filters.waiting_days) if filters.waiting_days else _LATER
        # A wait may have begun by GitHub's clock after now by ours.
        yield Condition(_WAITING, {**at, "now": now, "waited_since": since})
    if filters.assignees:
        yield _assigned(viewer, workspace, filters.assignees)


def said_in_threads(
    workspace: Workspace, search: str, *, is_said: bool = True, one_by_one: bool = False
) -> Condition:
    """Return the condition that one message of a thread has all words and phrases of SEARCH.

    Args:
        is_said: False for the condition that none has.
        one_by_one: whether few threads are looked at; otherwise the index of words is read. Most
            threads do not have a word: those without it are looked at until there are enough.
    """
    words, phrases = split_phrases(search)
    keys = search_words(workspace, f"{words} {' '.join(phrases)}")
    patterns = [phrase_pattern(phrase) for phrase in phrases]
    if not keys:
        return _NOTHING if is_said else Condition("TRUE")
    params = {"workspace": workspace.pk, "search": keys, "search_phrases": patterns}
    if not is_said:
        return Condition(f"NOT {_SAID_IN_IT}", params)
    return Condition(_SAID_IN_IT if one_by_one else _SAID, params)


def unread_by(viewer: Viewer | None, workspace: Workspace, *, of_messages: bool) -> Condition:
    """Return the condition that VIEWER has not read a message, or not all of a thread.

    Without a viewer nothing is unread.

    Args:
        of_messages: whether the rows are messages; otherwise they are threads.
    """
    if viewer is None:
        return _NOTHING
    columns = {"at": "occurred_at", "thread": "thread_id"}
    if not of_messages:
        columns = {"at": "last_activity_at", "thread": "id"}
    params = {
        "read_to": read_before(viewer, workspace),
        "reader": viewer.pk,
        "workspace": workspace.pk,
    }
    return Condition(_UNREAD.format(**columns), params)


def accounts_asked(workspace: Workspace, filters: CommonFilters) -> list[set[int]]:
    """Return the accounts that each filter about who wrote keeps, or leaves out."""
    found: list[set[int]] = []
    if filters.authors:
        found.append(accounts_called(workspace, filters.authors))
    if filters.organizations:
        found.append(accounts_at(workspace, filters.organizations))
    if filters.only_team:
        now = timezone.now()
        team = team_of(workspace.pk)
        there = [pk for pk, stints in team.items() if any(one.holds(now) for one in stints)]
        found.append(accounts_of(workspace, there))
    return found


def bots_of(workspace: Workspace) -> list[int]:
    """Return the accounts of all bots."""
    bots = Identity.objects.filter(member__workspace=workspace, member__is_bot=True)
    return list(bots.values_list("pk", flat=True))


def threads_numbered(workspace: Workspace, numbers: Sequence[int]) -> list[int]:
    """Return the ids of the threads with NUMBERS; one of each source and kind has each.

    The numbers of what is fed are ours, and nobody is told them.
    """
    read = workspace.sources.read_here()
    found = Thread.objects.live().filter(
        workspace=workspace,
        # So that the key that begins with them is read, and not all threads.
        source__in=list(read.values_list("pk", flat=True)),
        kind__in=ThreadKind.values,
        number__in=numbers,
    )
    return list(found.values_list("pk", flat=True))


def meeting(threads: QuerySet[Thread], conditions: Sequence[Condition]) -> QuerySet[Thread]:
    """Return the THREADS that meet all CONDITIONS; those are of this package, and hold no text."""
    for condition in conditions:
        sql, params = _positional(condition)
        # The text is one of this package's constants; what people typed is in the parameters.
        kept = RawSQL(sql, params, output_field=BooleanField())  # noqa: S611  # nosec B611
        threads = threads.filter(kept)
    return threads


def _positional(condition: Condition) -> tuple[str, list[Any]]:
    sql = condition.on(Thread._meta.db_table)
    return _NAMED.sub("%s", sql), [condition.params[name] for name in _NAMED.findall(sql)]


def _assigned(viewer: Viewer | None, workspace: Workspace, names: Sequence[str]) -> Condition:
    """Return the condition that a thread is assigned to one of NAMES, in Dexxy or on its server."""
    wanted = {name.lower().removeprefix("@") for name in names}
    users = User.objects.filter(memberships__workspace=workspace)
    called = Q()
    for name in wanted - {"me", "none"}:
        called |= Q(name__iexact=name) | Q(email__iexact=name)
    ids = list(users.filter(called).values_list("pk", flat=True)) if called else []
    mine = [viewer.pk] if "me" in wanted and viewer and viewer.pk else []
    here = Triage.objects.filter(workspace=workspace, assignee__in=[*ids, *mine])
    params = {
        "assigned": list(here.values_list("pk", flat=True)) if ids or mine else [],
        "assignee_logins": sorted(wanted - {"me", "none"}),
    }
    if "none" not in wanted:
        return Condition(_ASSIGNED, params)
    both = f"({_ASSIGNED} OR {_ASSIGNED_TO_NOBODY})"
    return Condition(both, {**params, "workspace": workspace.pk})
