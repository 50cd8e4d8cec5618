"""A place in a list of messages, as opaque text."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dexxy.common.errors import BadInputError
from dexxy.messages.models import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_ID = 2**63 - 1


class InvalidCursorError(BadInputError):
    """A cursor that no page of ours has handed out."""


@dataclass(frozen=True)
class Cursor:
    """The message at which a page ended."""

    occurred_at: datetime
    pk: int

    @classmethod
    def of(cls, message: Message) -> "Cursor":
        """Return the place of MESSAGE."""
        return cls(message.occurred_at, message.pk)

    def __str__(self) -> str:
        plain = f"{(self.occurred_at - _EPOCH) // _MICROSECOND}.{self.pk}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what `str()` wrote.

        Raises:
            InvalidCursorError: TEXT is anything else.
        """
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            micros, pk = base64.b64decode(padded, b"-_", validate=True).decode("ascii").split(".")
            cursor = cls(_EPOCH + int(micros) * _MICROSECOND, int(pk))
        except (UnicodeError, binascii.Error, ValueError, OverflowError) as error:
            raise InvalidCursorError("The cursor is not one of ours.") from error
        if not 0 <= cursor.pk <= _LARGEST_ID:
            raise InvalidCursorError("The cursor is not one of ours.")
        return cursor
