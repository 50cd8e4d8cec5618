"""Who wrote the commits of merged pull requests is known, once after the merge."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conftest import Ask
from dexxy.accounts.models import User
from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.integrations.services.github.reading.co_authors import FIRST_PAGE, MOST_IN_A_RUN
from dexxy.integrations.services.github.reading.request_sizes import START
from dexxy.members.models import Identity
from dexxy.messages.models import CoAuthor, Thread
from dexxy_simulator.faults import Fault, asking_for, graphql_error, patched
from dexxy_simulator.model import Actor, GitActor, PullRequest
from tests.scene import Scene, first_pull

ASKED = asking_for("commits(")
STRANGER = GitActor(name="Stranger", email="Stranger@Example.com")


def stored(pull: PullRequest) -> set[str]:
    rows = CoAuthor.objects.filter(thread__kind="pull_request", thread__number=pull.number)
    return {
        one.account.username if one.account else f"{one.name} <{one.email}>"
        for one in rows.select_related("account")
    }


def asked(scene: Scene) -> int:
    documents = (entry.document for entry in scene.server.requests.entries)
    return sum("commits(" in document for document in documents)


@pytest.fixture
def ann(scene: Scene) -> Actor:
    return scene.world.add_actor("ann", name="Ann")


def merged(scene: Scene, *authors: Actor | GitActor, commits: int = 1) -> PullRequest:
    """Merge a pull request of the owner's, whose last commit is by AUTHORS, too."""
    pull = scene.world.open_pull_request(scene.repository, scene.owner, "Together")
    for _ in range(commits - 1):
        scene.world.push(pull, scene.owner)
    scene.world.push(pull, scene.owner, *authors)
    scene.world.merge(pull, scene.owner)
    return pull


def test_co_authors_are_those_of_the_commits_but_who_opened_the_pull_request(
    scene: Scene, ann: Actor
) -> None:
    pull, alone = merged(scene, ann, STRANGER), merged(scene)

    scene.sync()

    assert stored(pull) == {"ann", "Stranger <stranger@example.com>"}
    assert stored(alone) == set()


def test_nothing_is_asked_before_the_merge_nor_twice_after_it(scene: Scene, ann: Actor) -> None:
    pull = first_pull(scene.repository)
    scene.world.push(pull, ann)
    scene.sync()
    assert asked(scene) == 0

    scene.world.merge(pull, scene.owner)
    scene.sync()
    assert (asked(scene), stored(pull)) == (1, {"ann"})

    scene.server.requests.clear()
    scene.sync()
    scene.world.comment(pull, ann, "Thanks")
    scene.sync()
    assert (asked(scene), stored(pull)) == (0, {"ann"})


@pytest.mark.parametrize("commits", [FIRST_PAGE + 1, 240])
def test_a_long_list_of_commits_is_read_to_its_end(scene: Scene, ann: Actor, commits: int) -> None:
    pull = merged(scene, ann, commits=commits)

    scene.sync()

    assert stored(pull) == {"ann"}


def test_a_run_reads_a_few_and_the_next_ones_the_others(scene: Scene, ann: Actor) -> None:
    pulls = [merged(scene, ann) for _ in range(START["commits"] * MOST_IN_A_RUN + 1)]

    run = scene.sync()
    assert run.counts["commit_requests"] == MOST_IN_A_RUN
    assert sum(stored(pull) == {"ann"} for pull in pulls) == len(pulls) - 1

    scene.sync()
    assert sum(stored(pull) == {"ann"} for pull in pulls) == len(pulls)


def test_an_account_is_known_by_githubs_own_address_and_by_that_of_its_profile(
    scene: Scene, ann: Actor
) -> None:
    ben = scene.world.add_actor("ben", public_email="ben@example.org")
    issue = scene.world.open_issue(scene.repository, ann, "Here I am")
    scene.world.comment(issue, ben, "So am I")
    scene.sync()
    number = f"{ann.database_id}+ann-was-called-so@users.noreply.github.com"
    pull = merged(
        scene, GitActor(name="A", email=number), GitActor(name="B", email="ben@example.org")
    )
    scene.sync()

    assert stored(pull) == {"ann", "ben"}


def test_where_commits_are_refused_they_rest_with_their_reason_and_all_else_goes_on(
    scene: Scene, ann: Actor
) -> None:
    def refuse(body: Any) -> None:
        for name in [name for name in body["data"] if name.startswith("p")]:
            body["data"][name] = None
            refused = {"type": "FORBIDDEN", "path": [name], "message": "Not accessible"}
            body.setdefault("errors", []).append(refused)

    scene.server.faults.add(Fault(patched(refuse), on=ASKED, times=None))
    pull = merged(scene, ann)

    runs = [scene.sync().state for _ in range(3)]

    assert (runs, asked(scene), stored(pull)) == (["done"] * 3, 1, set())
    [stream] = SyncStream.objects.exclude(refusal="")
    assert stream.name == StreamName.COMMITS
    assert "permission to read contents" in stream.refusal

    scene.server.faults.clear()
    ago = timezone.now() - timedelta(days=1, seconds=1)
    SyncStream.objects.filter(pk=stream.pk).update(watermark=ago)
    scene.sync()

    assert stored(pull) == {"ann"}
    assert not SyncStream.objects.exclude(refusal="").exists()


def test_what_is_too_heavy_is_asked_for_in_halves_and_one_that_never_passes_is_left(
    scene: Scene, ann: Actor
) -> None:
    bad = merged(scene, ann)
    good = [merged(scene, ann) for _ in range(3)]
    refusal = graphql_error("RESOURCE_LIMITS_EXCEEDED")
    scene.server.faults.add(Fault(refusal, on=asking_for(bad.node_id), times=None))

    for _ in range(4):
        assert scene.sync().state == "done"

    assert [stored(pull) for pull in (bad, *good)] == [set(), {"ann"}, {"ann"}, {"ann"}]
    assert not Thread.objects.filter(merged_at__isnull=False, co_authors_read_at=None).exists()


def test_an_author_who_cannot_be_read_costs_only_themselves(scene: Scene, ann: Actor) -> None:
    pull = merged(scene, STRANGER, ann)

    def spoil(body: Any) -> None:
        commits = body["data"]["p0"]["list"]["nodes"]
        commits[0] = None
        commits[1]["commit"]["authors"]["nodes"][1] = {"name": [], "email": 1, "user": 0}

    scene.server.faults.add(Fault(patched(spoil), on=ASKED))

    scene.sync()

    assert stored(pull) == {"ann"}


def test_erasing_somebody_forgets_the_address_of_their_commits_and_keeps_it_out(
    scene: Scene, ann: Actor, alice: User
) -> None:
    scene.world.open_issue(scene.repository, ann, "Here I am")
    before = merged(scene, GitActor(name="Ann", email="ann+work@example.org"), STRANGER)
    scene.sync()
    Identity.objects.filter(username="ann").update(email="ann@example.org")
    member = Identity.objects.get(username="ann").member_id
    assert stored(before) == {
        "Ann <ann+work@example.org>",
        "Stranger <stranger@example.com>",
    }

    person_erase(actor=alice, workspace=scene.connected.source.workspace, member_id=member)
    after = merged(scene, GitActor(name="Ann", email="ann@example.org"))
    scene.sync()

    assert stored(before) == {"Stranger <stranger@example.com>"}
    assert stored(after) == set()
    assert Thread.objects.filter(number=after.number, co_authors_read_at__isnull=False).exists()


def test_the_api_names_them_without_their_addresses(
    scene: Scene, ann: Actor, alice: User, ask: Ask
) -> None:
    merged(scene, ann, STRANGER)
    scene.sync()
    asked = """query Threads($workspace: ID!) {
      threads(workspaceId: $workspace, first: 10) {
        edges { node { title coAuthors { name account { username member { displayName } } } } }
      }
    }"""

    answer = ask(asked, alice, workspace=scene.connected.source.workspace_id)

    threads = [edge["node"] for edge in answer["data"]["threads"]["edges"]]
    found = {thread["title"]: thread["coAuthors"] for thread in threads}
    assert found["Together"] == [
        {"name": "", "account": {"username": "ann", "member": {"displayName": "Ann"}}},
        {"name": "Stranger", "account": None},
    ]
    assert found["Issue 0"] == []
