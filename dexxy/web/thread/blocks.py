"""A thread as it is read: messages, what people did in one line, reviews with their comments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dexxy.messages.conversation.page import Conversation
from dexxy.messages.models import Message, MessageKind


@dataclass
class Block:
    """What stands together.

    Args:
        message: a review, or what stands alone; of comments whose review says nothing, the first.
        comments: of a review, on the code.
        is_after_team: the team's last word stands right before it, and somebody waits.
        is_unread: here begins what the reader has not read.
    """

    message: Message
    comments: list[Message] = field(default_factory=list)
    is_after_team: bool = False
    is_unread: bool = False

    @property
    def messages(self) -> Sequence[Message]:
        """All messages of it."""
        return [self.message, *(one for one in self.comments if one is not self.message)]

    @property
    def is_review(self) -> bool:
        """Whether it has comments on code."""
        return bool(self.comments)

    @property
    def has_words(self) -> bool:
        """Whether it is more than a line."""
        return self.is_review or bool(self.message.body)


def blocks_of(messages: Iterable[Message]) -> list[Block]:
    """Put each review and its comments together, where nothing stands between them."""
    blocks: list[Block] = []
    last = ""
    for message in messages:
        review = _review_of(message)
        if review and review == last:
            _add(blocks[-1], message)
        else:
            is_comment = message.kind == MessageKind.REVIEW_COMMENT
            blocks.append(Block(message, [message] if is_comment else []))
        last = review
    return blocks


def marked(blocks: Sequence[Block], found: Conversation) -> Sequence[Block]:
    """Mark where the team last spoke, and where what is unread begins."""
    team = found.landmarks.team.pk if found.is_waiting and found.landmarks.team else None
    unread = found.landmarks.unread.pk if found.landmarks.unread else None
    for before, block in zip([None, *blocks], blocks, strict=False):
        block.is_after_team = before is not None and team in _ids(before)
        block.is_unread = unread in _ids(block)
    return blocks


def _ids(block: Block) -> set[int | None]:
    return {message.pk for message in block.messages}


def _review_of(message: Message) -> str:
    """Return the id of the review that MESSAGE is, or belongs to; '' for none."""
    if message.kind == MessageKind.REVIEW:
        return message.external_id
    return str(message.details.get("review_id", ""))


def _add(block: Block, message: Message) -> None:
    if message.kind == MessageKind.REVIEW:
        block.message = message
    else:
        block.comments.append(message)
