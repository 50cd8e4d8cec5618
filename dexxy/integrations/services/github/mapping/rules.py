"""What GitHub's values mean, whichever door they come through. Pure: no database, no network.

GraphQL and webhooks name the same things differently, so each has mappers of its own; a rule that
both must follow stands here once. Then a snapshot and a hint of one thing are equal records.
"""

from datetime import datetime

from dexxy.integrations.services.github.api.values import key
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import MessageRecord, ThreadRecord, Unset
from dexxy.messages.models import MessageKind

# GraphQL has the number of a discussion's comment only as far as it fits into 32 bits.
LARGEST_GRAPHQL_INT = 2**31 - 1

_IDENTITY_KINDS = {
    "Bot": IdentityKind.BOT,
    "Organization": IdentityKind.ORGANIZATION,
    "Mannequin": IdentityKind.MANNEQUIN,
}


def identity_kind(type_name: str) -> IdentityKind:
    """Return the kind of an account; a type that GitHub adds one day is a person for now."""
    return _IDENTITY_KINDS.get(type_name, IdentityKind.USER)


def is_wrapper(review_state: str, body: str) -> bool:
    """Tell whether a review only wraps comments on code: GitHub makes one around each of them.

    Args:
        review_state: in upper case.
    """
    return review_state == "COMMENTED" and not body.strip()


def is_draft_review(review_state: str) -> bool:
    """Tell whether only its author can see a review yet.

    Args:
        review_state: in upper case.
    """
    return review_state == "PENDING"


def pull_request_reason(is_draft: bool) -> str:
    """Return the `state_reason` of a pull request: GitHub has none, so it says what a draft is."""
    return "draft" if is_draft else ""


def discussion_comment_key(number: int | None, node_id: str) -> str:
    """Return the external id of a comment or reply in a discussion.

    Args:
        number: None where GraphQL cannot show it.
    """
    return key(number if number and number <= LARGEST_GRAPHQL_INT else node_id)


def opening(thread: ThreadRecord, body: str, edited_at: datetime | Unset | None) -> MessageRecord:
    """Return the message that opens a thread: GitHub shows its words as the thread's own."""
    return MessageRecord(
        kind=MessageKind.OPENED,
        external_id=str(thread.number),
        author=thread.author,
        body=body,
        url=thread.url,
        occurred_at=thread.opened_at,
        edited_at=edited_at,
        version_at=thread.version_at,
    )
