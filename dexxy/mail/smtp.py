"""SMTP whose every answer ends: in time, and within a size, however it is sent.

The library gives each piece of an answer the whole time again, and takes as many lines as come.
"""

import smtplib
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

# A server that has much to say says it in a few lines (RFC 5321, 4.2.1).
LONGEST_ANSWER = 64 * 1024


class _Answer(RawIOBase):
    """What comes of one answer."""

    def __init__(self, connection: socket, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self.begin()

    def begin(self) -> None:
        """Give the next answer its time and its room."""
        self._ends_at, self._left = monotonic() + self._seconds, LONGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = self._ends_at - monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        if self._left <= 0:
            raise OSError(f"its answer is longer than {LONGEST_ANSWER} bytes")
        self._connection.settimeout(seconds)
        count = self._connection.recv_into(buffer)
        self._left -= count
        return count


class _BoundedAnswers(smtplib.SMTP):
    _answer: _Answer

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer as the library does, within the bounds."""
        if self.file is None and self.sock is not None:
            self._answer = _Answer(self.sock, self.timeout)
            self.file = BufferedReader(self._answer)
        self._answer.begin()
        try:
            return super().getreply()
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)


class _BoundedOverTls(_BoundedAnswers, smtplib.SMTP_SSL):
    pass


class BoundedEmailBackend(EmailBackend):
    """Django's, by connections that no server keeps waiting or fills."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _BoundedOverTls if self.use_ssl else _BoundedAnswers
