"""Releases are what GitHub shows, at a request a day."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conftest import Ask
from dexxy.accounts.models import User
from dexxy.integrations.models import GitHubRepository, StreamName, SyncStream
from dexxy.integrations.selectors import repository_overview
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.integrations.services.github.reading.releases import LOOK_FOR_FIRST_AFTER
from dexxy.integrations.services.github.reading.request_sizes import START
from dexxy.messages.models import Release
from dexxy.people.export_selection import Asked
from dexxy.people.export_text import export_whole
from dexxy.people.models import Export, Format
from dexxy.sources.models import DailyCounts
from dexxy_simulator import model
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.faults import Fault, asking_for, graphql_error, patched
from tests.scene import Scene

ASKED = asking_for("query Releases")


@pytest.fixture
def dialect() -> Dialect:
    return USUAL


def stored() -> dict[str, tuple[Any, ...]]:
    """Return what is shown of each release, by its id."""
    return {
        one.external_id: (
            *(one.tag, one.name, one.body, one.author and one.author.username),
            *(one.is_prerelease, one.published_at),
        )
        for one in Release.objects.filter(is_archived=False).select_related("author")
    }


def true(scene: Scene) -> dict[str, tuple[Any, ...]]:
    return {
        str(one.database_id): (
            *(one.tag_name, one.name, one.description, one.author and one.author.login),
            *(one.is_prerelease, one.published_at),
        )
        for one in scene.repository.releases
        if not one.is_draft
    }


def asked(scene: Scene) -> int:
    documents = (entry.document for entry in scene.server.requests.entries)
    return sum("query Releases" in document for document in documents)


def days_pass(days: int = LOOK_FOR_FIRST_AFTER.days) -> None:
    ago = timezone.now() - timedelta(days=days, seconds=1)
    SyncStream.objects.filter(name=StreamName.RELEASES).update(watermark=ago)


def make(scene: Scene, count: int) -> list[model.Release]:
    """Make releases a minute apart, the last one now."""
    now, made = scene.world.now(), []
    for number in range(count):
        with scene.world.at(now - timedelta(minutes=count - number)):
            made.append(scene.world.release(scene.repository, scene.owner, f"v{number}", "New"))
    return made


def test_releases_are_read_whole_and_no_draft_of_them(scene: Scene) -> None:
    make(scene, 2 * START[StreamName.RELEASES] + 5)
    scene.world.release(scene.repository, None, "v-by-nobody", prerelease=True)
    scene.world.release(scene.repository, scene.owner, "v-draft", draft=True)
    days_pass()
    SyncStream.objects.filter(name=StreamName.RELEASES).update(watermark=None)

    scene.sync()

    assert len(true(scene)) > 2 * START[StreamName.RELEASES]
    assert stored() == true(scene)


def test_a_repository_that_never_had_one_asks_for_the_first_every_fourth_day(scene: Scene) -> None:
    scene.server.requests.clear()

    days_pass(3)
    scene.sync()
    assert asked(scene) == 0
    days_pass(4)
    scene.sync()
    assert asked(scene) == 1


def test_an_unchanged_repository_asks_for_them_once_a_day(scene: Scene) -> None:
    make(scene, 1)
    days_pass()
    scene.sync()
    scene.server.requests.clear()
    scene.sync()
    assert (asked(scene), scene.server.requests.count()) == (0, 5)

    days_pass(1)
    scene.sync()
    scene.sync()
    assert asked(scene) == 1


def test_what_is_new_edited_or_gone_is_seen_the_next_day(scene: Scene) -> None:
    first, second, _ = make(scene, 3)
    days_pass()
    scene.sync()
    scene.world.edit_release(first, {"description": "Newer", "tag_name": "v0.0"})
    scene.world.delete_release(second)
    scene.world.release(scene.repository, scene.owner, "v4")
    days_pass()

    scene.sync()

    assert stored() == true(scene)
    gone = Release.objects.get(is_archived=True)
    assert (gone.external_id, gone.archived_reason) == (str(second.database_id), "missing")


def test_the_latest_page_takes_nothing_for_gone_that_is_further_down(scene: Scene) -> None:
    releases = make(scene, START[StreamName.RELEASES] + 20)
    SyncStream.objects.filter(name=StreamName.RELEASES).update(watermark=None, is_done=False)
    scene.sync()
    # One in reach of the latest page, and one behind it.
    scene.world.delete_release(releases[-2])
    scene.world.delete_release(releases[1])
    days_pass()
    SyncStream.objects.filter(name=StreamName.RELEASES).update(page_size=10)
    scene.server.requests.clear()

    scene.sync()

    assert asked(scene) == 1
    assert stored().keys() - true(scene).keys() == {str(releases[1].database_id)}


def test_one_that_comes_back_is_the_same_again(scene: Scene) -> None:
    [release] = make(scene, 1)
    days_pass()
    scene.sync()
    scene.repository.releases.remove(release)
    days_pass()
    scene.sync()
    assert stored() == {}

    scene.repository.releases.append(release)
    days_pass()
    scene.sync()

    assert stored() == true(scene)
    assert Release.objects.count() == 1


@pytest.mark.parametrize("field", ["databaseId", "publishedAt", "url"])
def test_one_of_an_unknown_shape_costs_itself_and_nothing_is_taken_for_gone(
    scene: Scene, field: str
) -> None:
    releases = make(scene, 3)
    days_pass()
    scene.sync()
    scene.world.delete_release(releases[0])
    scene.world.edit_release(releases[1], {"description": "Newer"})

    def spoil(body: Any) -> None:
        newest = body["data"]["repository"]["releases"]["nodes"][0]
        newest[field] = {"of": "another shape"}

    scene.server.faults.add(Fault(patched(spoil), on=ASKED, times=None))
    days_pass()

    assert scene.sync().state == "done"

    assert len(stored()) == 3
    assert stored()[str(releases[1].database_id)][2] == "Newer"


def test_where_they_are_refused_the_list_rests_with_its_reason_and_all_else_goes_on(
    scene: Scene,
) -> None:
    releases = make(scene, START[StreamName.RELEASES] + 3)

    def refuse(body: Any) -> None:
        body["data"]["repository"] = None
        path = ["repository", "releases"]
        body["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "Not accessible"}]

    scene.server.faults.add(Fault(patched(refuse), on=ASKED, times=None))
    days_pass()
    scene.server.requests.clear()

    runs = [scene.sync().state for _ in range(2)]

    assert (runs, asked(scene)) == (["done", "done"], 1)
    scene.connected.refresh_from_db()
    assert (scene.connected.sync_status, scene.connected.sync_error) == ("active", "")
    assert "permission to read contents" in refusal(scene.connected)

    scene.server.faults.clear()
    days_pass()
    scene.sync()

    assert len(releases) > START[StreamName.RELEASES]
    assert stored() == true(scene)
    assert refusal(scene.connected) == ""


def test_the_words_of_an_erased_author_go_from_their_releases_and_stay_away(
    scene: Scene, alice: User
) -> None:
    make(scene, 1)
    days_pass()
    scene.sync()
    author = Release.objects.get().author
    assert author is not None

    workspace = scene.connected.source.workspace
    person_erase(actor=alice, workspace=workspace, member_id=author.member_id, with_bodies=True)
    assert [one[:3] for one in stored().values()] == [("v0", "", "")]

    days_pass()
    scene.sync()
    assert [one[:3] for one in stored().values()] == [("v0", "", "")]


def test_the_api_and_the_exports_have_them(scene: Scene, alice: User, ask: Ask) -> None:
    make(scene, 3)
    days_pass()
    scene.sync()
    workspace = scene.connected.source.workspace
    asked = """query Releases($workspace: ID!, $source: ID) {
      releases(workspaceId: $workspace, sourceId: $source, first: 2) {
        totalCount
        edges { node { tag name body isPrerelease author { username } source { name } } }
      }
    }"""

    answer = ask(asked, alice, workspace=workspace.pk, source=scene.connected.source_id)["data"][
        "releases"
    ]

    assert answer["totalCount"] == 3
    assert [edge["node"]["tag"] for edge in answer["edges"]] == ["v2", "v1"]
    assert answer["edges"][0]["node"] == {
        "tag": "v2",
        "name": "Version v2",
        "body": "New",
        "isPrerelease": False,
        "author": {"username": "owner"},
        "source": {"name": "owner/village"},
    }
    lines = "".join(export_whole(Asked(workspace), Export.RELEASES, Format.JSON_LINES)).splitlines()
    assert [json.loads(line)["tag"] for line in lines] == ["v2", "v1", "v0"]


def test_the_api_has_the_days_of_growth(scene: Scene, alice: User, ask: Ask) -> None:
    asked = """query Growth($workspace: ID!, $source: ID!, $since: DateTime!, $until: DateTime!) {
      growth(workspaceId: $workspace, sourceId: $source, since: $since, until: $until) {
        date stars forks
      }
    }"""
    here = {
        "workspace": scene.connected.source.workspace_id,
        "source": scene.connected.source_id,
    }
    [day] = DailyCounts.objects.all()

    found = ask(
        asked,
        alice,
        **here,
        since=str(day.date),
        until=str(day.date + timedelta(days=366)),
    )
    too_long = ask(
        asked,
        alice,
        **here,
        since=str(day.date),
        until=str(day.date + timedelta(days=367)),
    )

    assert found["data"]["growth"] == [{"date": str(day.date), "stars": 0, "forks": 0}]
    assert too_long["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def refusal(repository: GitHubRepository) -> str:
    """Return what the repository's page says of lists that rest."""
    user = repository.source.workspace.memberships.first()
    assert user is not None
    resting = repository_overview(user.user, repository).resting
    return " ".join(stream.refusal for stream in resting)


def test_a_page_that_is_too_heavy_is_asked_for_in_halves(scene: Scene) -> None:
    make(scene, 30)
    fault = Fault(
        graphql_error("RESOURCE_LIMITS_EXCEEDED"),
        on=lambda asked: ASKED(asked) and asked.variables["first"] > 12,
        times=None,
    )
    scene.server.faults.add(fault)
    SyncStream.objects.filter(name=StreamName.RELEASES).update(watermark=None, is_done=False)

    scene.sync()

    assert stored() == true(scene)
