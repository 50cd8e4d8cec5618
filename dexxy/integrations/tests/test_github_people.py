"""Profiles: what they say is stored, and brings the accounts of one person together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Request

from dexxy.integrations.models import GitHubRepository, RunState, RunTrigger, SyncRun
from dexxy.integrations.services.github.reading.profiles import (
    READ_AGAIN_AFTER,
    TRIED_AGAIN_AFTER,
)
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.members.models import Identity, MergeSuggestion
from dexxy_simulator.faults import Fault
from dexxy_simulator.faults.conditions import asking_for
from dexxy_simulator.faults.gaps import gap
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.factories import make_identity
from tests.scripted import ScriptedApp, refusal, scripted_github

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.fixture
def jo(world: World, ants: Repository) -> Actor:
    actor = world.add_actor("jo", name="Jo Rarename")
    actor.public_email = "jo@rarename.org"
    actor.blog = "https://jo.rarename.org"
    actor.bio = "Also https://forum.example.net/u/jo and more."
    world.open_issue(ants, actor, "It breaks")
    return actor


def sync(repository: GitHubRepository) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def stored(actor: Actor) -> Identity:
    return Identity.objects.get(external_id=str(actor.database_id))


def imported(repository: GitHubRepository) -> Identity:
    """Return an account of a member who was known before."""
    identity = make_identity(workspace=repository.source.workspace, username="known-before")
    identity.provider, identity.email, identity.is_email_verified = "crm", "jo@rarename.org", True
    identity.save()
    return identity


def test_what_a_profile_shows_is_stored(connected: GitHubRepository, jo: Actor) -> None:
    sync(connected)

    account = stored(jo)
    assert (account.email, account.is_email_verified) == ("jo@rarename.org", True)
    assert account.links == ["https://jo.rarename.org", "https://forum.example.net/u/jo"]


def test_an_account_is_stitched_to_the_member_who_was_known_before(
    connected: GitHubRepository, jo: Actor
) -> None:
    known = imported(connected)

    sync(connected)

    assert stored(jo).member == known.member


def test_the_worker_stitches_as_the_command_does(connected: GitHubRepository, jo: Actor) -> None:
    known = imported(connected)
    credential_id = connected.installation.credential_id
    assert credential_id is not None

    credential_work(credential_id=credential_id, seconds=60)

    assert stored(jo).member == known.member
    assert not MergeSuggestion.objects.exists()


class WithoutScopes(ScriptedApp):
    """Refuses as GitHub does where a classic token lacks `user:email`."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = Request(environ).get_data()
        environ["wsgi.input"] = BytesIO(body)
        query = json.loads(body).get("query", "") if body else ""
        # What a commit says of its authors needs no scope.
        if "query People" in query and "email" in query:
            problem = {
                "type": "INSUFFICIENT_SCOPES",
                "path": ["query People", "nodes", "... on User", "email"],
                "message": "Your token has not been granted the required scopes.",
            }
            self.script.append(refusal(200, {"data": None, "errors": [problem]}))
        return super().__call__(environ, start_response)


def test_a_token_that_may_not_see_addresses_reads_the_rest(
    connected: GitHubRepository, world: World, jo: Actor
) -> None:
    with scripted_github(WithoutScopes(world)) as server:
        connected.installation.api_url = server.api_url
        connected.installation.graphql_url = server.graphql_url
        connected.installation.save()
        run = sync(connected)

    account = stored(jo)
    assert run.state == RunState.DONE
    assert (account.email, account.is_email_verified) == ("", False)
    assert account.links == ["https://jo.rarename.org", "https://forum.example.net/u/jo"]


@pytest.mark.parametrize("says_why", [True, False])
def test_a_profile_that_is_kept_back_is_due_again_after_a_day(
    connected: GitHubRepository, simulator: SimulatorServer, jo: Actor, says_why: bool
) -> None:
    kept_back = gap(Random(1), "node", says_why=says_why)
    simulator.faults.add(Fault(kept_back, on=asking_for("query People")))

    run = sync(connected)

    accounts = Identity.objects.exclude(node_id="")
    read_at = sorted(filter(None, accounts.values_list("profile_read_at", flat=True)))
    assert run.state == RunState.DONE
    assert read_at[1] - read_at[0] > READ_AGAIN_AFTER - TRIED_AGAIN_AFTER - timedelta(minutes=1)
    assert read_at[-1] - read_at[1] < timedelta(minutes=1)
