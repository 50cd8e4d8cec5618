"""Activity that trickles in: invented, from a seed, at the world's time.

The texts are ours; the people are those of the repository. Real ones never wrote these.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

from dexxy_simulator.copilot import copilot
from dexxy_simulator.model import Actor, Discussion, Issue, PullRequest, Repository
from dexxy_simulator.world import World

# What is said in a review, by its verdict.
REVIEWS: Final = {
    "APPROVED": "approvals",
    "CHANGES_REQUESTED": "requests_for_changes",
    "COMMENTED": "reviews",
}
TEXTS: Final = Path(__file__).with_name("live_texts.json")
# Conversation goes on where it was lately: in this many of the newest open threads.
LIVELY: Final = 8
Talk: TypeAlias = Issue | PullRequest | Discussion


class LiveActivity:
    """Does one believable thing after another.

    Args:
        world: where.
        seed: which things; the same seed does the same in the same world.
        repository: in which repository; the first one by default.
        texts: the file with what is written.
    """

    def __init__(
        self,
        world: World,
        seed: int = 1,
        repository: Repository | None = None,
        texts: Path = TEXTS,
    ) -> None:
        self._world = world
        self._random = Random(seed)  # noqa: S311  # invents a demo, no secrets
        self._repository = repository or next(iter(world.repositories.values()))
        self._texts: dict[str, Any] = json.loads(texts.read_text(encoding="utf-8"))
        self._decks: dict[str, list[Any]] = {}
        self._steps: list[tuple[int, Callable[[], None]]] = [
            (40, self._comment),
            (14, self._open_issue),
            (10, self._discuss),
            (8, self._open_pull_request),
            (10, self._review),
            (4, self._review_by_copilot),
            (8, self._close),
            (4, self._reopen),
            (6, self._merge),
            (6, self._work_on_pull_request),
            (4, self._sort),
        ]

    def step(self, kind: str | None = None) -> str:
        """Make one thing happen, of a kind that is drawn unless told, and return its kind."""
        names = [act.__name__.strip("_") for _, act in self._steps]
        with self._world.lock:
            [drawn] = self._random.choices(names, [weight for weight, _ in self._steps])
            wanted = kind or drawn
            self._steps[names.index(wanted)][1]()
            return wanted

    def _someone(self) -> Actor:
        people = [one for one in self._world.actors.values() if one.kind == "User"]
        return self._random.choice(people)

    # Who does it, and what they say: a community with roles answers these in its own way.

    def _opener(self) -> Actor:
        return self._someone()

    def _maintainer(self) -> Actor:
        return self._repository.owner

    def _remark(self, thread: Talk) -> tuple[Actor, str]:
        """Choose who says something in a thread, and what."""
        author = self._someone()
        return author, self._text("comments")

    def _reviewer(self, pull: PullRequest) -> Actor:
        return self._someone()

    def _newest(self, *kinds: dict[int, Any], closed: bool = False) -> Any:
        """Choose one of the newest threads in this state, or nothing."""
        threads = [one for kind in kinds for one in kind.values() if one.closed is closed]
        threads.sort(key=lambda one: one.updated_at)
        return self._random.choice(threads[-LIVELY:]) if threads else None

    def _text(self, name: str) -> Any:
        """Take the next text of a kind; none comes again before all others did."""
        if not self._decks.get(name):
            deck = self._texts[name]
            self._decks[name] = self._random.sample(deck, len(deck))
        return self._decks[name].pop()

    def _comment(self) -> None:
        thread: Issue | PullRequest | None = self._newest(
            self._repository.issues, self._repository.pull_requests
        )
        if thread is None:
            return self._open_issue()
        self._world.comment(thread, *self._remark(thread))
        return None

    def _open_issue(self) -> None:
        title, body, *labels = self._text("issues")
        issue = self._world.open_issue(self._repository, self._opener(), title, body)
        if labels:
            self._world.set_labels(issue, self._maintainer(), labels)

    def _open_pull_request(self) -> None:
        title, body = self._text("pull_requests")
        self._world.open_pull_request(self._repository, self._opener(), title, body)

    def _review(self) -> None:
        pull: PullRequest | None = self._newest(self._repository.pull_requests)
        if pull is None:
            return self._open_pull_request()
        state = self._random.choice(("APPROVED", "CHANGES_REQUESTED", "COMMENTED"))
        line = self._random.randint(10, 300)
        comments = [("pool.go", line, self._text("review_comments"))]
        author, body = self._reviewer(pull), self._text(REVIEWS[state])
        self._world.review(pull, author, state, body, comments if state != "APPROVED" else ())
        return None

    def _review_by_copilot(self) -> None:
        pull: PullRequest | None = self._newest(self._repository.pull_requests)
        if pull is None:
            return self._open_pull_request()
        line, body = self._random.randint(10, 300), self._text("review_comments")
        author = copilot(self._world)
        self._world.review(pull, author, "COMMENTED", "", [("pool.go", line, body)])
        return None

    def _discuss(self) -> None:
        discussion: Discussion | None = self._newest(self._repository.discussions)
        if discussion is None:
            return self._comment()
        parent = self._random.choice([None, *discussion.comments])
        author, body = self._remark(discussion)
        comment = self._world.discuss(discussion, author, body, parent)
        is_help = parent is None and author is not discussion.author
        if discussion.is_answered is False and is_help:
            self._world.choose_answer(comment, discussion.author)
        return None

    def _close(self) -> None:
        issue: Issue | None = self._newest(self._repository.issues)
        if issue is None:
            return self._open_issue()
        reason = self._random.choice(("COMPLETED", "COMPLETED", "NOT_PLANNED"))
        self._world.close(issue, self._maintainer(), reason)
        return None

    def _reopen(self) -> None:
        issue: Issue | None = self._newest(self._repository.issues, closed=True)
        if issue is None:
            return self._open_issue()
        self._world.reopen(issue, issue.author)
        return None

    def _merge(self) -> None:
        pull: PullRequest | None = self._newest(self._repository.pull_requests)
        if pull is None:
            return self._open_pull_request()
        self._world.merge(pull, self._maintainer())
        return None

    def _work_on_pull_request(self) -> None:
        pull: PullRequest | None = self._newest(self._repository.pull_requests)
        if pull is None:
            return self._open_pull_request()
        if self._random.random() < 0.5 and pull.head_ref is not None:
            self._world.push(
                pull, *([pull.author] if pull.author else []), force=self._random.random() < 0.3
            )
        else:
            reviewer = self._someone()
            is_new = reviewer not in pull.requested_reviewers
            self._world.request_review(pull, pull.author, reviewer, on=is_new)
        return None

    def _sort(self) -> None:
        issue: Issue | None = self._newest(self._repository.issues)
        if issue is None:
            return self._open_issue()
        who = self._someone()
        self._world.assign(issue, self._maintainer(), who, on=who not in issue.assignees)
        return None
