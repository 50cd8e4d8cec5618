"""Sessions whose rows open nothing: the database has a digest of what the cookie says.

With the key itself, as Django keeps it, whoever reads the database, a dump or a backup could sign
in as everybody who is signed in.
"""

from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone


class SessionStore(DatabaseStore):
    """A session of a browser, found by the digest of its key."""

    def exists(self, session_key: str) -> bool:
        return super().exists(_digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(_digest(key))

    def create_model_instance(self, data: Any) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = _digest(row.session_key)
        return row

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=_digest(self.session_key or ""), expire_date__gt=timezone.now()
        )
        row = found.first()
        if row is None:
            self._session_key = None  # as Django does it: what is unknown is never adopted
        return row


def _digest(session_key: str) -> str:
    # As long as the column; a key is random enough for a digest without a salt.
    return sha256(session_key.encode()).hexdigest()[:40]
