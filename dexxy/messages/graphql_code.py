"""Conversations on code in the API."""

import strawberry

from dexxy.common.graphql import Info
from dexxy.messages import models
from dexxy.messages.conversation.code import (
    NO_CODE,
    CodeCounts,
    Resolved,
    code_counts,
    resolved_as,
    resolved_in,
)
from dexxy.messages.models import MessageKind


@strawberry.type(description="Comments on the code of a pull request, each with its replies.")
class CodeConversations:
    resolved: int = strawberry.field(description="How many are marked as resolved on the server.")
    unresolved: int = strawberry.field(description="How many are not.")


def code_conversations_shown(info: Info, thread: models.Thread) -> CodeConversations:
    """Count those of every thread of this request at once, when the first is asked."""
    shared = info.context.shared
    found: dict[int, CodeCounts] = shared.setdefault("code", {})
    if thread.pk not in found:
        threads = {**shared.get("threads", {}), thread.pk: thread}
        unread = [one for pk, one in threads.items() if pk not in found]
        counts = code_counts(unread)
        found.update({one.pk: counts.get(one.pk, NO_CODE) for one in unread})
    counted = found[thread.pk]
    return CodeConversations(resolved=counted.resolved, unresolved=counted.unresolved)


def resolved_shown(info: Info, message: models.Message) -> bool | None:
    """Tell whether a comment on code is resolved, reading all threads of this request at once."""
    if message.kind != MessageKind.REVIEW_COMMENT:
        return None
    shared = info.context.shared
    found: dict[int, Resolved] = shared.setdefault("resolved", {})
    if message.thread_id not in found:
        threads = {message.thread_id, *shared.get("threads", {})} - found.keys()
        found.update(resolved_in(threads))
    return resolved_as(message, found[message.thread_id]) is not None
