"""What each webhook about a thread changes, in whatever order they come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.doctor.github import inbox
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github.webhooks.events import ACCOUNT_EVENTS
from dexxy.integrations.tests.connected_app import (
    ANTS,
    DELIVERIES,
    INSTALLATION,
    arrive,
    connect_app,
    happen,
    messages,
    payload,
    threads,
)
from dexxy.members.models import Identity
from dexxy.messages.ingest.archiving import GoneThread, threads_archive
from dexxy.messages.ingest.stored_threads import stored_thread
from dexxy.messages.models import ArchivedReason, Change, Message, Thread
from tests.factories import make_app, make_workspace
from tests.webhooks import send

ISSUE = ("acme/ants", "issue", 7)
PULL = ("acme/ants", "pull_request", 8)
DISCUSSION = ("acme/ants", "discussion", 9)
OPENED = ("opened", "7", "Nobody has seen her.", "mona", "")
PULL_OPENED = ("opened", "8", "She was in the garden.", "hubot", "")
DISCUSSION_OPENED = ("opened", "9", "Asking for a friend.", "mona", "")


@pytest.fixture
def app(workspace: Workspace) -> GitHubApp:
    return connect_app(workspace)


def states() -> list[tuple[str, str, str]]:
    rows = WebhookDelivery.objects.order_by("pk")
    return [(d.event, d.action, d.state) for d in rows]


@pytest.mark.parametrize("name", sorted(path.stem for path in DELIVERIES.glob("*.json")))
def test_each_delivery_is_applied_and_marks_its_thread(app: GitHubApp, name: str) -> None:
    before = timezone.now()

    happen(app, name)

    assert [state for _, _, state in states()] == [DeliveryState.DONE]
    marked = Thread.objects.filter(hinted_at__gte=before, refetch_at__gte=before)
    assert marked.count() == Thread.objects.count() > 0


@pytest.mark.parametrize(
    ("names", "key", "changed"),
    [
        (["issues__edited"], ISSUE, {"title": "The queen has left"}),
        (["issues__closed"], ISSUE, {"state": "closed", "reason": "not_planned"}),
        (["issues__closed", "issues__reopened"], ISSUE, {"reason": "reopened"}),
        (["issues__labeled"], ISSUE, {"labels": ["bug", "royal"]}),
        (["issues__closed", "issues__pinned"], ISSUE, {"state": "closed", "reason": "not_planned"}),
        (["issues__deleted"], ISSUE, {"archived": "deleted"}),
        (["issues__transferred"], ISSUE, {"archived": "moved"}),
        (["issues__by_nobody"], ISSUE, {"author": None}),
        (["issues__by_a_ghost"], ISSUE, {"author": None}),
        (["issues__by_a_bot"], ISSUE, {"author": "helper[bot]"}),
    ],
)
def test_an_issue_becomes_what_its_webhooks_say(
    app: GitHubApp, names: list[str], key: Any, changed: dict[str, Any]
) -> None:
    happen(app, *names)

    unchanged = {
        "title": "The queen is missing",
        "state": "open",
        "reason": "",
        "author": "mona",
        "labels": ["bug"],
        "archived": "",
    }
    assert threads()[key] == {**unchanged, **changed}


def label_event(app: GitHubApp, action: str, name: str, changes: dict[str, Any]) -> None:
    told = payload("issues__labeled")
    body = {key: told[key] for key in ("repository", "installation", "sender")}
    body |= {"action": action, "label": {"name": name}, "changes": changes}
    assert send(app, body, event="label").status_code == 202
    deliveries_drain(seconds=10)


@pytest.mark.parametrize(
    ("action", "name", "changes", "labels"),
    [
        ("edited", "kind/bug", {"name": {"from": "bug"}}, ["kind/bug", "royal"]),
        ("edited", "royal", {"name": {"from": "bug"}}, ["royal"]),
        ("edited", "bug", {"color": {"from": "ffffff"}}, ["bug", "royal"]),
        ("deleted", "bug", {}, ["royal"]),
        ("created", "bug", {}, ["bug", "royal"]),
    ],
)
def test_what_happens_to_a_label_is_seen_at_once_on_all_its_threads_which_are_read_again(
    app: GitHubApp, action: str, name: str, changes: dict[str, Any], labels: list[str]
) -> None:
    happen(app, "issues__labeled")
    Thread.objects.update(hinted_at=None, refetch_at=None)
    Change.objects.all().delete()
    before = timezone.now()

    label_event(app, action, name, changes)

    thread = Thread.objects.get()
    assert thread.labels == labels
    assert states()[-1] == ("label", action, DeliveryState.DONE)
    is_changed = labels != ["bug", "royal"]
    assert [c.kind for c in Change.objects.all()] == (["edited"] if is_changed else [])
    if is_changed:
        assert thread.hinted_at is not None
        assert before <= thread.hinted_at
        assert thread.refetch_at is not None
        assert thread.refetch_at >= thread.hinted_at + timedelta(seconds=60)
    else:
        assert (thread.hinted_at, thread.refetch_at) == (None, None)


def milestone_event(app: GitHubApp, action: str, title: str, changes: dict[str, Any]) -> None:
    told = payload("issues__labeled")
    body = {key: told[key] for key in ("repository", "installation", "sender")}
    body |= {"action": action, "milestone": {"title": title}, "changes": changes}
    assert send(app, body, event="milestone").status_code == 202
    deliveries_drain(seconds=10)


@pytest.mark.parametrize(
    ("action", "title", "changes", "milestone"),
    [
        ("edited", "1.0.0", {"title": {"from": "1.0"}}, "1.0.0"),
        ("edited", "1.0", {"due_on": {"from": None}}, "1.0"),
        ("edited", "3.0", {"title": {"from": "2.0"}}, "1.0"),
        ("deleted", "1.0", {}, ""),
        ("closed", "1.0", {}, "1.0"),
    ],
)
def test_what_happens_to_a_milestone_is_seen_at_once_in_all_its_threads_which_are_read_again(
    app: GitHubApp, action: str, title: str, changes: dict[str, Any], milestone: str
) -> None:
    happen(app, "issues__opened", "pull_request__opened", "discussion__created")
    Thread.objects.update(hinted_at=None, refetch_at=None)
    inside = Thread.objects.exclude(kind="discussion")
    inside.update(milestone="1.0")
    Change.objects.all().delete()

    milestone_event(app, action, title, changes)

    assert set(inside.values_list("milestone", flat=True)) == {milestone}
    assert states()[-1] == ("milestone", action, DeliveryState.DONE)
    marked = Thread.objects.filter(refetch_at__isnull=False, hinted_at__isnull=False)
    is_changed = milestone != "1.0"
    assert set(marked) == (set(inside) if is_changed else set())
    assert [c.kind for c in Change.objects.all()] == (["edited"] * 2 if is_changed else [])


def test_a_label_of_another_repository_or_installation_changes_nothing(app: GitHubApp) -> None:
    happen(app, "issues__labeled")
    told = payload("issues__labeled")
    elsewhere = {**told["repository"], "id": 1}
    for key, value in {"repository": elsewhere, "installation": {"id": 1}}.items():
        body = {**told, "action": "deleted", "label": {"name": "bug"}, key: value}
        send(app, body, event="label")
    deliveries_drain(seconds=10)

    assert Thread.objects.get().labels == ["bug", "royal"]
    assert states()[-2:] == [("label", "deleted", DeliveryState.IGNORED)] * 2


def test_an_action_of_tomorrow_is_taken_for_an_edit_and_counted(app: GitHubApp) -> None:
    body = {**payload("issues__edited"), "action": "enchanted"}
    send(app, body, event="issues")
    deliveries_drain(seconds=10)

    assert threads()[ISSUE]["title"] == "The queen has left"
    assert Thread.objects.get().refetch_at is not None
    assert states() == [("issues", "enchanted", DeliveryState.DONE)]
    [counted] = [one for one in inbox() if one.name == "Webhooks of a new kind"]
    assert "issues enchanted (1)" in counted.says


def test_a_webhook_renames_a_person_but_never_a_bot(app: GitHubApp) -> None:
    for name in ("issues__opened", "issues__by_a_bot"):
        happen(app, name)
        Identity.objects.update(version_at=timezone.now() - timedelta(minutes=1))
        renamed = payload(name)
        renamed["issue"]["user"]["login"] = "Another"
        send(app, renamed, event="issues")
        deliveries_drain(seconds=10)

    names = Identity.objects.order_by("pk").values_list("username", "member__display_name")
    assert list(names) == [("Another", "Another"), ("helper[bot]", "helper[bot]")]


@pytest.mark.parametrize(
    ("names", "changed"),
    [
        (["pull_request__opened"], {}),
        (["pull_request__opened_as_a_draft"], {"reason": "draft"}),
        (["pull_request__opened_as_a_draft", "pull_request__ready_for_review"], {}),
        (["pull_request__closed"], {"state": "closed"}),
        (["pull_request__merged"], {"state": "merged"}),
        (["pull_request__closed", "pull_request__reopened"], {}),
        (["pull_request__opened_as_a_draft", "issue_comment__created_on_a_pull_request"], {}),
        (["issue_comment__created_on_a_pull_request"], {}),
        (["issue_comment__created_on_a_merged_pull_request"], {"state": "merged"}),
        (["pull_request__synchronize"], {}),
        (["pull_request_review_thread__resolved"], {}),
    ],
)
def test_a_pull_request_becomes_what_its_webhooks_say(
    app: GitHubApp, names: list[str], changed: dict[str, Any]
) -> None:
    happen(app, *names)

    unchanged = {
        "title": "Find the queen",
        "state": "open",
        "reason": "",
        "author": "hubot",
        "labels": [],
        "archived": "",
    }
    assert threads() == {PULL: {**unchanged, **changed}}


@pytest.mark.parametrize(
    ("names", "changed"),
    [
        (["discussion__edited"], {"title": "What do bees eat?"}),
        (["discussion__closed"], {"state": "closed", "reason": "resolved"}),
        (["discussion__closed", "discussion__reopened"], {"reason": "reopened"}),
        (["discussion__closed", "discussion__locked"], {"state": "closed"}),
        (["discussion__labeled"], {"labels": ["food"]}),
        (["discussion__category_changed"], {}),
        (["discussion__deleted"], {"archived": "deleted"}),
        (["discussion__transferred"], {"archived": "moved"}),
    ],
)
def test_a_discussion_becomes_what_its_webhooks_say(
    app: GitHubApp, names: list[str], changed: dict[str, Any]
) -> None:
    happen(app, *names)

    unchanged = {
        "title": "What do ants eat?",
        "state": "open",
        "reason": "",
        "author": "mona",
        "labels": [],
        "archived": "",
    }
    assert threads()[DISCUSSION] == {**unchanged, **changed}


def test_an_answer_is_known_at_once_and_its_message_left_to_the_refetch(app: GitHubApp) -> None:
    happen(app, "discussion__answered")
    assert Thread.objects.get().answered_at == datetime(2026, 3, 1, 10, 8, tzinfo=UTC)

    happen(app, "discussion__unanswered")
    assert Thread.objects.get().answered_at is None
    assert messages() == [DISCUSSION_OPENED]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["issues__opened"], [OPENED]),
        (["issues__edited"], [("opened", "7", "We think so.", "mona", "")]),
        (["issues__closed"], [OPENED]),
        (
            ["issue_comment__created"],
            [OPENED, ("comment", "70001", "Look below the stone.", "hubot", "")],
        ),
        (
            ["issue_comment__created_with_a_large_id"],
            [OPENED, ("comment", "3000000001", "Look below the stone.", "hubot", "")],
        ),
        (
            ["issue_comment__created", "issue_comment__edited"],
            [OPENED, ("comment", "70001", "Look above the stone.", "hubot", "")],
        ),
        (
            ["issue_comment__created", "issue_comment__deleted"],
            [OPENED, ("comment", "70001", "Look below the stone.", "hubot", "deleted")],
        ),
        (
            ["issue_comment__created_on_a_pull_request"],
            [PULL_OPENED, ("comment", "80101", "Look below the stone.", "hubot", "")],
        ),
        (
            ["pull_request_review__submitted"],
            [PULL_OPENED, ("review", "80001", "Nice.", "mona", "")],
        ),
        (
            ["pull_request_review__submitted", "pull_request_review__edited"],
            [PULL_OPENED, ("review", "80001", "Very nice.", "mona", "")],
        ),
        (
            ["pull_request_review_comment__created", "pull_request_review_comment__replied"],
            [
                PULL_OPENED,
                ("review_comment", "81001", "Which garden?", "mona", ""),
                ("review_comment", "81002", "The one behind the house.", "hubot", ""),
            ],
        ),
        (
            ["pull_request_review_comment__created", "pull_request_review_comment__edited"],
            [PULL_OPENED, ("review_comment", "81001", "Which garden, please?", "mona", "")],
        ),
        (
            ["pull_request_review_comment__created", "pull_request_review_comment__deleted"],
            [PULL_OPENED, ("review_comment", "81001", "Which garden?", "mona", "deleted")],
        ),
        (
            ["discussion_comment__created", "discussion_comment__replied"],
            [
                DISCUSSION_OPENED,
                ("comment", "90001", "Sugar.", "hubot", ""),
                ("reply", "90002", "Brown or white?", "mona", ""),
            ],
        ),
        (
            ["discussion_comment__created_with_a_large_id"],
            [DISCUSSION_OPENED, ("comment", "DC_kwDO3000000002", "Sugar.", "hubot", "")],
        ),
        (
            ["discussion_comment__created", "discussion_comment__edited"],
            [DISCUSSION_OPENED, ("comment", "90001", "Sugar and crumbs.", "hubot", "")],
        ),
        (
            ["discussion_comment__deleted"],
            [DISCUSSION_OPENED, ("comment", "90001", "Sugar.", "hubot", "deleted")],
        ),
        (
            ["issues__deleted"],
            [("opened", "7", "Nobody has seen her.", "mona", "deleted")],
        ),
    ],
)
def test_messages_are_in_the_feed_at_once(
    app: GitHubApp, names: list[str], expected: list[tuple[str, ...]]
) -> None:
    happen(app, *names)

    assert messages() == expected


def test_a_dismissed_review_says_so_and_keeps_its_text(app: GitHubApp) -> None:
    happen(app, "pull_request_review__submitted", "pull_request_review__dismissed")

    stored = Message.objects.get(kind="review").details
    assert stored == {"state": "DISMISSED", "association": "member", "commit": "ec26c3e5"}


def test_the_empty_review_around_comments_is_kept_out_of_the_feed(app: GitHubApp) -> None:
    happen(app, "pull_request_review__submitted_around_comments")

    assert not Message.objects.get(kind="review").in_feed


@pytest.mark.parametrize("is_first", [True, False], ids=["before its review", "behind it"])
def test_a_comment_on_code_is_as_old_as_its_review_wherever_it_comes(
    app: GitHubApp, is_first: bool
) -> None:
    told = payload("pull_request_review_comment__created")
    told["comment"]["created_at"] = "2026-02-27T10:00:00Z"

    if not is_first:
        happen(app, "pull_request_review__submitted")
    send(app, told, event="pull_request_review_comment")
    deliveries_drain(seconds=10)
    if is_first:
        happen(app, "pull_request_review__submitted")

    [at] = Message.objects.exclude(kind="opened").values_list("occurred_at", flat=True).distinct()
    assert (at, Thread.objects.get().first_response_at) == (
        datetime(2026, 3, 1, 10, 6, tzinfo=UTC),
    ) * 2


def test_answers_point_to_what_they_answer(app: GitHubApp) -> None:
    happen(app, "discussion_comment__replied", "discussion_comment__created")
    happen(app, "pull_request_review_comment__replied", "pull_request_review_comment__created")

    parents = {m.external_id: m.parent and m.parent.external_id for m in Message.objects.all()}
    assert (parents["90002"], parents["81002"]) == ("90001", "81001")


@pytest.mark.parametrize("batched", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize(
    "order",
    list(
        permutations(["issue_comment__created", "issue_comment__edited", "issue_comment__deleted"])
    ),
    ids=lambda names: "-".join(name.rpartition("_")[2] for name in names),
)
def test_a_deleted_comment_stays_deleted_in_whatever_order_webhooks_come(
    app: GitHubApp, order: tuple[str, ...], batched: bool
) -> None:
    if batched:
        arrive(app, *order)
        deliveries_drain(seconds=10)
    else:
        happen(app, *order)

    edited = ("comment", "70001", "Look above the stone.", "hubot", "deleted")
    assert messages() == [OPENED, edited]
    assert Thread.objects.get().message_count == 1


@pytest.mark.parametrize("batched", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize(
    "order",
    list(permutations(["issues__opened", "issues__closed", "issues__reopened"])),
    ids=lambda names: "-".join(name.rpartition("_")[2] for name in names),
)
def test_the_newest_state_wins_in_whatever_order_webhooks_come(
    app: GitHubApp, order: tuple[str, ...], batched: bool
) -> None:
    if batched:
        arrive(app, *order)
        deliveries_drain(seconds=10)
    else:
        happen(app, *order)

    thread = Thread.objects.get()
    assert (thread.state, thread.state_reason, thread.closed_at) == ("open", "reopened", None)


def test_what_comes_late_to_a_deleted_thread_is_not_in_the_feed(app: GitHubApp) -> None:
    happen(app, "issues__deleted", "issue_comment__created", "issues__opened")

    assert threads()[ISSUE]["archived"] == "deleted"
    assert {why for *_, why in messages()} == {"deleted"}


@pytest.mark.parametrize(
    "order",
    list(permutations(["issues__opened", "issues__transferred", "issues__opened_by_transfer"])),
)
def test_a_transferred_issue_is_in_its_new_place_only(
    app: GitHubApp, order: tuple[str, ...]
) -> None:
    happen(app, *order)

    found = {key: thread["archived"] for key, thread in threads().items()}
    assert found == {ISSUE: "moved", ("acme/bees", "issue", 3): ""}
    old = Thread.objects.get(number=7)
    assert old.moved_to_url == "https://github.com/acme/bees/issues/3"


def test_a_transferred_discussion_is_in_its_new_place_only(app: GitHubApp) -> None:
    happen(app, "discussion__created", "discussion__transferred")

    found = {key: thread["archived"] for key, thread in threads().items()}
    assert found == {DISCUSSION: "moved", ("acme/bees", "discussion", 4): ""}


def test_where_an_issue_went_is_kept_when_it_is_deleted_as_well(app: GitHubApp) -> None:
    happen(app, "issues__transferred", "issues__deleted")

    old = Thread.objects.get(number=7)
    assert (old.archived_reason, old.moved_to_url) == (
        "moved",
        "https://github.com/acme/bees/issues/3",
    )


@pytest.mark.parametrize(
    ("name", "reason"), [("issues__deleted", "deleted"), ("issues__transferred", "moved")]
)
def test_why_a_thread_is_gone_outlives_the_refetch_that_does_not_find_it(
    app: GitHubApp, name: str, reason: str
) -> None:
    happen(app, name)
    thread = Thread.objects.get(number=7)
    later = timezone.now() + timedelta(minutes=5)
    gone = GoneThread(stored_thread(thread, asked_at=later), ArchivedReason.MISSING)

    threads_archive([gone], asked_at=later)

    before, thread = thread, Thread.objects.get(number=7)
    assert (thread.archived_reason, thread.moved_to_url) == (reason, before.moved_to_url)
    assert thread.refetch_at is None


def test_a_transfer_to_a_repository_that_is_not_connected_only_archives(app: GitHubApp) -> None:
    GitHubRepository.objects.filter(full_name="acme/bees").update(is_archived=True)

    happen(app, "issues__opened", "issues__transferred")

    assert {key: thread["archived"] for key, thread in threads().items()} == {ISSUE: "moved"}


def test_an_account_keeps_what_only_a_snapshot_knows_and_takes_a_new_login(app: GitHubApp) -> None:
    happen(app, "issues__opened")
    long_ago = timezone.now() - timedelta(days=1)
    Identity.objects.update(
        username="mona-the-old", name="Mona", avatar_url="https://a/1", version_at=long_ago
    )

    happen(app, "issues__edited")

    identity = Identity.objects.get()
    assert (identity.username, identity.name, identity.avatar_url) == (
        "mona",
        "Mona",
        "https://a/1",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("issues__opened", "user"),
        ("issues__by_a_bot", "bot"),
        ("issues__by_an_organization", "organization"),
        ("issues__by_a_mannequin", "mannequin"),
    ],
)
def test_an_account_is_of_the_kind_that_github_says(app: GitHubApp, name: str, kind: str) -> None:
    happen(app, name)

    assert Identity.objects.get().kind == kind


def test_a_thread_that_waits_for_a_refetch_goes_on_waiting(app: GitHubApp) -> None:
    happen(app, "issues__opened")
    soon = timezone.now() + timedelta(seconds=50)
    Thread.objects.update(refetch_at=soon)

    happen(app, "issue_comment__created")

    assert Thread.objects.get().refetch_at == soon


@pytest.mark.parametrize("seconds", [-1, 50], ids=["under way", "postponed"])
def test_a_change_of_state_is_read_at_once_and_anew(app: GitHubApp, seconds: int) -> None:
    happen(app, "issues__opened")
    before = timezone.now()
    Thread.objects.update(refetch_at=before + timedelta(seconds=seconds))

    happen(app, "issues__closed")

    refetch_at = Thread.objects.get().refetch_at
    assert refetch_at is not None
    assert before < refetch_at <= timezone.now()


def test_no_version_lies_after_the_receipt(app: GitHubApp) -> None:
    ahead = payload("issues__opened")
    ahead["issue"]["updated_at"] = "2199-01-01T00:00:00Z"

    send(app, ahead, event="issues")
    deliveries_drain(seconds=10)

    assert Thread.objects.get().version_at <= timezone.now()
    assert Message.objects.get().version_at <= timezone.now()


def _without_app(app: GitHubApp) -> None:
    GitHubInstallation.objects.update(app=make_app())


def _of_another_installation(app: GitHubApp) -> None:
    GitHubInstallation.objects.update(installation_id=INSTALLATION + 1)


def _disconnected(app: GitHubApp) -> None:
    GitHubInstallation.objects.update(workspace=None)


def _archived(app: GitHubApp) -> None:
    GitHubRepository.objects.update(is_archived=True)


def _paused(app: GitHubApp) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)


def _unknown(app: GitHubApp) -> None:
    GitHubRepository.objects.filter(github_id=ANTS).update(github_id=1)


@pytest.mark.parametrize(
    "change",
    [_without_app, _of_another_installation, _disconnected, _archived, _paused, _unknown],
)
def test_a_delivery_for_what_is_not_connected_is_ignored(app: GitHubApp, change: Any) -> None:
    change(app)

    happen(app, "issues__opened")

    assert states() == [("issues", "opened", "ignored")]
    assert "not connected here" in WebhookDelivery.objects.get().error
    assert not Thread.objects.exists()


@pytest.mark.parametrize(
    ("event", "action", "why"),
    [
        ("watch", "started", "Nothing that it says is stored."),
        ("push", "", "Nothing that it says is stored."),
        ("newly_invented", "done", "The event newly_invented is unknown."),
        *(
            (event, "exploded", f"The action exploded of {event} is unknown.")
            for event in ACCOUNT_EVENTS
        ),
    ],
)
def test_what_nobody_handles_is_stored_as_ignored(
    app: GitHubApp, event: str, action: str, why: str
) -> None:
    send(app, {**payload("issues__opened"), "action": action}, event=event)
    deliveries_drain(seconds=10)

    assert states() == [(event, action, "ignored")]
    assert WebhookDelivery.objects.get().error == why
    assert not Thread.objects.exists()


def test_the_same_repository_in_two_workspaces_hears_only_its_own_app(app: GitHubApp) -> None:
    other = make_workspace()
    others_app = connect_app_elsewhere(other)

    happen(app, "issues__opened")

    assert Thread.objects.get().workspace != other
    happen(others_app, "issues__opened")
    assert Thread.objects.filter(workspace=other).count() == 1


def connect_app_elsewhere(workspace: Workspace) -> GitHubApp:
    GitHubInstallation.objects.update(server="github:another.example.com")
    return connect_app(workspace)
