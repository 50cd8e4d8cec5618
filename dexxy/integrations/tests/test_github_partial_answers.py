"""What GitHub keeps back costs the one item: its neighbours are read, and nothing is archived."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Response

from dexxy.integrations.models import Credential
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import Call, passing_gaps, patched, status
from dexxy_simulator.protection import ADDRESS, SAML
from tests.scene import LISTS, Scene, first_issue
from tests.truth import assert_source_equals

Body = dict[str, Any]
Path = tuple[str | int, ...]
KEPT_BACK = "GitHub keeps back a message or a list of #{}, and shows the rest. Dexxy asks again."


def refuse(body: Body, path: Path, *, says_why: bool = True) -> None:
    """Put null where PATH leads, as GitHub does with what a token may not read."""
    found: Any = body["data"]
    for step in path[:-1]:
        found = found[step]
    found[path[-1]] = None
    if says_why:
        refused = {"type": "FORBIDDEN", "path": list(path), "message": "Not accessible"}
        body.setdefault("errors", []).append(refused)


def threads_in(body: Body) -> Iterator[tuple[Path, Body]]:
    """Return each thread that an answer shows, in a list or by number, with its path."""
    shown = body["data"].get("repository") or {}
    for name, node in shown.items():
        if name == "list" and node:
            for index, one in enumerate(node["nodes"]):
                yield ("repository", "list", "nodes", index), one
        elif name.startswith("t") and isinstance(node, dict):
            yield ("repository", name), node


def hide(scene: Scene, number: int, inside: Path, *, says_why: bool = True) -> None:
    """Let GitHub keep back what is at a path inside a thread, wherever the thread is shown."""

    def change(body: Body) -> None:
        for path, node in list(threads_in(body)):
            if node.get("number") == number and len(node) > 1:
                refuse(body, (*path, *inside), says_why=says_why)

    for stream in (*LISTS, "refetch"):
        scene.go_wrong(patched(change), stream)


def live_messages() -> set[int]:
    return set(Message.objects.filter(is_archived=False).values_list("pk", flat=True))


def commented(scene: Scene) -> int:
    """Add three comments to the oldest issue, and return its number."""
    issue = first_issue(scene.repository)
    for number in range(3):
        scene.world.comment(issue, scene.owner, f"Comment {number}")
    return issue.number


@pytest.mark.parametrize(
    ("inside", "are_stored", "says_why"),
    [
        (("comments", "nodes", 2), 3, True),
        (("comments", "nodes", 2), 3, False),
        # Without a reason, it is an account that is gone.
        (("comments", "nodes", 2, "author"), 3, True),
        (("comments",), 1, True),
        (("comments",), 1, False),
        (("timelineItems",), 4, True),
        (("labels",), 4, True),
        (("labels",), 4, False),
        (("assignees",), 4, True),
        (("assignees",), 4, False),
        (("subIssuesSummary",), 4, True),
        (("reactionGroups", 0, "reactors"), 4, True),
    ],
)
def test_a_gap_in_a_thread_costs_the_gap(
    scene: Scene, inside: Path, are_stored: int, says_why: bool
) -> None:
    number, before = commented(scene), live_messages()
    hide(scene, number, inside, says_why=says_why)

    assert scene.outcome() == ("done", "")

    thread = Thread.objects.get(kind="issue", number=number)
    assert thread.messages.filter(kind="comment").count() == are_stored
    assert before <= live_messages()
    assert scene.problems == {("issue", number): KEPT_BACK.format(number)}
    scene.recover()


@pytest.mark.parametrize(
    ("field", "stored"),
    [
        ("labels", ["bug"]),
        ("assignees", [{"id": "240000001", "login": "owner"}]),
        ("category", "Ideas"),
    ],
)
def test_what_is_kept_back_of_a_thread_stays_as_it_is_stored(
    scene: Scene, field: str, stored: object
) -> None:
    world, issue = scene.world, first_issue(scene.repository)
    discussion = next(iter(scene.repository.discussions.values()))
    world.set_labels(issue, scene.owner, ["bug"])
    world.assign(issue, scene.owner, scene.owner, on=True)
    scene.sync()
    world.comment(issue, scene.owner, "One more")
    world.discuss(discussion, scene.owner, "One more")
    number = (discussion if field == "category" else issue).number
    hide(scene, number, (field,))

    assert scene.outcome() == ("done", "")

    assert Message.objects.filter(body="One more").count() == 2
    assert getattr(Thread.objects.get(number=number), field) == stored
    assert [refused for _, refused in scene.problems] == [number]
    scene.recover()


def test_a_gap_in_a_page_of_a_long_list_archives_nothing_when_the_list_is_read(
    busy: Scene,
) -> None:
    def change(body: Body) -> None:
        lists = (one["list"]["nodes"] for one in body["data"].values() if "list" in one)
        next(nodes for nodes in lists if len(nodes) > 9)[5] = None

    busy.sync()
    before = live_messages()
    Thread.objects.filter(title="Much to say").update(refetch_at=busy.world.now())
    busy.go_wrong(patched(change), "parts", times=1)

    assert busy.outcome() == ("done", "")

    assert live_messages() == before
    number = Thread.objects.get(title="Much to say", kind="issue").number
    assert busy.problems == {("issue", number): KEPT_BACK.format(number)}
    busy.recover()


def test_a_thread_that_is_refused_in_its_list_costs_that_thread(scene: Scene) -> None:
    before = live_messages()
    refused = scene.world.open_issue(scene.repository, scene.owner, "Not for you").number
    other = scene.world.open_issue(scene.repository, scene.owner, "For all").number
    hide(scene, refused, ())

    assert scene.outcome() == ("done", "")

    stored = Thread.objects.filter(kind="issue").values_list("number", flat=True)
    assert other in stored
    assert refused not in stored
    assert before <= live_messages()
    assert list(scene.problems) == [("issue", refused)]
    scene.recover()


def test_a_stored_thread_that_is_refused_by_its_number_is_not_archived(scene: Scene) -> None:
    number = first_issue(scene.repository).number
    Thread.objects.filter(kind="issue", number=number).update(refetch_at=scene.world.now())
    hide(scene, number, ())

    assert scene.outcome() == ("done", "")

    assert not Thread.objects.filter(is_archived=True).exists()
    assert list(scene.problems) == [("issue", number)]
    scene.connected.refresh_from_db()
    assert scene.connected.sync_status == "active"
    scene.recover()


def test_a_list_of_a_thread_that_is_refused_costs_that_list(busy: Scene) -> None:
    def change(body: Body) -> None:
        refuse(body, ("p0",))

    busy.go_wrong(patched(change), "parts")

    assert busy.outcome() == ("done", "")

    assert busy.problems
    assert not Message.objects.filter(is_archived=True).exists()
    busy.recover()


def test_one_profile_that_is_refused_is_left_and_the_others_are_read(busy: Scene) -> None:
    busy.world.open_issue(busy.repository, busy.world.add_actor("ada", bio="I do."), "Hello")

    def change(body: Body) -> None:
        nodes = body["data"]["nodes"]
        at = next(i for i, node in enumerate(nodes) if node["login"] == "jo")
        refuse(body, ("nodes", at))

    busy.go_wrong(patched(change), "people")

    assert busy.outcome() == ("done", "")

    bios = dict(Identity.objects.values_list("username", "member__bio"))
    assert (bios["ada"], bios["jo"]) == ("I do.", "")
    busy.connected.refresh_from_db()
    assert busy.connected.sync_status == "active"


def test_profiles_that_are_all_refused_stop_nothing_else(busy: Scene) -> None:
    busy.go_wrong(status(403), "people")

    assert busy.outcome() == ("done", "")

    assert busy.stored("people") == []
    assert Thread.objects.filter(title="Much to say").exists()
    busy.recover()
    assert busy.stored("people") != []
    assert Credential.objects.get().shows_emails


def test_a_refusal_that_passes_takes_no_address_away(busy: Scene) -> None:
    jo = busy.world.actor("jo")
    assert jo is not None
    jo.public_email = "jo@example.com"
    busy.go_wrong(status(403), "people", times=1)

    assert busy.outcome() == ("done", "")

    assert Credential.objects.get().shows_emails
    assert Identity.objects.get(username="jo").email == "jo@example.com"


# By its schema a user has an address, so that a user without one is null: GraphQL's rule.
@pytest.mark.parametrize("takes_user_along", [False, True])
def test_addresses_that_are_refused_are_not_asked_for_again(
    busy: Scene, takes_user_along: bool
) -> None:
    def change(body: Body) -> None:
        nodes = body["data"]["nodes"]
        for index, node in enumerate(nodes):
            if "email" in node:
                refuse(body, ("nodes", index, "email"))
                nodes[index] = None if takes_user_along else node

    busy.go_wrong(patched(change), "people")

    assert busy.outcome() == ("done", "")

    assert Identity.objects.get(username="jo").member.bio == "I try."
    assert not Credential.objects.get().shows_emails
    busy.server.requests.clear()
    Identity.objects.update(profile_read_at=None)
    assert busy.outcome() == ("done", "")
    asked = [e.document for e in busy.server.requests.entries if "People" in (e.document or "")]
    assert len(asked) == 1
    assert "email" not in asked[0]


@pytest.mark.parametrize("says_why", [True, False])
@pytest.mark.parametrize("stream", LISTS)
def test_a_list_that_is_refused_rests_and_the_others_go_on(
    busy: Scene, stream: str, says_why: bool
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(
        patched(lambda body: refuse(body, ("repository", "list"), says_why=says_why)), stream
    )

    assert busy.outcome() == ("done", "")

    assert busy.stored(stream)[0] == before[0]  # type: ignore[index]
    assert Message.objects.filter(body="On second thought").exists()
    assert Identity.objects.filter(username="owner", profile_read_at__isnull=False).exists()
    resting = busy.connected.streams.exclude(refusal="").get()
    assert resting.name == stream
    why = "does not let this token read" if says_why else "shows no list of"
    assert f"{why} {stream.replace('_', ' ')}" in resting.refusal
    busy.connected.refresh_from_db()
    assert busy.connected.sync_status == "active"
    busy.recover()
    assert not busy.connected.streams.exclude(refusal="").exists()


def refuse_of_repository(scene: Scene, field: str, *, takes_repository_along: bool) -> None:
    """Let GitHub refuse a field of the repository, wherever that is shown."""

    def change(body: Body) -> None:
        shown = body["data"]["repository"]
        if shown is not None and field in shown:
            refuse(body, ("repository", field))
            body["data"]["repository"] = None if takes_repository_along else shown

    for stream in (*LISTS, "refetch"):
        scene.go_wrong(patched(change), stream)


# By its schema a repository has each, so that a repository without one is null: GraphQL's rule.
@pytest.mark.parametrize("takes_repository_along", [False, True])
@pytest.mark.parametrize("field", ["stargazerCount", "isPrivate", "hasIssuesEnabled"])
def test_a_field_of_the_repository_that_is_refused_costs_that_field(
    busy: Scene, field: str, takes_repository_along: bool
) -> None:
    refuse_of_repository(busy, field, takes_repository_along=takes_repository_along)
    busy.server.requests.clear()

    assert busy.outcome() == ("done", "")

    assert (busy.error, busy.problems) == ("", {})
    assert busy.connected.sync_status == "active"
    assert not busy.connected.streams.exclude(refusal="").exists()
    assert_source_equals(busy.connected.source, busy.repository)
    # Another repository of this token may show it.
    assert Credential.objects.get().refused_fields == []
    asked = [e for e in busy.server.requests.entries if field in (e.document or "")]
    assert (len(asked) == 1) == takes_repository_along
    busy.recover()


def test_a_field_without_which_a_repository_is_not_known_loses_no_access(busy: Scene) -> None:
    before = busy.stored("issues")
    refuse_of_repository(busy, "nameWithOwner", takes_repository_along=True)

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert "but not all that Dexxy needs to know of it (Not accessible)" in busy.error
    assert busy.connected.sync_status == "error"
    assert (busy.stored("issues"), busy.problems) == (before, {})
    busy.recover()


def test_a_leaf_inside_a_list_that_is_refused_costs_what_must_have_it(scene: Scene) -> None:
    """A thread has a title, so that a thread without one is null, and what refused it leads on."""
    refused = scene.world.open_issue(scene.repository, scene.owner, "Not for you").number
    other = scene.world.open_issue(scene.repository, scene.owner, "For all").number

    def change(body: Body) -> None:
        for path, node in list(threads_in(body)):
            if node.get("number") == refused and "title" in node:
                refuse(body, path)
                body["errors"][-1]["path"].append("title")

    for stream in (*LISTS, "refetch"):
        scene.go_wrong(patched(change), stream)

    assert scene.outcome() == ("done", "")

    stored = Thread.objects.filter(kind="issue").values_list("number", flat=True)
    assert (other in stored, refused in stored) == (True, False)
    assert (scene.error, list(scene.problems)) == ("", [("issue", refused)])
    assert scene.connected.sync_status == "active"
    scene.recover()


SSO = "https://github.com/orgs/colony/sso?authorization_request=A7Q2"


@pytest.mark.parametrize(
    ("message", "address", "reason"),
    [
        (SAML, f"required; url={SSO}", f"single sign-on (SAML): open {SSO} in a browser"),
        (SAML, "", "Settings > Developer settings > Personal access tokens > Configure SSO"),
        (ADDRESS.format("colony"), "", "Authentication security > IP allow list"),
    ],
)
@pytest.mark.parametrize("takes_repository_along", [False, True])
def test_a_list_that_an_organization_keeps_to_itself_rests_and_says_what_opens_it(
    busy: Scene, message: str, address: str, reason: str, takes_repository_along: bool
) -> None:
    def keep(call: Call) -> Response:
        response = call.proceed()
        body = response.get_json(force=True)
        refuse(body, ("repository", "list"))
        body["errors"][0]["message"] = message
        if takes_repository_along:
            body["data"]["repository"] = None
        response.set_data(json.dumps(body))
        response.headers["X-GitHub-SSO"] = address
        return response

    busy.go_wrong(keep, "pull_requests")

    assert busy.outcome() == ("done", "")

    [resting] = busy.connected.streams.exclude(refusal="")
    assert resting.name == "pull_requests"
    assert reason in resting.refusal
    assert "permission" not in resting.refusal.replace("not permitted", "")
    assert busy.connected.runs.latest("pk").receipt["issue"]["refusal"] == ""
    busy.connected.refresh_from_db()
    assert (busy.connected.sync_status, busy.error) == ("active", "")
    busy.recover()


@pytest.mark.parametrize("stream", LISTS)
def test_a_sweep_archives_nothing_of_a_list_that_is_refused(busy: Scene, stream: str) -> None:
    busy.sync()
    before = live_messages()
    busy.go_wrong(patched(lambda body: refuse(body, ("repository", "list"))), stream)

    assert busy.sync(sweep=True).state == "done"

    assert live_messages() == before
    busy.recover(sweep=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gaps_drawn_at_random_cost_no_more_than_themselves(busy: Scene, seed: int) -> None:
    before = live_messages()
    busy.server.faults.add(passing_gaps(seed, chance=0.5))

    for _ in range(3):
        assert busy.outcome() == ("done", "")

    assert before <= live_messages()
    busy.recover(sweep=True)
