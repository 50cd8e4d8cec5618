"""Repositories of the simulator that are each read with a credential of its own."""

from benchmarks.credential_rows import connect, many_repositories
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy_simulator.world import World


def connect_many(
    world: World, github: GitHubServer, count: int, *, issues: int = 3
) -> list[GitHubRepository]:
    """Connect COUNT new repositories with so many ISSUES each, and a comment in each of those."""
    return connect(many_repositories(world, count, issues=issues), github)
