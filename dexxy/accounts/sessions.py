"""Sessions whose rows open nothing: the database has a digest of what the cookie says.

With the key itself, as Django keeps it, whoever reads the database, a dump or a backup could sign
in as everybody who is signed in.
"""

import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock
from typing import Any

from cachetools import TTLCache
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dexxy.accounts.security.open_sessions import session_note

# Seconds in which a session that is used is not written down again, by one process.
SEEN_EVERY = 300
# Seconds for which a session lasts in which nobody is signed in: anybody can begin one, and it has
# no more than what somebody needs to come back from a provider, or to find their second step.
STRANGERS_LAST = 1800
_MOST_REMEMBERED = 10_000
# As long as the column, and longer than any key.
DIGEST_LENGTH = 40
# In the session itself: the digest that was written down of it, and when it began.
_NOTED, _BEGUN = "noted", "begun"

_seen: TTLCache[str, bool] = TTLCache(_MOST_REMEMBERED, SEEN_EVERY)
_seen_lock = Lock()
# Whoever has one address of IPv6 has all of these: providers give no less to a line.
_IPV6_PREFIX = 64


class SessionStore(DatabaseStore):
    """A session of a browser, found by the digest of its key.

    Of one in which somebody is signed in, a row tells them where that is: by which browser, and
    from which address. `SessionSeenMiddleware` says both.
    """

    user_agent = address = ""

    def get_session_cookie_age(self) -> int:
        return super().get_session_cookie_age() if SESSION_KEY in self else STRANGERS_LAST

    def exists(self, session_key: str) -> bool:
        return super().exists(session_digest(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(session_digest(key))

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:  # it comes back with one
            super().save(must_create)
            return
        data, digest = self._data(must_create), session_digest(self.session_key)
        is_new = SESSION_KEY in data and data.get(_NOTED) != digest
        if is_new:
            data[_NOTED] = digest
            data.setdefault(_BEGUN, time.time())
        super().save(must_create)
        if is_new:
            self._note(digest)

    def _data(self, must_create: bool) -> dict[str, Any]:
        # As Django's own `save` reads it, which has no public name for that.
        read: Callable[..., dict[str, Any]] = getattr(self, "_get_session")  # noqa: B009
        return read(no_load=must_create)

    def note_seen(self) -> None:
        """Write down that the session is used, once in a while."""
        if not self.accessed or SESSION_KEY not in self:
            return
        digest = session_digest(self.session_key or "")
        if self.modified and self.get(_NOTED) != digest:  # whoever saves it writes it down
            return
        with _seen_lock:
            is_known = digest in _seen
        if not is_known:
            self._note(digest)

    def _note(self, digest: str) -> None:
        with _seen_lock:
            _seen[digest] = True
        session_note(
            digest,
            int(self[SESSION_KEY]),
            user_agent=self.user_agent,
            address=self.address,
            begun=float(self.get(_BEGUN, time.time())),
        )

    def create_model_instance(self, data: Any) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = session_digest(row.session_key)
        return row

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=session_digest(self.session_key or ""), expire_date__gt=timezone.now()
        )
        row = found.first()
        if row is None:
            self._session_key = None  # as Django does it: what is unknown is never adopted
        return row


class SessionSeenMiddleware:
    """Lets sessions know by which browser they are used, and be seen to be used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if not isinstance(session, SessionStore):
            return self.get_response(request)
        session.user_agent = request.headers.get("User-Agent", "")
        # As the server of `dexxy web` has found it behind the proxies that are trusted.
        session.address = request.META.get("REMOTE_ADDR", "")
        response = self.get_response(request)
        session.note_seen()
        return response


def session_digest(session_key: str) -> str:
    """Return by what the row of a session is found."""
    # A key is random enough for a digest without a salt.
    return sha256(session_key.encode()).hexdigest()[:DIGEST_LENGTH]


def sender_counted(address: str) -> str:
    """Return what requests from ADDRESS are counted by: itself, or its network of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:  # a socket has none
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, _IPV6_PREFIX), strict=False))
    return str(found)
