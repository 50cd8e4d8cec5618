"""Valkey keeps nothing that anybody misses: whoever uses it goes on without it, and says so.

It is away, still loading, full, or takes no writes: to a caller all of these are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from secrets import token_hex
from time import monotonic, time
from typing import Any, ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

# Seconds that a request of a web thread waits for an answer. A healthy server needs a thousandth.
LONGEST_WAIT = 1.0
# Seconds in which nobody tries again: of many requests at such a time one waits, and not each.
PAUSE = 3.0
_LOGGED_AGAIN_AFTER = 60.0


class Outage:
    """Whether Valkey cannot be used, as far as this process has noticed."""

    def __init__(self) -> None:
        self._tried_again_at = self._logged_again_at = 0.0

    @property
    def is_on(self) -> bool:
        """Whether it failed just now, so that it is not worth a try."""
        return monotonic() < self._tried_again_at

    def begin(self, error: RedisError) -> None:
        """Note that it failed, with a line in the log once a minute."""
        now = monotonic()
        self._tried_again_at = now + PAUSE
        if now >= self._logged_again_at:
            self._logged_again_at = now + _LOGGED_AGAIN_AFTER
            log.warning(
                "the queue cannot be used",
                error=str(error),
                meanwhile="workers wait for the scheduler, and limits are not counted",
            )

    def forget(self) -> None:
        """Forget all failures."""
        self._tried_again_at = self._logged_again_at = 0.0


# Of this process: the cache and the queue are one server.
outage = Outage()


def impatient() -> dict[str, Any]:
    """Return the options of a connection for which no page may wait long."""
    return {
        "socket_timeout": LONGEST_WAIT,
        "socket_connect_timeout": LONGEST_WAIT,
        # Once more at once: a connection that was kept may have died since.
        "retry": Retry(NoBackoff(), 1, supported_errors=(NoConnectionError,)),
    }


@cache
def connection_to(url: str) -> Redis:
    """Return the connections of this process to the server at URL."""
    return Redis.from_url(url, **impatient())


class _Client(RedisCacheClient):
    """Does as if the cache were empty while the server cannot be used."""

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        return _tried(True, super().add, key, value, timeout)

    def get(self, key: Any, default: Any) -> Any:
        return _tried(default, super().get, key, default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        _tried(None, super().set, key, value, timeout)

    def touch(self, key: Any, timeout: Any) -> bool:
        return _tried(False, super().touch, key, timeout)

    def delete(self, key: Any) -> bool:
        return _tried(False, super().delete, key)

    def get_many(self, keys: Any) -> dict[Any, Any]:
        return _tried({}, super().get_many, keys)

    def has_key(self, key: Any) -> bool:
        return _tried(False, super().has_key, key)

    def incr(self, key: Any, delta: Any) -> Any:
        count = _tried(None, super().incr, key, delta)
        if count is None:
            raise ValueError(f"Key '{key}' not found.")
        return count

    def set_many(self, data: Any, timeout: Any) -> None:
        _tried(None, super().set_many, data, timeout)

    def delete_many(self, keys: Any) -> None:
        _tried(None, super().delete_many, keys)

    def clear(self) -> bool:
        return _tried(False, super().clear)


def _tried(empty: T, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the server, or answer as an EMPTY one would."""
    if outage.is_on:
        return empty
    try:
        return ask(*args, **kwargs)
    except RedisError as error:
        outage.begin(error)
        return empty


class ExpendableCache(RedisCache):
    """Django's cache, for what may be lost at any moment: the counts of limits."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": impatient()})
        self._class = _Client


@dataclass(frozen=True)
class Seat:
    """One of the seats that somebody has."""

    seats: "Seats"
    key: str
    number: str

    def keep(self) -> None:
        """Have it for longer."""
        _tried(None, self._keep)

    def _keep(self) -> None:
        until = {self.number: time() + self.seats.seconds}
        with self.seats.server().pipeline() as together:
            together.zadd(self.key, until, xx=True)
            together.expire(self.key, self.seats.seconds)
            together.execute()

    def leave(self) -> None:
        """Let it be taken again."""
        _tried(None, self.seats.server().zrem, self.key, self.number)


class Seats:
    """Seats for what somebody does several times at once; while Valkey is away, there are enough.

    Args:
        name: which begins their keys.
        most: seats of each.
        seconds: after which one counts as left that was neither left nor kept.
    """

    def __init__(self, name: str, *, most: int, seconds: int) -> None:
        self._name, self._most, self.seconds = name, most, seconds

    def take(self, whose: str) -> Seat | None:
        """Take one of WHOSE seats; None where all are taken."""
        seat = Seat(self, f"{self._name}:{whose}", token_hex(8))
        return seat if _tried(True, self._take, seat) else None

    def _take(self, seat: Seat) -> bool:
        server, now = self.server(), time()
        with server.pipeline() as together:
            together.zremrangebyscore(seat.key, 0, now)
            together.zadd(seat.key, {seat.number: now + self.seconds})
            together.zcard(seat.key)
            together.expire(seat.key, self.seconds)
            taken = together.execute()[2]
        if taken > self._most:
            server.zrem(seat.key, seat.number)
        return bool(taken <= self._most)

    @staticmethod
    def server() -> Redis:
        return connection_to(settings.REDIS_URL)


class Shelf:
    """Texts under one name, of which the newest are kept that are so many bytes together.

    Args:
        name: which begins the keys of all its texts.
        most_bytes: of all its texts; what was put there last stays, however long it is.
        seconds: how long a text is kept at most.
    """

    def __init__(self, name: str, *, most_bytes: int, seconds: int) -> None:
        self._name, self._most_bytes, self._seconds = name, most_bytes, seconds

    def get(self, key: str) -> str | None:
        """Return the text with a key; None where there is none."""
        found: Any = _tried(None, self._server().get, self._key(key))
        return None if found is None else found.decode()

    def put(self, key: str, text: str) -> None:
        """Keep a text, in place of the one with the same key."""
        _tried(None, self._put, self._key(key), text)

    def _put(self, key: str, text: str) -> None:
        server = self._server()
        with server.pipeline() as together:
            together.set(key, text, ex=self._seconds)
            together.zadd(self._name, {key: time()})
            together.expire(self._name, self._seconds)
            together.zrevrange(self._name, 0, -1)
            keys = together.execute()[-1]
        with server.pipeline(transaction=False) as together:
            for one in keys:
                together.strlen(one)
            sizes = together.execute()
        total, over = 0, []
        for one, size in zip(keys, sizes, strict=True):
            total += size
            # What has expired is no longer there.
            if one != key.encode() and (not size or total > self._most_bytes):
                over.append(one)
        if over:
            server.zrem(self._name, *over)
            server.delete(*over)

    def _key(self, key: str) -> str:
        return f"{self._name}:{key}"

    @staticmethod
    def _server() -> Redis:
        return connection_to(settings.REDIS_URL)
