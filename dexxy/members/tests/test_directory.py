"""The directory finds people by everything that is known of them, and lists each once."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.common.pages import InvalidCursorError, Page, encoded
from dexxy.members.directory import (
    MOST_WORDS,
    MemberFilterError,
    MemberFilters,
    member_count,
    member_list,
    tags_known,
)
from dexxy.members.models import Identity, IdentityKind, Member, MemberSummary
from dexxy.members.sorting import MemberSort
from tests.factories import START, make_identity, make_workspace


def names(page: Page[Member]) -> list[str]:
    return [member.display_name for member in page.items]


def found(viewer: User, workspace: Workspace, **filters: object) -> list[str]:
    page = member_list(viewer, workspace, MemberFilters(**filters))  # type: ignore[arg-type]
    return sorted(names(page))


def seen(account: Identity, first: datetime, last: datetime) -> None:
    Member.objects.filter(pk=account.member_id).update(first_seen_at=first, last_seen_at=last)


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    ada = make_identity(workspace=workspace, username="countess", name="Ada Lovelace")
    Identity.objects.filter(pk=ada.pk).update(email="ada@engines.example.org")
    Member.objects.filter(pk=ada.member_id).update(company="@Analytical", tags=["vip", "math"])
    return ada


@pytest.fixture
def charles(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="babbage", name="Charles 100%")


@pytest.mark.parametrize(
    "words", ["ada", "LOVELACE", "count", "engines.example", "lovelace countess", "  ada  "]
)
def test_names_usernames_and_addresses_are_searched(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity, words: str
) -> None:
    assert found(alice, workspace, search=words) == ["Ada Lovelace"]


def test_a_search_of_many_words_asks_for_few(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity
) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert found(alice, workspace, search="a d ada A " * 20) == ["Ada Lovelace"]
    # That there is an account, and one that is called so.
    assert max(one["sql"].count("EXISTS") for one in asked) == 2
    with CaptureQueriesContext(connection) as asked:
        many = " ".join(f"{number:02}" for number in range(MOST_WORDS + 1))
        assert found(alice, workspace, search=many) == []
    assert not any("members_identity" in one["sql"] for one in asked)


@pytest.mark.parametrize(("words", "number"), [("%", 1), ("_", 0), ("100%", 1), ("\\", 0)])
def test_signs_of_patterns_are_only_text(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity, words: str, number: int
) -> None:
    assert len(found(alice, workspace, search=words)) == number


@pytest.mark.parametrize("text", ["analytical", "engines", "example.org"])
def test_an_organisation_is_a_company_or_the_host_of_an_address(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity, text: str
) -> None:
    assert found(alice, workspace, organization=text) == ["Ada Lovelace"]


@pytest.mark.parametrize("text", ["ada", "e.ample", ".*"])
def test_what_stands_before_the_host_is_no_organisation(
    workspace: Workspace, alice: User, ada: Identity, text: str
) -> None:
    assert found(alice, workspace, organization=text) == []


def test_a_member_is_found_by_what_was_merged_into_it(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity
) -> None:
    Identity.objects.filter(pk=ada.pk).update(member=charles.member_id)

    for filters in ({"search": "countess"}, {"organization": "analytical"}, {"tags": ["vip"]}):
        assert found(alice, workspace, **filters) == ["Charles 100%"]


def test_bots_are_kept_apart(workspace: Workspace, alice: User, ada: Identity) -> None:
    make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)

    assert found(alice, workspace, is_bot=True) == ["robot"]
    assert found(alice, workspace, is_bot=False) == ["Ada Lovelace"]


def test_any_of_the_tags_will_do(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity
) -> None:
    assert found(alice, workspace, tags=["math", "other"]) == ["Ada Lovelace"]
    assert found(alice, workspace, tags=["other"]) == []
    assert tags_known(alice, workspace) == ["math", "vip"]


def test_times_are_from_then_on_and_before_then(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity
) -> None:
    later = START + timedelta(days=1)
    seen(ada, START, START)
    seen(charles, START, later)

    assert found(alice, workspace, last_seen_since=later) == ["Charles 100%"]
    assert found(alice, workspace, last_seen_until=later) == ["Ada Lovelace"]
    assert len(found(alice, workspace, first_seen_since=START)) == 2
    assert found(alice, workspace, first_seen_until=START) == []


@pytest.mark.parametrize("sort", [MemberSort.LAST_SEEN, MemberSort.FIRST_SEEN])
def test_pages_hold_everybody_once_and_who_was_never_seen_last(
    workspace: Workspace, alice: User, sort: MemberSort
) -> None:
    people = [make_identity(workspace=workspace, username=f"p{number}") for number in range(7)]
    for number, account in enumerate(people[:4]):
        seen(account, START, START + timedelta(hours=number // 2))
    listed, after = [], None
    while page := member_list(alice, workspace, sort=sort, first=2, after=after):
        listed += names(page)
        after = page.end
        if not page.has_more:
            break

    assert listed == ["p3", "p2", "p1", "p0", "p6", "p5", "p4"]
    assert member_count(alice, workspace) == 7


def test_who_was_merged_into_another_is_listed_once(
    workspace: Workspace, alice: User, ada: Identity, charles: Identity
) -> None:
    Identity.objects.filter(pk=charles.pk).update(member=ada.member_id)

    assert found(alice, workspace) == ["Ada Lovelace"]
    assert member_count(alice, workspace) == 1


def test_other_workspaces_and_outsiders_see_nobody(
    workspace: Workspace, alice: User, charlie: User, ada: Identity
) -> None:
    assert found(alice, make_workspace(admin=alice)) == []
    with pytest.raises(WorkspaceNotFoundError):
        member_list(charlie, workspace)
    with pytest.raises(WorkspaceNotFoundError):
        member_count(charlie, workspace)
    with pytest.raises(WorkspaceNotFoundError):
        tags_known(charlie, workspace)


@pytest.mark.parametrize(
    "filters", [{"search": "x" * 201}, {"organization": "x" * 201}, {"tags": ["a\0"]}]
)
def test_a_filter_that_cannot_be_is_refused(
    workspace: Workspace, alice: User, filters: dict[str, object]
) -> None:
    with pytest.raises(MemberFilterError):
        found(alice, workspace, **filters)


def test_pages_in_the_order_of_a_count_have_the_uncounted_last(
    workspace: Workspace, alice: User
) -> None:
    people = [make_identity(workspace=workspace, username=f"p{number}") for number in range(7)]
    for number, account in enumerate(people[:4]):
        counts = {"messages": number // 2, "recent": number // 2, "waiting": number // 2}
        MemberSummary.objects.create(member=account.member, workspace=workspace, **counts)

    for sort in (MemberSort.MESSAGES, MemberSort.RECENT, MemberSort.WAITING):
        assert paged(alice, workspace, sort) == ["p3", "p2", "p1", "p0", "p6", "p5", "p4"]


def test_pages_in_the_order_of_the_alphabet_know_no_capitals(
    workspace: Workspace, alice: User
) -> None:
    for name in ("b", "Zoë", "a", "B", "École", "x" * 200, "漢字"):
        make_identity(workspace=workspace, username=name)

    listed = paged(alice, workspace, MemberSort.NAME)

    assert [name for name in listed if name.isascii()] == ["a", "b", "B", "x" * 200]
    assert len(set(listed)) == 7


@pytest.mark.parametrize("sort", [MemberSort.RECENT, MemberSort.NAME])
@pytest.mark.parametrize(
    "cursor",
    [
        *("zzz", "", "[]", '["a"]', "[1, 2, 3]", "[true, 1]", "[1.5, 1]", "[1, -1]", "{}"),
        *(
            '["\\u0000", 1]',
            '["\\ud800", 1]',
            "[" * 100_000,
            "[[], 1]",
            f"[{10**30}, 1]",
            f"[1, {10**30}]",
        ),
    ],
)
def test_a_cursor_of_another_order_is_refused(
    workspace: Workspace, alice: User, sort: MemberSort, cursor: str
) -> None:
    with pytest.raises(InvalidCursorError):
        member_list(alice, workspace, sort=sort, after=encoded(cursor))


def paged(viewer: User, workspace: Workspace, sort: MemberSort) -> list[str]:
    """Return the names on all pages of two."""
    listed, after = [], None
    while True:
        page = member_list(viewer, workspace, sort=sort, first=2, after=after)
        listed += names(page)
        if not page.has_more:
            return listed
        after = page.end
