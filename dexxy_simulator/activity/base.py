"""What all activities use: numbering, times, timeline events, associations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from dexxy_simulator.dialects import UNSURE_CHANGES
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import (
    Actor,
    Commit,
    GitActor,
    Issue,
    Node,
    PullRequest,
    PullRequestCommit,
    Repository,
    Thread,
    TimelineEvent,
)
from dexxy_simulator.state import WorldState

StateT = TypeVar("StateT", bound=WorldState)
P = ParamSpec("P")
R = TypeVar("R")


def activity(
    function: Callable[Concatenate[StateT, P], R],
) -> Callable[Concatenate[StateT, P], R]:
    """Run a change of the world while nobody reads it."""

    @wraps(function)
    def locked(world: StateT, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with world.lock:
            return function(world, *args, **kwargs)

    return locked


def git_actor(account: Actor) -> GitActor:
    """Write an account as its commits name it, by the address that GitHub gives everybody.

    https://docs.github.com/account-and-profile/reference/email-addresses-reference
    """
    email = f"{account.database_id}+{account.rest_login}@users.noreply.github.com"
    return GitActor(name=account.name or account.rest_login, email=email, account=account)


class Activity(WorldState):
    """The ground that the kinds of activity stand on."""

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Set the world's time for what happens inside."""
        with self.lock:
            clock, self.clock = self.clock, lambda: moment
            try:
                yield
            finally:
                self.clock = clock

    def touch(self, thread: Thread, change: str | None = None) -> None:
        """Move a thread's time: it was written to or has changed.

        GitHub does so for a new post and a change of the thread itself. Where that is unknown,
        CHANGE names it and the dialect decides.
        """
        assert change is None or change in UNSURE_CHANGES, change
        if change is None or change in self.dialect.moving:
            thread.updated_at = max(thread.updated_at, self.now())

    def new_ids(self, kind: str, repository: Repository) -> dict[str, Any]:
        """Make the two ids of a new object of a repository."""
        number = self.ids.next(kind)
        return {
            "database_id": number,
            "node_id": node_id(kind, number, repository.database_id),
        }

    def new_post(
        self, kind: str, repository: Repository, author: Actor | None, body: str
    ) -> dict[str, Any]:
        """Make the fields that every new post has."""
        now = self.now()
        return {
            **self.new_ids(kind, repository),
            "author": author,
            "author_association": self.association(repository, author),
            "body": body,
            "created_at": now,
            "updated_at": now,
        }

    def association(self, repository: Repository, author: Actor | None) -> str:
        """Tell what somebody is to a repository."""
        if author is repository.owner:
            return "OWNER"
        if author in repository.collaborators:
            return "COLLABORATOR"
        return "CONTRIBUTOR" if author in repository.contributors else "NONE"

    def next_number(self, repository: Repository) -> int:
        """Take the next number, which issues and pull requests share."""
        repository.last_number += 1
        return repository.last_number

    def next_discussion_number(self, repository: Repository) -> int:
        """Take the next number of a discussion, which may be one of issues too."""
        if self.dialect.discussions_share_numbers:
            return self.next_number(repository)
        repository.last_discussion_number += 1
        return repository.last_discussion_number

    def add_event(
        self,
        thread: Issue | PullRequest,
        kind: str,
        actor: Actor | None,
        moment: datetime | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> TimelineEvent:
        """Add an event to a timeline, now unless told when."""
        number = self.ids.next("TimelineEvent")
        event = TimelineEvent(
            node_id=node_id(kind, number, thread.home.database_id),
            database_id=number,
            kind=kind,
            thread=thread,
            actor=actor,
            created_at=moment or self.now(),
            details=dict(details or {}),
        )
        thread.timeline.append(event)
        return self.register(event)

    def add_commit(
        self,
        pull: PullRequest,
        *authors: Actor | GitActor,
        message: str = "A change",
        moment: datetime | None = None,
    ) -> Commit:
        """Add a commit to a pull request, now unless told when."""
        ids = self.new_ids("Commit", pull.home)
        commit = self.register(
            Commit(
                repository=pull.home,
                oid=hashlib.sha1(f"commit {ids['database_id']}".encode()).hexdigest(),  # noqa: S324  # nosec B324
                message=message,
                authored_date=moment or self.now(),
                committed_date=moment or self.now(),
                authors=[one if isinstance(one, GitActor) else git_actor(one) for one in authors],
                **ids,
            )
        )
        place = self.new_ids("PullRequestCommit", pull.home)
        pull.commits.append(
            self.register(PullRequestCommit(pull_request=pull, commit=commit, **place))
        )
        return commit

    def threads_of(self, repository: Repository) -> list[Thread]:
        """Return all threads of a repository, those of hidden authors too."""
        hidden = self.out_of_sight.values()
        of_hidden = (one for one in hidden if isinstance(one, Thread) and one.home is repository)
        return [*repository.threads, *of_hidden]

    def forget(self, *nodes: Node) -> None:
        """Make objects unfindable: they were deleted."""
        for node in nodes:
            self.nodes.pop(node.node_id, None)
