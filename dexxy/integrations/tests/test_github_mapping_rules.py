"""The rules that GraphQL's answers and webhooks share."""

from datetime import UTC, datetime

import pytest

from dexxy.integrations.services.github.api.values import LARGEST_GRAPHQL_INT
from dexxy.integrations.services.github.mapping.rules import (
    discussion_comment_key,
    identity_kind,
    is_draft_review,
    is_wrapper,
    opening,
    pull_request_reason,
)
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import UNSET, MessageRecord, ThreadRecord
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_name", "kind"),
    [
        ("User", IdentityKind.USER),
        ("Bot", IdentityKind.BOT),
        ("Organization", IdentityKind.ORGANIZATION),
        ("Mannequin", IdentityKind.MANNEQUIN),
        ("Agent", IdentityKind.USER),
        ("", IdentityKind.USER),
    ],
)
def test_each_type_of_account_has_a_kind_and_an_unknown_one_is_a_person(
    type_name: str, kind: IdentityKind
) -> None:
    assert identity_kind(type_name) is kind


@pytest.mark.parametrize(
    ("state", "body", "expected"),
    [
        ("COMMENTED", "", True),
        ("COMMENTED", " \n", True),
        ("COMMENTED", "Look.", False),
        ("APPROVED", "", False),
        ("CHANGES_REQUESTED", "", False),
    ],
)
def test_only_an_empty_comment_is_a_wrapper(state: str, body: str, expected: bool) -> None:
    assert is_wrapper(state, body) is expected


def test_only_a_pending_review_is_a_draft() -> None:
    states = ("PENDING", "COMMENTED", "APPROVED", "DISMISSED", "")

    assert [is_draft_review(state) for state in states] == [True, False, False, False, False]


def test_only_a_draft_pull_request_has_a_reason() -> None:
    assert (pull_request_reason(True), pull_request_reason(False)) == ("draft", "")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (5, "5"),
        (LARGEST_GRAPHQL_INT, "2147483647"),
        (LARGEST_GRAPHQL_INT + 1, "DC_1"),
        (None, "DC_1"),
    ],
)
def test_a_comment_that_graphql_cannot_number_is_known_by_its_node_id(
    number: int | None, expected: str
) -> None:
    assert discussion_comment_key(number, "DC_1") == expected


def test_a_comment_without_number_and_node_id_has_no_key() -> None:
    with pytest.raises(ValueError, match="an empty id"):
        discussion_comment_key(None, "")


@pytest.mark.parametrize("edited_at", [None, LATER, UNSET])
def test_a_thread_is_opened_by_a_message_of_its_author(edited_at: datetime | None) -> None:
    author = IdentityRecord("5", IdentityKind.USER, "jo")
    thread = ThreadRecord(
        kind=ThreadKind.ISSUE,
        number=7,
        node_id="I_7",
        title="It breaks",
        state=ThreadState.OPEN,
        url="https://g/7",
        author=author,
        opened_at=AT,
        version_at=LATER,
    )

    assert opening(thread, "Always.", edited_at) == MessageRecord(
        kind=MessageKind.OPENED,
        external_id="7",
        author=author,
        occurred_at=AT,
        version_at=LATER,
        body="Always.",
        url="https://g/7",
        edited_at=edited_at,
    )
