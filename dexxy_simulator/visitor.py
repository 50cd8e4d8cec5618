"""The account with which the demo, the tests and the benchmarks look at a world."""

from __future__ import annotations

from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.state import WorldState
from dexxy_simulator.tokens import DEMO_TOKEN


def add_visitor(world: WorldState, *repositories: Repository) -> Actor:
    """Add the owner of the demo's token; these repositories are listed among theirs."""
    since = min((one.created_at for one in repositories), default=world.now())
    visitor = world.add_actor(
        "dexxy-demo", name="Dexxy Demo", database_id=230_000_001, created_at=since
    )
    for repository in repositories:
        repository.collaborators.add(visitor)
    world.add_token(DEMO_TOKEN, visitor)
    return visitor
