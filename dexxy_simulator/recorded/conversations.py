"""Completes the recorded repository with a few discussions, of which it has none.

They are made up, and each says so in its first post; the people in them are recorded ones.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from dexxy_simulator.model import Discussion, DiscussionComment, Repository
from dexxy_simulator.recorded.rows import sure_moment
from dexxy_simulator.world import World

TEXTS: Final = Path(__file__).parent / "completed_discussions.json"
MADE_UP: Final = (
    "\n\n*(Not recorded: the simulator completes the repository with this discussion.)*"
)


def add_discussions(world: World, repository: Repository, later: timedelta) -> None:
    """Add the discussions of the text file, each LATER than at the times that it names."""
    for text in json.loads(TEXTS.read_text(encoding="utf-8")):
        opened_at = sure_moment(text["opened_at"]) + later
        with world.at(opened_at):
            category = world.add_category(
                repository,
                text["category"],
                emoji=text["emoji"],
                answerable=text["answerable"],
            )
            author = world.actor(text["author"])
            body = text["body"] + MADE_UP
            discussion = world.open_discussion(category, author, text["title"], body)
        for comment in text["comments"]:
            _add_comment(world, discussion, comment)
        if "closed_at" in text:
            with world.at(sure_moment(text["closed_at"]) + later):
                world.close_discussion(discussion, text["state_reason"])


def _add_comment(
    world: World,
    discussion: Discussion,
    text: dict[str, Any],
    reply_to: DiscussionComment | None = None,
) -> None:
    written_at = discussion.created_at + timedelta(minutes=text["minutes_later"])
    with world.at(written_at):
        comment = world.discuss(discussion, world.actor(text["author"]), text["body"], reply_to)
    if text.get("is_answer"):
        with world.at(written_at + timedelta(minutes=30)):
            world.choose_answer(comment, discussion.author)
    for reply in text.get("replies", []):
        _add_comment(world, discussion, reply, comment)
