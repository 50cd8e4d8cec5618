"""Webhooks: who gets which, what they say, and that GitHub would say the same."""

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from random import Random
from typing import Any

import pytest
from githubkit.webhooks import parse

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.silent import SILENT_CHANGES, make_silent_change
from dexxy_simulator.tests.apps import MANIFEST, key
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.webhooks.deliveries import Delivery, signature
from dexxy_simulator.world import World
from tests.published import assert_valid_webhook


@pytest.fixture
def on_ants(world: World, app: App, ants: Repository) -> Installation:
    installation = world.install(app, ants.owner)
    world.webhooks.pending.clear()
    return installation


def made(world: World) -> list[Delivery]:
    """Take all deliveries that wait."""
    return world.webhooks.drop(logged=False)


def names(world: World) -> list[str]:
    """Take all deliveries that wait, and return what they are of."""
    return [f"{one.event}.{one.action}" for one in made(world)]


def check(delivery: Delivery) -> None:
    """Check a delivery against both descriptions that GitHub publishes.

    They do not know everywhere that a fork can be gone, a discussion closed, and an account of a
    kind that is rare.
    """
    rare = rb'"type":"(Mannequin|EnterpriseUserAccount)"'
    payload = json.loads(re.sub(rare, b'"type":"User"', delivery.body))
    discussion, pull = payload.get("discussion"), payload.get("pull_request")
    if pull and pull["head"]["repo"] is None:
        pull["head"]["repo"] = pull["base"]["repo"]
    parse(delivery.event, json.dumps(payload))
    if discussion and discussion["state"] == "closed":
        discussion["state"] = "open"
    assert_valid_webhook(delivery.event, payload)


def checked(world: World) -> Counter[str]:
    """Check all deliveries that wait, and count them by what they are of."""
    deliveries = made(world)
    for delivery in deliveries:
        check(delivery)
    return Counter(f"{one.event}.{one.action}" for one in deliveries)


def test_what_makes_a_repository_grow_is_told_as_github_tells_it(
    server: SimulatorServer, world: World, clock: Clock, ants: Repository, on_ants: Installation
) -> None:
    on_ants.permissions = {**on_ants.permissions, "contents": "read"}
    on_ants.events = ["star", "fork", "release"]
    stars, forks = ants.stargazer_count, ants.fork_count

    make_history(world, clock, ants)

    told = made(world)
    for delivery in told:
        check(delivery)
    counted = Counter(f"{one.event}.{one.action}" for one in told if one.event in on_ants.events)
    assert counted == {
        "star.created": 2,
        "star.deleted": 1,
        "fork.None": 1,
        "release.published": 2,
        "release.edited": 1,
        "release.deleted": 1,
    }
    shown = [json.loads(one.body)["repository"] for one in told if one.event in ("star", "fork")]
    assert [(one["stargazers_count"] - stars, one["forks_count"] - forks) for one in shown] == [
        (1, 0),
        (2, 0),
        (1, 0),
        (1, 1),
    ]


def test_what_happens_in_threads_is_told_as_github_tells_it(
    server: SimulatorServer,
    world: World,
    clock: Clock,
    ants: Repository,
    on_ants: Installation,
) -> None:
    make_history(world, clock, ants)

    assert checked(world) == {
        "issues.opened": 11,
        "issue_comment.created": 7,
        "issue_comment.edited": 1,
        "issue_comment.deleted": 1,
        "issues.edited": 1,
        "issues.labeled": 2,
        "issues.unlabeled": 1,
        "issues.closed": 5,
        "issues.reopened": 2,
        "issues.locked": 1,
        "issues.unlocked": 1,
        "issues.assigned": 2,
        "issues.unassigned": 1,
        "issues.milestoned": 1,
        "repository.created": 1,
        "issues.transferred": 2,
        "discussion.created": 2,
        "issues.deleted": 1,
        "pull_request.opened": 3,
        "pull_request.ready_for_review": 1,
        "pull_request_review.submitted": 3,
        "pull_request_review_comment.created": 4,
        "pull_request_review_thread.resolved": 1,
        "pull_request_review.dismissed": 1,
        "pull_request.review_requested": 3,
        "pull_request.review_request_removed": 1,
        "pull_request.synchronize": 4,
        "pull_request.locked": 1,
        "pull_request.converted_to_draft": 1,
        "pull_request_review_comment.deleted": 1,
        "pull_request.closed": 2,
        "pull_request.labeled": 1,
        "discussion_comment.created": 3,
        "discussion.answered": 1,
        "discussion.locked": 1,
        "discussion.unanswered": 1,
        "discussion_comment.deleted": 1,
        "discussion.closed": 2,
        "discussion.reopened": 1,
        "installation_repositories.added": 1,
    }


def test_the_type_of_an_issue_is_told_as_github_tells_it(
    server: SimulatorServer, world: World, app: App
) -> None:
    world.dialect = Dialect()
    colony = world.add_actor("colony", "Organization")
    issue = world.open_issue(world.add_repository(colony, "hill"), colony, "Leaks")
    world.install(app, colony)
    made(world)

    world.set_type(issue, colony, "Bug")
    world.set_type(issue, colony, "Bug")
    world.set_type(issue, colony, None)

    told = made(world)
    for delivery in told:
        check(delivery)
    said = [json.loads(one.body) for one in told]
    assert [(one["action"], one["type"]["name"]) for one in said] == [
        ("typed", "Bug"),
        ("untyped", "Bug"),
    ]
    shown = [one["issue"]["type"] for one in said]
    assert shown == [said[0]["type"], None]


def test_what_happens_to_labels_and_milestones_is_told_as_github_tells_it(
    server: SimulatorServer, world: World, ants: Repository, on_ants: Installation
) -> None:
    on_ants.events = ["label", "milestone"]
    issue = ants.issues[44]
    label, milestone = world.label(ants, "kind"), world.add_milestone(ants, "1.0")
    world.set_milestone(issue, None, milestone)

    world.rename_label(label, "of its kind")
    world.delete_label(label)
    world.rename_milestone(milestone, "1.0.0")
    world.close_milestone(milestone)
    world.close_milestone(milestone)
    world.delete_milestone(milestone)

    told = made(world)
    for delivery in told:
        check(delivery)
    assert [(one.event, one.action, one.payload.get("changes")) for one in told] == [
        ("label", "created", None),
        ("milestone", "created", None),
        ("label", "edited", {"name": {"from": "kind"}}),
        ("label", "deleted", None),
        ("milestone", "edited", {"title": {"from": "1.0"}}),
        ("milestone", "closed", None),
        ("milestone", "opened", None),
        ("milestone", "deleted", None),
    ]
    assert issue.milestone is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_transferred_issue_keeps_a_milestone_that_its_new_repository_has_too(
    world: World, ants: Repository, is_there: bool
) -> None:
    other = world.add_repository(ants.owner, "other")
    issue = ants.issues[44]
    world.set_milestone(issue, None, world.add_milestone(ants, "1.0"))
    same = world.add_milestone(other, "1.0" if is_there else "1.1")

    world.transfer(issue, other)

    assert issue.milestone is (same if is_there else None)


@pytest.mark.parametrize(("kind", "newer"), [("User", True), ("Organization", False)])
def test_only_organizations_on_newer_servers_have_types_of_issues(
    world: World, kind: Any, newer: bool
) -> None:
    world.dialect = Dialect(newer_fields=newer)
    owner = world.add_actor("somebody", kind)
    issue = world.open_issue(world.add_repository(owner, "hill"), owner, "Leaks")

    world.set_type(issue, owner, "Bug")

    assert issue.issue_type is None


def test_what_people_change_in_threads_is_told_too(
    server: SimulatorServer, world: World, ants: Repository, on_ants: Installation, barry: Actor
) -> None:
    owner, pull = ants.owner, ants.pull_requests[40]
    category = world.add_category(ants, "Ideas")
    discussion = ants.discussions[212]
    other = world.add_repository(owner, "other")
    closed = world.open_pull_request(ants, barry, "Closed")
    world.close(closed, barry)
    made(world)

    world.assign(pull, owner, barry)
    world.assign(pull, owner, barry, on=False)
    world.edit(pull, "New body")
    world.edit(pull.reviews[0], "New words")
    world.edit(pull.review_threads[0].comments[0], "New remark")
    world.resolve(pull.review_threads[0], owner)
    world.resolve(pull.review_threads[0], owner, resolved=False)
    world.reopen(closed, owner)
    world.set_labels(pull, owner, ["new"])
    world.lock_thread(pull, owner, "SPAM")
    world.unlock_thread(pull, owner)
    world.unchoose_answer(discussion, owner)
    world.change_category(discussion, category, owner)
    world.set_labels(discussion, owner, ["new"])
    world.set_labels(discussion, owner, [])
    world.lock_thread(discussion, owner)
    world.unlock_thread(discussion, owner)
    world.rename_title(discussion, owner, "New title")
    world.edit(discussion, "New body")
    world.edit(discussion.comments[0], "New comment")
    world.transfer(discussion, other, owner)
    world.delete(discussion)

    assert checked(world) == {
        "pull_request.assigned": 1,
        "pull_request.unassigned": 1,
        "pull_request.edited": 1,
        "pull_request.reopened": 1,
        "pull_request.labeled": 1,
        "pull_request.locked": 1,
        "pull_request.unlocked": 1,
        "pull_request_review.edited": 1,
        "pull_request_review_comment.edited": 1,
        "pull_request_review_thread.resolved": 1,
        "pull_request_review_thread.unresolved": 1,
        "discussion.category_changed": 1,
        "discussion.labeled": 1,
        "discussion.unlabeled": 1,
        "discussion.locked": 1,
        "discussion.unlocked": 1,
        "discussion.edited": 2,
        "discussion.transferred": 1,
        "discussion.unanswered": 1,
        "discussion.created": 1,
        "discussion.deleted": 1,
        "discussion_comment.edited": 1,
    }


def test_what_owners_do_with_repositories_and_apps_is_told(
    server: SimulatorServer, world: World, app: App, installation: Installation, nest: Repository
) -> None:
    world.dialect = Dialect(repository_deletions_are_sent=True)
    queen = world.actor("queen")
    assert queen is not None
    second = world.add_repository(nest.owner, "second")

    world.select_repositories(installation, [nest, second], queen)
    world.describe_repository(nest, "Of ants", queen)
    world.rename_repository(nest, "hill", queen)
    world.archive_repository(nest, queen)
    world.archive_repository(nest, queen, archived=False)
    world.set_private(nest, queen, private=False)
    world.set_private(nest, queen)
    world.select_repositories(installation, [nest], queen)
    world.rename_actor(nest.owner, "hive")
    world.change_app(app, permissions={**app.permissions, "contents": "read"})
    world.accept_permissions(installation, queen)
    world.suspend(installation, queen)
    world.unsuspend(installation, queen)
    world.delete_repository(nest, queen)
    world.uninstall(installation, queen)
    world.user_token(app, queen)
    world.revoke_authorization(app, queen)

    assert checked(world) == {
        "ping.None": 1,
        "installation.created": 1,
        "installation.new_permissions_accepted": 1,
        "installation.suspend": 1,
        "installation.unsuspend": 1,
        "installation.deleted": 1,
        "installation_repositories.added": 1,
        "installation_repositories.removed": 2,
        "installation_target.renamed": 1,
        "github_app_authorization.revoked": 1,
        "repository.edited": 1,
        "repository.renamed": 1,
        "repository.archived": 1,
        "repository.unarchived": 1,
        "repository.privatized": 1,
        "repository.publicized": 1,
        "repository.deleted": 1,
    }


@pytest.mark.parametrize("is_organization", [True, False])
def test_a_transfer_is_told_to_both_sides(
    server: SimulatorServer,
    world: World,
    app: App,
    installation: Installation,
    nest: Repository,
    is_organization: bool,
) -> None:
    target = world.add_actor("target", "Organization" if is_organization else "User")
    there = world.install(app, target)
    made(world)

    world.transfer_repository(nest, target)

    deliveries = [(one.installation_id, one.event, one.action) for one in world.webhooks.pending]
    assert deliveries == [
        (installation.database_id, "installation_repositories", "removed"),
        (there.database_id, "repository", "transferred"),
        (there.database_id, "installation_repositories", "added"),
    ]
    checked(world)


# --- who gets what ---


def test_a_delivery_says_what_it_is_and_is_signed(
    world: World, app: App, on_ants: Installation, ants: Repository
) -> None:
    world.open_issue(ants, None, "Ünïcode 🐜", "Bódy")

    (delivery,) = made(world)

    secret = (app.hook.secret or "").encode()
    mac = hmac.new(secret, delivery.body, hashlib.sha256).hexdigest()
    sha1 = hmac.new(secret, delivery.body, hashlib.sha1).hexdigest()
    assert delivery.headers == {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/6b86b27",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": "issues",
        "X-GitHub-Hook-ID": str(app.hook.database_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.database_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": f"sha1={sha1}",
        "X-Hub-Signature-256": f"sha256={mac}",
    }
    assert "Ünïcode 🐜".encode() in delivery.body
    assert delivery.payload["installation"]["id"] == on_ants.database_id


def test_the_signature_is_that_of_githubs_example() -> None:
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    found = signature("It's a Secret to Everybody", b"Hello, World!")

    assert found == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_only_covered_repositories_are_told_of(
    world: World, installation: Installation, nest: Repository, ants: Repository
) -> None:
    second = world.add_repository(nest.owner, "second")
    made(world)

    for repository in (nest, second, ants):
        world.open_issue(repository, None, "New")

    assert [one.repository_id for one in made(world)] == [nest.database_id]


@pytest.mark.parametrize("lost", ["permission", "event", "hook", "installation"])
def test_without_all_that_it_needs_nothing_is_told(
    world: World, app: App, on_ants: Installation, ants: Repository, lost: str
) -> None:
    if lost == "permission":
        on_ants.permissions = {"metadata": "read"}
    elif lost == "event":
        on_ants.events = ["repository"]
    elif lost == "hook":
        app.hook.is_active = False
    else:
        world.suspend(on_ants)
        made(world)

    world.open_issue(ants, None, "New")

    assert names(world) == []


def test_each_app_gets_a_delivery_of_its_own(
    world: World, app: App, on_ants: Installation, ants: Repository
) -> None:
    other = world.register_app(ants.owner, {**MANIFEST, "name": "Other"}, key())
    world.install(other, ants.owner)
    made(world)

    world.open_issue(ants, None, "New")

    assert [one.app for one in world.webhooks.pending] == [app, other]


@pytest.mark.parametrize("kind", SILENT_CHANGES)
def test_a_silent_change_is_told_to_nobody(
    world: World, on_ants: Installation, ants: Repository, kind: str
) -> None:
    world.dialect = Dialect(moving=frozenset())
    world.review(ants.pull_requests[40], ants.owner, "APPROVED", "Yes", [("a.go", 1, "Here")])
    world.minimize(ants.issues[5].comments[0])
    world.hide_author(ants.issues[6].author or ants.owner)
    made(world)

    make_silent_change(world, ants, Random(1), [kind])

    assert names(world) == []


def test_pending_reviews_and_hiding_are_told_to_nobody(
    world: World, on_ants: Installation, ants: Repository, barry: Actor
) -> None:
    world.review(ants.pull_requests[40], barry, "PENDING", "Hm", [("a.go", 1, "Hm")])
    world.minimize(ants.issues[5].comments[0])
    world.hide_author(barry)

    assert names(world) == []


# --- where nobody knows ---


@pytest.mark.parametrize(
    ("switches", "told"),
    [
        ({}, ["issues.closed", "discussion.created"]),
        ({"conversion_events": "issue"}, ["issues.closed"]),
        ({"conversion_events": "discussion"}, ["discussion.created"]),
        ({"conversion_events": "neither"}, []),
        ({"converted_issues_stay": False}, ["issues.deleted", "discussion.created"]),
    ],
)
def test_the_dialect_knows_what_a_conversion_tells(
    world: World,
    on_ants: Installation,
    ants: Repository,
    switches: dict[str, Any],
    told: list[str],
) -> None:
    world.dialect = Dialect(**switches)

    world.convert_to_discussion(ants.issues[5], world.add_category(ants, "Q&A"), ants.owner)

    assert names(world) == told


def test_the_dialect_knows_the_id_of_a_pull_request_in_a_comments_event(
    world: World, on_ants: Installation, ants: Repository
) -> None:
    pull, ids = ants.pull_requests[40], []
    for switch in (True, False):
        world.dialect = Dialect(comments_name_the_issue=switch)
        world.comment(pull, ants.owner, "Hm")
        ids.append(made(world)[0].payload["issue"]["id"])

    assert ids == [pull.issue_side_id, pull.database_id]


def test_the_dialect_knows_the_format_of_node_ids_in_webhooks(
    world: World, on_ants: Installation, ants: Repository
) -> None:
    ids = []
    for switch in (False, True):
        world.dialect = Dialect(legacy_node_ids_in_webhooks=switch)
        issue = world.open_issue(ants, None, "New")
        ids.append(made(world)[0].payload["issue"]["node_id"])

    assert ids[0].startswith("I_")
    assert base64.b64decode(ids[1]).decode() == f"05:Issue{issue.database_id}"
    assert world.find(ids[1]) is issue


@pytest.mark.parametrize("named", [True, False])
def test_the_dialect_knows_whether_an_unanswered_discussion_names_the_installation(
    world: World, on_ants: Installation, ants: Repository, named: bool
) -> None:
    discussion = ants.discussions[212]
    world.choose_answer(discussion.comments[0], ants.owner)
    made(world)
    world.dialect = Dialect(unanswered_names_installation=named)

    world.unchoose_answer(discussion)

    (delivery,) = made(world)
    assert ("installation" in delivery.payload) is named
    assert delivery.installation_id == on_ants.database_id


@pytest.mark.parametrize("announced", [True, False])
def test_the_dialect_knows_whether_a_new_repository_is_announced(
    world: World, on_ants: Installation, ants: Repository, announced: bool
) -> None:
    world.dialect = Dialect(new_repositories_are_announced=announced)

    world.add_repository(ants.owner, "new")

    added = ["installation_repositories.added"] if announced else []
    assert names(world) == ["repository.created", *added]


@pytest.mark.parametrize("sent", [True, False])
def test_the_dialect_knows_whether_a_deletion_is_sent(
    world: World, on_ants: Installation, ants: Repository, sent: bool
) -> None:
    world.dialect = Dialect(repository_deletions_are_sent=sent)

    world.delete_repository(ants)

    deleted = ["repository.deleted"] if sent else []
    assert names(world) == [*deleted, "installation_repositories.removed"]
