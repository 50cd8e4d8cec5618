"""GitHub would accept every document that we send."""

import pytest

from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github.api import queries
from dexxy.integrations.services.github.api.optional_fields import without_fields
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import ThreadKind
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.asked_documents import documents
from tests.published import assert_valid_document
from tests.simulated import refused_at_first


@pytest.mark.parametrize("name", documents())
def test_a_document_fits_the_published_schema(name: str) -> None:
    assert_valid_document(documents()[name])


@pytest.mark.parametrize("name", documents())
def test_a_document_for_an_older_server_fits_it_too(name: str) -> None:
    assert_valid_document(without_fields(documents()[name]))


def test_many_at_once_are_valid_documents() -> None:
    assert_valid_document(queries.threads_document([*ThreadKind] * 16))
    assert_valid_document(queries.parts_document([*queries.NESTED_LISTS] * 6))
    assert_valid_document(queries.commits_document(25))


def test_every_document_of_a_whole_sync_fits_the_published_schema(
    connected: GitHubRepository,
    simulator: SimulatorServer,
    world: World,
    ants: Repository,
    dialect: Dialect,
) -> None:
    issue = world.open_issue(ants, ants.owner, "Much to say")
    for number in range(101):
        world.comment(issue, ants.owner, f"Comment {number}")

    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)

    documents = {entry.document for entry in simulator.requests.entries if entry.document}
    # The commits of many pull requests, and of those that are left; issues with the labels of the
    # repository, and without; and what is refused at first.
    assert len(documents) == 10 + refused_at_first(dialect)
    for document in documents:
        assert_valid_document(document)


def test_a_whole_page_of_threads_costs_few_points(
    connected: GitHubRepository, simulator: SimulatorServer
) -> None:
    run = repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)

    asked = [entry for entry in simulator.requests.entries if entry.endpoint == "graphql"]
    costs = [entry.points for entry in asked]
    # Of 22 and 24 pull requests, and of 15 discussions. 25 issues, and 20 pull requests, cost one.
    assert sorted(e.points for e in asked if "commits(" not in e.document)[-4:] == [1, 2, 2, 4]
    # Of 25 commits of each of 25 pull requests.
    assert max(e.points for e in asked if "commits(" in e.document) == 7
    assert run.points == sum(costs)


def test_looking_whether_there_is_anything_new_costs_next_to_nothing(
    connected: GitHubRepository, simulator: SimulatorServer
) -> None:
    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    simulator.requests.clear()

    run = repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)

    assert run.points == simulator.requests.points == 5
    assert simulator.requests.count() == 5
