"""Read one page and store it: the step that a sync is made of.

A page's rows and its cursor are one transaction, in which the lease is checked. So a process
that is killed anywhere goes on where it was, with nothing lost and nothing doubled.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    StreamName,
    SyncPart,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services import github_parts as parts
from dexxy.integrations.services.github_client import Answer, GitHubClient
from dexxy.integrations.services.github_lease import LEASE_SECONDS, Lease
from dexxy.integrations.services.github_mapping import MappedThread
from dexxy.integrations.services.github_queries import PAGE_LIMIT
from dexxy.integrations.services.github_streams import STREAMS, ThreadStream
from dexxy.messages.ingest import Place, snapshots_apply

log = structlog.get_logger()

# An update that GitHub shows late must not fall between two scans.
WATERMARK_OVERLAP = timedelta(minutes=5)
# Seconds before each new try of a request that got no answer.
RETRY_AFTER = (0.5, 1.0, 2.0)
PARTS_PER_REQUEST = 50


class RepositoryReplacedError(DexxyError):
    """Another repository has the name now; nothing of it is stored."""

    code = "repository_replaced"


class RepositoryReader:
    """Reads a repository step by step, for the process that holds the lease."""

    def __init__(
        self, *, client: GitHubClient, repository: GitHubRepository, run: SyncRun, lease: Lease
    ) -> None:
        self.client = client
        self.repository = repository
        self.run = run
        self.lease = lease
        source = repository.source
        self.place = Place(source.workspace_id, source.pk, source.server)
        self.parts_per_request = PARTS_PER_REQUEST

    def step(self) -> bool:
        """Read and store one page. Returns whether there was one.

        Raises:
            DexxyError: the page could not be read; nothing of it was stored.
        """
        waiting = parts.waiting(self.repository, self.parts_per_request)
        if waiting:
            self._read_parts(waiting)
            return True
        stream = self.repository.streams.filter(is_done=False).order_by("pk").first()
        if stream is None:
            return False
        self._read_page(stream, STREAMS[StreamName(stream.name)])
        return True

    def _read_page(self, stream: SyncStream, spec: ThreadStream) -> None:
        size = stream.page_size or PAGE_LIMIT
        try:
            answer = self._ask(spec.document, self._page_variables(stream, size))
        except errors.CursorRefusedError:
            stream_restart(stream)
            return
        except errors.QueryTooHeavyError:
            if size == 1:
                raise
            stream.page_size = size // 2
            stream.save(update_fields=["page_size", "updated_at"])
            return
        found, threads = self._mapped(answer, stream, spec)
        with transaction.atomic():
            self.lease.renew()
            stored = snapshots_apply(
                self.place, [t.snapshot for t in threads], asked_at=answer.asked_at
            )
            parts.replace(self.repository, stored, [t.open_lists for t in threads], answer.asked_at)
            self._advance(stream, spec, found, answer)
            self._count(answer, threads=len(threads), messages=_messages_in(threads))

    def _page_variables(self, stream: SyncStream, size: int) -> dict[str, Any]:
        owner, name = self.repository.full_name.split("/")
        backfill = stream.watermark is None
        order = ("CREATED_AT", "ASC") if backfill else ("UPDATED_AT", "DESC")
        return {
            "owner": owner,
            "name": name,
            "first": size,
            "after": stream.cursor if stream.scan_started_at else None,
            "order": dict(zip(("field", "direction"), order, strict=True)),
        }

    def _mapped(
        self, answer: Answer, stream: SyncStream, spec: ThreadStream
    ) -> tuple[Any, list[MappedThread]]:
        found = answer.data.get("repository")
        if found is None:
            raise errors.NotFoundError(f"GitHub does not show {self.repository.full_name}.")
        try:
            if found["databaseId"] != self.repository.github_id:
                raise RepositoryReplacedError(
                    f"{self.repository.full_name} is another repository now."
                    " Connect it again under its new name."
                )
            nodes = found[spec.field]["nodes"]
            return found, [spec.map(node) for node in nodes if node and not _is_known(stream, node)]
        except (KeyError, TypeError, ValueError) as error:
            raise errors.UnexpectedAnswerError(
                f"GitHub's list of {spec.field} has an unknown shape ({error!r}). Update Dexxy."
            ) from error

    def _advance(self, stream: SyncStream, spec: ThreadStream, found: Any, answer: Answer) -> None:
        """Move the cursor behind the page, and end the scan after its last one."""
        listing = found[spec.field]
        if stream.scan_started_at is None:
            stream.scan_started_at, stream.read = answer.date, 0
        stream.read += len(listing["nodes"])
        stream.cursor = listing["pageInfo"]["endCursor"] or ""
        stream.expected = listing["totalCount"] if stream.watermark is None else None
        stream.page_size = min(PAGE_LIMIT, (stream.page_size or PAGE_LIMIT) + 5)
        # From the newest update down, everything behind a known thread is known.
        reached = any(node and _is_known(stream, node) for node in listing["nodes"])
        if reached or not listing["pageInfo"]["hasNextPage"]:
            stream.watermark = stream.scan_started_at - WATERMARK_OVERLAP
            stream.scan_started_at = None
            stream.is_done = True
        stream.save()
        setattr(self.repository, spec.cursor_field, stream.cursor)
        self.repository.full_name = found["nameWithOwner"]
        self.repository.name = found["nameWithOwner"].split("/")[1]
        # Due again soon, should this process die before it says when.
        self.repository.next_sync_at = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        self.repository.save(
            update_fields=[spec.cursor_field, "full_name", "name", "next_sync_at", "updated_at"]
        )
        self.run.receipt[spec.thread_kind] = {
            "github": listing["totalCount"],
            "taken_at": answer.date.isoformat(),
            "is_enabled": bool(spec.enabled_field is None or found[spec.enabled_field]),
        }

    def _read_parts(self, waiting: Sequence[SyncPart]) -> None:
        document, variables = parts.query(waiting)
        places = [f"p{place}" for place in range(len(waiting))]
        try:
            answer = self._ask(document, variables, may_miss=places)
        except errors.CursorRefusedError:
            parts.restart(waiting)
            return
        except errors.QueryTooHeavyError:
            if self.parts_per_request == 1:
                raise
            self.parts_per_request //= 2
            return
        with transaction.atomic():
            self.lease.renew()
            count = parts.apply(self.place, waiting, answer)
            self._count(answer, messages=count)

    def _ask(self, document: str, variables: dict[str, Any], **options: Any) -> Answer:
        for wait in (*RETRY_AFTER, None):
            self.lease.renew()
            self.run.requests += 1
            try:
                return self.client.query(document, variables, **options)
            except errors.QueryTooHeavyError:
                raise
            except (errors.GitHubUnreachableError, errors.GitHubServerError) as error:
                if wait is None:
                    raise
                log.info("asking GitHub again", error=str(error), seconds=wait)
                sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _count(self, answer: Answer, **counts: int) -> None:
        for name, count in counts.items():
            self.run.counts[name] = self.run.counts.get(name, 0) + count
        limit = answer.data.get("rateLimit")
        if limit:
            self.run.points += limit["cost"]
            credential = Credential.objects.filter(installations=self.repository.installation_id)
            credential.update(points_remaining=limit["remaining"])
        self.run.save()


def _messages_in(threads: Sequence[MappedThread]) -> int:
    return sum(len(thread.snapshot.messages) for thread in threads)


def _is_known(stream: SyncStream, node: Any) -> bool:
    """Tell whether a thread was read by an earlier scan and has not changed since."""
    if stream.watermark is None:
        return False
    return datetime.fromisoformat(node["updatedAt"]) < stream.watermark


def stream_restart(stream: SyncStream) -> None:
    """Start a scan from its beginning; what it stored already is not doubled."""
    stream.cursor, stream.scan_started_at, stream.read = "", None, 0
    stream.save()
