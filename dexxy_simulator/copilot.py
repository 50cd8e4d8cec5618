"""GitHub Copilot as a reviewer: one account that goes by two names.

Its reviews, and GraphQL, call it by its App's login; webhooks, and REST's review comments, call it
`Copilot`: https://github.com/breferrari/vigia/pull/132, https://github.com/pwntester/octo.nvim/issues/1254
"""

from __future__ import annotations

from typing import Final

from dexxy_simulator.model import Actor
from dexxy_simulator.world import World

LOGIN: Final = "copilot-pull-request-reviewer"
NUMBER: Final = 175_728_472


def copilot(world: World) -> Actor:
    """Find Copilot's account, or make it."""
    return world.actors.get(NUMBER) or world.add_actor(
        LOGIN,
        "Bot",
        alias="Copilot",
        database_id=NUMBER,
        node_id="BOT_kgDOCnlnWA",
        avatar_url="https://avatars.githubusercontent.com/in/946600?v=4",
    )
