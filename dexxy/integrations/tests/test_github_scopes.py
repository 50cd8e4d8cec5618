"""A scope that a classic token lacks costs the fields that want it, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.integrations.models import Credential
from dexxy.integrations.services.github.api.optional_fields import field_at, without_fields
from dexxy.integrations.services.github.api.queries import list_document
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.probe import repository_probe
from dexxy.messages.models import ThreadKind
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.scene import Scene, first_pull
from tests.truth import assert_source_equals, differences

TEAM = {"Team.combinedSlug", "Team.databaseId"}


@pytest.fixture
def asked(scene: Scene) -> Scene:
    """The scene, where a team was asked for a review, and the token has the scope `repo`."""
    team = scene.world.add_team(scene.owner, "The core")
    scene.world.request_review(first_pull(scene.repository), scene.owner, team)
    grant(scene, "repo")
    scene.server.requests.clear()
    return scene


def grant(scene: Scene, *scopes: str) -> None:
    """Let the token have SCOPES from now on."""
    scene.world.tokens[DEMO_TOKEN].scopes = frozenset(scopes)


def lacking(scene: Scene) -> list[object]:
    """Return what is stored of what events name, where it is not all that is true."""
    found = differences(scene.connected.source, scene.repository)
    return [field["details"][0]["subject"] for field in found.values()]


def test_a_token_with_the_scope_repo_reads_all_but_which_team_was_asked(asked: Scene) -> None:
    assert asked.outcome() == ("done", "")
    assert asked.outcome() == ("done", "")

    asked.connected.refresh_from_db()
    assert (asked.connected.sync_status, asked.connected.sync_error) == ("active", "")
    assert (lacking(asked), asked.problems) == ([{"type": "team"}], {})
    refused = [one for one in asked.server.requests.entries if "on Team" in (one.document or "")]
    assert len(refused) == 1
    assert set(Credential.objects.get().refused_fields) == TEAM


@pytest.mark.parametrize("scope", ["read:org", "admin:org", "read:discussion"])
def test_a_token_with_a_scope_for_teams_reads_which_one_was_asked(asked: Scene, scope: str) -> None:
    grant(asked, "repo", scope)

    assert asked.outcome() == ("done", "")

    assert_source_equals(asked.connected.source, asked.repository)
    assert Credential.objects.get().refused_fields == []


def test_a_scope_that_was_given_meanwhile_is_found_after_a_day(asked: Scene) -> None:
    asked.sync()
    grant(asked, "repo", "read:org")
    asked.sync(sweep=True)
    assert lacking(asked) == [{"type": "team"}]

    Credential.objects.update(newer_fields_refused_at=timezone.now() - timedelta(hours=25))

    asked.recover(sweep=True)


def test_a_probe_measures_with_the_scope_repo_and_names_it(asked: Scene) -> None:
    server = GitHubServer(asked.server.url, asked.server.graphql_url, asked.server.url)

    probe = repository_probe(full_name="owner/village", token=DEMO_TOKEN, server=server)

    assert probe.scopes == ["repo"]
    assert {page.outcome for page in probe.pages} == {"answered"}


def test_a_field_is_found_by_its_place_and_left_out_alone_or_with_all_of_its_type() -> None:
    document = list_document(ThreadKind.ISSUE)
    lines = document.split("\n")
    [line] = [number for number, text in enumerate(lines, 1) if "on Team" in text]
    column = lines[line - 1].index("combinedSlug") + 1

    assert field_at(document, line, column) == "Team.combinedSlug"
    assert field_at(document, 1, 1) == field_at(document, 10_000, 1) == ""
    assert "... on Team { databaseId }" in without_fields(document, ["Team.combinedSlug"])
    assert "on Team" not in without_fields(document, TEAM)
    assert without_fields(document, ["Team.name"]) == document
