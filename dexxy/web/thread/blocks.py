"""A thread as it is read: messages, what people did in one line, reviews with their comments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dexxy.messages.conversation.code import Resolved, conversation_key, resolved_as
from dexxy.messages.conversation.outline import Line
from dexxy.messages.conversation.page import Conversation
from dexxy.messages.models import Message, MessageKind

_NOTHING: Resolved = {}


@dataclass
class OnCode:
    """A comment on code, and below it the replies to it that are shown.

    Args:
        first: the comment, or the first reply where the comment is not shown.
        is_open: what folds is not folded: something in it is looked for.
        unread: the id of the reply with which begins what the reader has not read.
    """

    first: Message
    is_resolved: bool
    replies: list[Message] = field(default_factory=list)
    is_open: bool = False
    unread: int | None = None

    @property
    def messages(self) -> Sequence[Message]:
        """All messages of it."""
        return [self.first, *self.replies]

    @property
    def is_outdated(self) -> bool:
        """Whether the code has changed since."""
        return bool(self.first.details.get("outdated"))


@dataclass
class Block:
    """What stands together.

    Args:
        message: a review, or what stands alone; of comments whose review says nothing, the first.
        code: of a review, what was said about the code, with the replies that came later.
        is_after_team: the team's last word came right before it, and somebody waits.
        is_unread: here begins what the reader has not read.
    """

    message: Message
    code: list[OnCode] = field(default_factory=list)
    is_after_team: bool = False
    is_unread: bool = False

    @property
    def messages(self) -> Sequence[Message]:
        """All messages of it, without replies that came later."""
        firsts = (one.first for one in self.code)
        return [self.message, *(one for one in firsts if one is not self.message)]

    @property
    def is_review(self) -> bool:
        """Whether it has comments on code."""
        return bool(self.code)

    @property
    def has_words(self) -> bool:
        """Whether it is more than a line."""
        return self.is_review or bool(self.message.body)


def blocks_of(messages: Iterable[Message], resolved: Resolved = _NOTHING) -> list[Block]:
    """Put each review and its comments together, and replies on code below what they answer."""
    blocks: list[Block] = []
    begun: dict[str, OnCode] = {}
    last = ""
    for message in messages:
        key = conversation_key(message, resolved)
        if key in begun:
            begun[key].replies.append(message)
            continue
        on_code = OnCode(message, resolved_as(message, resolved) is not None)
        is_comment = message.kind == MessageKind.REVIEW_COMMENT
        if is_comment:
            begun[key] = on_code
        review = _review_of(message)
        if review and review == last:
            _add(blocks[-1], message, on_code)
        else:
            blocks.append(Block(message, [on_code] if is_comment else []))
        last = review
    return blocks


def marked(blocks: Sequence[Block], found: Conversation) -> Sequence[Block]:
    """Mark where the team last spoke, where what is unread begins, and open what is looked for."""
    team = found.landmarks.team if found.is_waiting else None
    unread = found.landmarks.unread.pk if found.landmarks.unread else None
    for before, block in zip([None, *blocks], blocks, strict=False):
        block.is_after_team = _is_between(team, before, block)
        block.is_unread = unread in {message.pk for message in block.messages}
        for one in block.code:
            one.unread = unread if unread in {reply.pk for reply in one.replies} else None
            ids = {message.pk for message in one.messages}
            one.is_open = not ids.isdisjoint({found.target, unread})
    return blocks


def _is_between(line: Line | None, before: Block | None, block: Block) -> bool:
    """Tell whether what LINE tells of was said after one block had begun, and before another."""
    if line is None or before is None:
        return False
    return _key(before) <= line.key < _key(block)


def _key(block: Block) -> tuple[datetime, int]:
    return block.message.occurred_at, block.message.pk


def _review_of(message: Message) -> str:
    """Return the id of the review that MESSAGE is, or belongs to; '' for none."""
    if message.kind == MessageKind.REVIEW:
        return message.external_id
    return str(message.details.get("review_id", ""))


def _add(block: Block, message: Message, on_code: OnCode) -> None:
    if message.kind == MessageKind.REVIEW:
        block.message = message
    else:
        block.code.append(on_code)
