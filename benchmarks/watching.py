"""When messages are told of by webhooks, and when they can be seen."""

import os
from collections import defaultdict
from collections.abc import Iterator
from threading import Event, Lock, Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any

import psycopg

# A message: its group, its kind, and its own key; a state change has that of its thread.
Key = tuple[str, str, str]

POLL_SECONDS = 0.02
STATES = {"closed", "reopened", "merged", "answered"}
_GROUPS = {
    "opened": "openings",
    "comment": "comments",
    "review": "reviews",
    "review_comment": "reviews",
    "reply": "replies",
}
_NEW = """
SELECT m.id, m.kind, m.external_id, t.kind, t.number
FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id
WHERE m.source_id = %s AND m.id > %s AND NOT m.is_archived AND m.kind = ANY(%s)
"""
# Numbers are given before a row is committed: so far back another may appear.
_LOOKED_AT_AGAIN = 1000


class Watch:
    """Looks at the messages of a source, and remembers when it saw each. A context manager."""

    def __init__(self, source_id: int) -> None:
        self._source_id = source_id
        self._told: dict[Key, list[float]] = defaultdict(list)
        self._seen: dict[Key, list[float]] = defaultdict(list)
        self._lock, self._stop = Lock(), Event()
        self._thread = Thread(target=self._run, daemon=True)

    def tell(self, event: str, payload: dict[str, Any]) -> None:
        """Note that a webhook is sent now, if one message comes of it."""
        key = key_of(event, payload)
        if key is not None:
            with self._lock:
                self._told[key].append(monotonic())

    def wait(self, seconds: float) -> None:
        """Wait until all is seen that was told of, or so long."""
        deadline = monotonic() + seconds
        while monotonic() < deadline and any(late is None for _, late in self.delays()):
            sleep(0.1)

    def delays(self) -> Iterator[tuple[str, float | None]]:
        """Return each message's group, and how many seconds it took; None if it is not there."""
        with self._lock:
            told, seen = dict(self._told), dict(self._seen)
        for key, times in told.items():
            for place, at in enumerate(times):
                later = seen.get(key, [])[place : place + 1]
                yield key[0], max(0.0, later[0] - at) if later else None

    def __enter__(self) -> "Watch":
        self._connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        self._known = {row[0] for row in self._rows(0)}
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            rows = self._rows(max(self._known, default=0) - _LOOKED_AT_AGAIN)
            now = monotonic()
            with self._lock:
                for pk, kind, external_id, thread_kind, number in sorted(rows):
                    if pk not in self._known:
                        self._known.add(pk)
                        key = _key(kind, external_id, thread_kind, number)
                        self._seen[key].append(now)

    def _rows(self, above: int) -> list[tuple[int, str, str, str, int]]:
        kinds = [*STATES, *_GROUPS]  # what a webhook tells as a message of its own
        return self._connection.execute(_NEW, (self._source_id, above, kinds)).fetchall()


def _key(kind: str, external_id: object, thread_kind: str, number: int) -> Key:
    if kind in STATES or kind == "opened":
        group = "state changes" if kind in STATES else _GROUPS[kind]
        return group, kind, f"{thread_kind} {number}"
    return _GROUPS[kind], kind, str(external_id)


def key_of(event: str, payload: dict[str, Any]) -> Key | None:
    """Return which message comes of a webhook, or None."""
    action = payload.get("action")
    if event in ("issue_comment", "pull_request_review_comment") and action == "created":
        kind = "comment" if event == "issue_comment" else "review_comment"
        return _key(kind, payload["comment"]["id"], "", 0)
    if event == "pull_request_review" and action == "submitted":
        return _key("review", payload["review"]["id"], "", 0)
    if event == "discussion_comment" and action == "created":
        comment = payload["comment"]
        number = comment["id"] if comment["id"] < 2**31 else comment["node_id"]
        return _key("reply" if comment["parent_id"] else "comment", number, "", 0)
    if event in ("issues", "pull_request", "discussion"):
        return _of_thread(event, str(action), payload)
    return None


def _of_thread(event: str, action: str, payload: dict[str, Any]) -> Key | None:
    thread_kind = "issue" if event == "issues" else event
    thread = payload[thread_kind]
    kind = "merged" if action == "closed" and thread.get("merged") else action
    # That of a discussion is said to be `created`.
    kind = "opened" if kind == "created" else kind
    known = kind == "opened" or kind in STATES
    return _key(kind, "", thread_kind, thread["number"]) if known else None
