"""What the community does: people ask, the team answers most of them, and some wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dexxy_simulator.community.people import People
from dexxy_simulator.live import LiveActivity, Talk
from dexxy_simulator.model import Actor, Discussion, Issue, PullRequest, Repository
from dexxy_simulator.world import World

COMMUNITY_TEXTS: Final = Path(__file__).with_name("texts.json")
# The team catches up on one of so many threads that rest for longest.
FORGOTTEN: Final = 6
TEAM_OPENS: Final = 0.08
CATEGORIES: Final = {"Q&A": True, "Show and tell": False, "Ideas": False}


class CommunityLife(LiveActivity):
    """Does one believable thing after another in several repositories.

    Args:
        repositories: the first of them is the busiest.
    """

    def __init__(self, world: World, seed: int, *repositories: Repository) -> None:
        super().__init__(world, seed, texts=COMMUNITY_TEXTS)
        self._repositories = repositories
        self._people = People(world, self._random, *repositories)
        self._steps += [(5, self._open_discussion), (6, self._star), (14, self._catch_up)]
        self._steps += [(3, self._say_late)]

    def step(self, kind: str | None = None) -> str:
        """Make one thing happen in one of the repositories, and return its kind."""
        weights = [1 / place for place in range(1, len(self._repositories) + 1)]
        self._repository = self._random.choices(self._repositories, weights)[0]
        return super().step(kind)

    def _someone(self) -> Actor:
        return self._people.someone()

    def _opener(self) -> Actor:
        is_of_the_team = self._random.random() < TEAM_OPENS
        return self._maintainer() if is_of_the_team else self._people.opener()

    def _maintainer(self) -> Actor:
        return self._people.maintainer()

    def _reviewer(self, pull: PullRequest) -> Actor:
        return self._maintainer() if self._random.random() < 0.8 else self._someone()

    def _remark(self, thread: Talk) -> tuple[Actor, str]:
        """The team answers, the opener answers the team, and now and then others say something."""
        team, chance = self._people.team, self._random.random()
        if _last_author(thread) in team:
            is_opener = chance < 0.65 and thread.author is not None
            if is_opener and thread.author is not None:
                return thread.author, self._text("follow_ups")
        elif chance < 0.65:
            return self._maintainer(), self._text("answers")
        return self._someone(), self._text("comments")

    def _open_discussion(self) -> None:
        title, body = self._text("discussions")
        name = self._random.choice(list(CATEGORIES))
        category = self._world.add_category(self._repository, name, answerable=CATEGORIES[name])
        self._world.open_discussion(category, self._opener(), title, body)

    def _catch_up(self) -> None:
        """Let the team answer, and mostly close, what nobody has touched for long."""
        threads: list[Issue | PullRequest] = [*self._repository.issues.values()]
        threads += self._repository.pull_requests.values()
        open_ones = [one for one in threads if not one.closed and one.author in self._people.known]
        if not open_ones:
            return
        longest = sorted(open_ones, key=lambda one: one.updated_at)[:FORGOTTEN]
        thread, who = self._random.choice(longest), self._maintainer()
        self._world.comment(thread, who, self._text("answers"))
        if self._random.random() < 0.7:
            self._world.close(thread, who, "COMPLETED")

    def _say_late(self) -> None:
        """Let somebody write in their thread after it was closed."""
        issue = self._newest(self._repository.issues, closed=True)
        if issue is not None and issue.author is not None:
            self._world.comment(issue, issue.author, self._text("follow_ups"))

    def _star(self) -> None:
        self._world.star(self._repository, self._someone())


def _last_author(thread: Talk) -> Actor | None:
    posts: list[Any] = [thread, *thread.comments]
    if isinstance(thread, PullRequest):
        posts += thread.reviews
    if isinstance(thread, Discussion):
        posts += [reply for comment in thread.comments for reply in comment.replies]
    last: Actor | None = max(posts, key=lambda post: post.created_at).author
    return last
