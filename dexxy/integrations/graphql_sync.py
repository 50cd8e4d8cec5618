"""How far repositories are read, and what was read when."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import Self, cast

import strawberry
import strawberry_django

from dexxy.common.graphql_cost import cost
from dexxy.integrations import models
from dexxy.integrations.models import RunState, RunTrigger, StreamName
from dexxy.integrations.progress import Progress
from dexxy.integrations.receipts import receipt_of
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind

# Of one run; their names are a few dozen words of ours.
_COUNTS = 30

strawberry.enum(RunState, description="How a run is doing.")
strawberry.enum(RunTrigger, description="What started a run.")
strawberry.enum(StreamName, description="A list that is read by itself.")


@strawberry.type(description="How much of what is expected has been read.")
class SyncProgress:
    done: int
    expected: int | None = strawberry.field(description="Null while GitHub has not said.")
    percent: int | None
    remaining_seconds: int | None = strawberry.field(
        description="Estimated from the recent speed of the running sync."
    )

    @classmethod
    def of(cls, progress: Progress) -> Self:
        left = progress.remaining
        return cls(
            done=progress.done,
            expected=progress.expected,
            percent=progress.percent,
            remaining_seconds=None if left is None else round(left.total_seconds()),
        )


@strawberry.type(description="One list of a repository.")
class SyncStream:
    name: StreamName
    is_done: bool
    progress: SyncProgress

    @classmethod
    def of(cls, stream: models.SyncStream, progress: Progress) -> Self:
        return cls(
            name=StreamName(stream.name),
            is_done=stream.is_done,
            progress=SyncProgress.of(progress),
        )


@strawberry.type(description="How many things of one kind a run read.")
class SyncCount:
    name: str
    count: int


@strawberry.type(description="Threads of one kind: here, and on GitHub.")
class SyncReceiptLine:
    kind: ThreadKind
    here: int
    github: int
    agrees: bool
    taken_at: datetime = strawberry.field(description="When GitHub counted.")


@strawberry.type(description="Messages of one kind: here, and on GitHub.")
class SyncMessageReceiptLine:
    kind: MessageKind
    here: int
    github: int
    agrees: bool
    taken_at: datetime = strawberry.field(description="When the sweep had met them all.")


@strawberry.type(description="The counts here beside GitHub's, and when they were taken.")
class SyncReceipt:
    taken_at: datetime = strawberry.field(description="Since when those of threads hold.")
    lines: list[SyncReceiptLine] = strawberry.field(metadata=cost(items=len(ThreadKind)))
    messages: list[SyncMessageReceiptLine] = strawberry.field(
        description="As the last sweep met them; empty before there was one.",
        metadata=cost(items=len(MessageKind)),
    )


@strawberry_django.type(models.SyncRun, description="One sync of one repository.")
class SyncRun:
    id: strawberry.ID
    trigger: RunTrigger
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    requests: int = strawberry.field(description="Requests spent.")
    points: int = strawberry.field(description="Points of GitHub's GraphQL budget spent.")
    error: str = strawberry.field(description="What stopped it, and what to do about it.")
    error_code: str

    @strawberry.field(description="What it read.", metadata=cost(items=_COUNTS))
    def counts(self, root: strawberry.Parent[models.SyncRun]) -> list[SyncCount]:
        return [SyncCount(name=name, count=root.counts[name]) for name in sorted(root.counts)]

    @strawberry.field(description="Null until the run has compared.")
    def receipt(self, root: strawberry.Parent[models.SyncRun]) -> SyncReceipt | None:
        return cast("SyncReceipt | None", receipt_of(root.receipt))


@strawberry.type(description="A thread that cannot be read although its neighbours can.")
class SyncProblem:
    thread_kind: str
    number: int
    error: str
    attempts: int
