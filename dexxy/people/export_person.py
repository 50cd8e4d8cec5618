"""All that is stored about one person, as an answer to whoever asks what is known of them.

Every table that names a member or an account is read here, or `NOT_TOLD` says why not; a test
compares them with the models.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Min, Q, QuerySet

from dexxy.accounts.models import AuditEntry, Workspace
from dexxy.members.models import (
    Identity,
    Member,
    MemberMerge,
    MemberNote,
    MemberSummary,
    MergeSuggestion,
    StatedAccount,
)
from dexxy.messages.co_authors import co_authors_at
from dexxy.messages.models import (
    CoAuthor,
    Message,
    OwnMember,
    Release,
    TeamDecision,
    TeamStint,
    Thread,
)
from dexxy.people.export_rows import BATCH, Row, Rows
from dexxy.people.export_selection import Asked

# Models with a reference to a member or an account that an export of a person leaves out.
NOT_TOLD = {
    "members.matchkey": "digests of what the accounts show, which is told",
    "members.erasedkey": "of those who were erased, of whom nothing is told",
    "messages.threadtimes": "times between messages, which are told",
}
# No index leads to all messages of an account: the table is read, so many ids at a time.
_STEP = 50_000


@dataclass(frozen=True)
class _Person:
    """Whose data it is: with all accounts, and the members that they were before merges."""

    workspace: Workspace
    accounts: Sequence[Identity]

    @property
    def members(self) -> list[int]:
        return sorted({pk for one in self.accounts for pk in (one.home_member_id, one.member_id)})


@dataclass(frozen=True)
class _Section:
    """One kind of record.

    Args:
        record: what its rows are called.
        fields: what is told of each.
        rows: which ones are about a person.
        is_walked: no index leads to them.
    """

    record: str
    fields: Sequence[str]
    rows: Callable[[_Person], QuerySet[Any]]
    is_walked: bool = False


_SECTIONS = (
    _Section(
        "profile",
        (
            *("display_name", "bio", "company", "location", "avatar_url", "tags"),
            *("is_bot", "is_locked", "first_seen_at", "last_seen_at", "created_at"),
        ),
        lambda person: Member.objects.filter(pk__in=person.members),
    ),
    _Section(
        "note",
        ("member_id", "text", "written_at", "edited_at"),
        lambda person: MemberNote.objects.filter(member__in=person.members),
    ),
    _Section(
        "account",
        (
            *("provider", "external_id", "kind", "username", "name", "email", "is_email_verified"),
            *("avatar_url", "url", "links", "message_count", "is_silenced", "member_id"),
            *("home_member_id", "first_seen_at", "last_seen_at", "profile_read_at", "created_at"),
        ),
        lambda person: Identity.objects.filter(pk__in=[one.pk for one in person.accounts]),
    ),
    _Section(
        "stated_account",
        ("provider", "username"),
        lambda person: StatedAccount.objects.filter(
            Q(identity__in=person.accounts) | Q(account__in=person.accounts)
        ),
    ),
    _Section(
        "merge",
        ("kept_id", "merged_id", "is_automatic", "evidence", "created_at", "undone_at"),
        lambda person: MemberMerge.objects.filter(
            Q(kept__in=person.members) | Q(merged__in=person.members)
        ),
    ),
    _Section(
        "merge_suggestion",
        ("first_id", "second_id", "state", "score", "evidence", "created_at", "decided_at"),
        lambda person: MergeSuggestion.objects.filter(
            Q(first__in=person.members) | Q(second__in=person.members)
        ),
    ),
    _Section(
        "summary",
        (
            *("messages", "recent", "waiting", "regular_threads", "organization"),
            *("first_act_at", "last_act_at"),
        ),
        lambda person: MemberSummary.objects.filter(member__in=person.members),
    ),
    _Section(
        "team_stint",
        ("since", "until"),
        lambda person: TeamStint.objects.filter(member__in=person.members),
    ),
    _Section(
        "team_decision",
        ("is_on_team", "since", "until", "created_at"),
        lambda person: TeamDecision.objects.filter(member__in=person.members),
    ),
    _Section(
        "reader",
        ("member_id", "user_id", "created_at"),
        lambda person: OwnMember.objects.filter(member__in=person.members),
    ),
    _Section(
        "audit_entry",
        ("action", "created_at"),
        lambda person: AuditEntry.objects.filter(
            workspace=person.workspace,
            target_type=Member._meta.label_lower,
            target_id__in=[str(pk) for pk in person.members],
        ),
    ),
    _Section(
        "release",
        ("tag", "name", "body", "url", "published_at"),
        lambda person: Release.objects.filter(author__in=person.accounts),
    ),
    _Section(
        "co_author",
        ("thread_id", "name", "email"),
        lambda person: CoAuthor.objects.filter(_wrote_commits(person)),
    ),
    _Section(
        "thread",
        (
            *("kind", "number", "title", "url", "state", "assignees", "author_id", "opened_at"),
            "archived_reason",
        ),
        lambda person: Thread.objects.filter(
            Q(author__in=person.accounts) | _is_assigned(person), workspace=person.workspace
        ),
        is_walked=True,
    ),
    _Section(
        "message",
        (
            *("thread_id", "kind", "body", "url", "details", "author_id", "occurred_at"),
            *("edited_at", "archived_reason"),
        ),
        lambda person: Message.objects.filter(
            Q(author__in=person.accounts) | _is_subject(person), workspace=person.workspace
        ),
        is_walked=True,
    ),
)


def _wrote_commits(person: _Person) -> Q:
    emails = [one.email for one in person.accounts]
    by_address = co_authors_at(person.workspace.pk, emails)
    return Q(account__in=person.accounts) | Q(pk__in=by_address)


def _is_assigned(person: _Person) -> Q:
    return _any(
        Q(assignees__contains=[{"id": one.external_id}], source__server=one.provider)
        for one in person.accounts
    )


def _is_subject(person: _Person) -> Q:
    """Return the condition that somebody did something about one of the accounts."""
    return Q(in_feed=False) & _any(
        Q(
            details__contains={"subject": {"type": "account", "id": one.external_id}},
            source__server=one.provider,
        )
        for one in person.accounts
    )


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)


def person_total(asked: Asked) -> int:
    """Return about how many rows a person has."""
    person = _person(asked)
    return sum(one.message_count + 1 for one in person.accounts) + len(person.members)


def read_person(asked: Asked, cursor: str) -> Rows:
    """Return the next rows about a person; each says in `record` of what kind it is.

    Args:
        cursor: the section and the id behind which they are.
    """
    person = _person(asked)
    number, after = map(int, cursor.split(".")) if cursor else (0, 0)
    rows: list[Row] = []
    while person.accounts and number < len(_SECTIONS):
        section = _SECTIONS[number]
        read = _walk if section.is_walked else _found
        found, last = read(section.rows(person), after)
        rows += [_row(section, one) for one in found]
        number, after = (number + 1, 0) if last is None else (number, last)
        if section.is_walked or len(rows) >= BATCH:
            break
    return rows, f"{number}.{after}" if person.accounts and number < len(_SECTIONS) else ""


def _person(asked: Asked) -> _Person:
    accounts = asked.workspace.identities
    home = accounts.filter(home_member=asked.selection.person, member__erased_at=None)
    theirs = accounts.filter(member__in=home.values("member")).order_by("pk")
    return _Person(asked.workspace, list(theirs))


def _found(rows: QuerySet[Any], after: int) -> tuple[list[Any], int | None]:
    found = list(rows.filter(pk__gt=after).order_by("pk")[:BATCH])
    return found, found[-1].pk if len(found) == BATCH else None


def _walk(rows: QuerySet[Any], after: int) -> tuple[list[Any], int | None]:
    """Return those of the next _STEP ids that there are, and where to go on; None at the end."""
    ahead = rows.model._default_manager.filter(pk__gt=after).aggregate(first=Min("pk"))["first"]
    if ahead is None:
        return [], None
    last = ahead + _STEP - 1
    found = list(rows.filter(pk__gt=after, pk__lte=last).order_by("pk")[:BATCH])
    return found, found[-1].pk if len(found) == BATCH else last


def _row(section: _Section, one: Any) -> Row:
    return {
        "record": section.record,
        "id": one.pk,
        **{name: getattr(one, name) for name in section.fields},
    }
