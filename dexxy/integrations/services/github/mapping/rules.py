"""What GitHub's values mean, whichever door they come through. Pure: no database, no network.

GraphQL and webhooks name the same things differently, so each has mappers of its own; a rule that
both must follow stands here once. Then a snapshot and a hint of one thing are equal records.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter

from dexxy.integrations.services.github.api.values import LARGEST_GRAPHQL_INT, key
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import MessageRecord, ThreadRecord, Unset
from dexxy.messages.models import MessageKind

# A comment is about the last lines of its hunk, which may be a whole file.
_LINES_OF_HUNK, _LONGEST_HUNK = 12, 3_000

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


def association(value: str | None) -> str | None:
    """Return what an author is to the repository, as it is stored; None for a stranger."""
    return None if value in (None, "", "NONE") else value.lower()


def placed(path: str, line: int | None, original: int | None, hunk: str) -> dict[str, object]:
    """Return where a comment on the diff stands, as it is stored.

    Args:
        line: where it stands in the diff now; None where the diff has moved on from under it.
        original: where it stood when it was written; None where it is about a whole file.
        hunk: the diff up to that line, as it was then.
    """
    found: dict[str, object] = {"path": path}
    if line or original:
        found["line"] = line or original
    if original and not line:
        found["outdated"] = True
    # The header only says which lines these are.
    lines = [one for one in hunk.split("\n") if not one.startswith("@@")][-_LINES_OF_HUNK:]
    if any(lines):
        found["diff_hunk"] = "\n".join(lines)[-_LONGEST_HUNK:]
    return found


def assigned(accounts: Iterable[Mapping[str, str] | None]) -> tuple[Mapping[str, str], ...]:
    """Return the accounts to which a thread is assigned, in an order that does not change."""
    return tuple(sorted((one for one in accounts if one), key=itemgetter("id")))


def reaction_name(content: str) -> str:
    """Return what the REST API, and Dexxy, call a reaction of GraphQL's."""
    return {"THUMBS_UP": "+1", "THUMBS_DOWN": "-1"}.get(content, content.lower())


def known(details: Mapping[str, object | None]) -> dict[str, object]:
    """Return DETAILS without what GitHub has no value for, as a snapshot stores them."""
    return {name: value for name, value in details.items() if value not in (None, "", {})}


def written_at(created_at: datetime, submitted_at: datetime | None) -> datetime:
    """Return when others saw a comment on code: not before its review was submitted."""
    return created_at if submitted_at is None else max(created_at, submitted_at)


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
        details=known({"association": thread.details.get("association")}),
    )
