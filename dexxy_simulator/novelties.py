"""Changes of which webhooks tell by actions that nobody has documented yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from dexxy_simulator.model import (
    Discussion,
    Issue,
    IssueComment,
    Post,
    PullRequest,
    Repository,
    posts_of,
)
from dexxy_simulator.world import World

# The first ones came in 2026 and are in no published schema of webhooks that the tests have; the
# last one of each is invented, as the next one will be.
NEW_ACTIONS: Final[Mapping[type[Post], Sequence[str]]] = {
    Issue: ("field_added", "field_removed", "summarized"),
    IssueComment: ("pinned", "unpinned", "summarized"),
    PullRequest: ("stacked", "summarized"),
    Discussion: ("summarized",),
}


def make_new_change(
    world: World, repository: Repository, random: Random, kind: type[Post] | None = None
) -> str:
    """Change a post so that only a webhook of a new action tells, and return `kind.action`.

    Args:
        kind: of the post; any that has new actions by default.

    Raises:
        LookupError: there is no such post.
    """
    with world.lock:
        kinds = (kind,) if kind else tuple(NEW_ACTIONS)
        found = [one for one in posts_of(repository) if type(one) in kinds]
        if not found:
            raise LookupError("nothing is left that could be changed so")
        post = random.choice(found)
        action = random.choice(NEW_ACTIONS[type(post)])
        with world.silence():
            world.edit(post, f"{post.body}\n\nNew: {action} {random.randrange(1_000_000)}")
        world.announce(post, action)
        return f"{post.kind}.{action}"
