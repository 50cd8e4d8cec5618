from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.doctor import State, github
from dexxy.integrations.models import (
    LEFT_OUT,
    Credential,
    DeliveryState,
    GitHubInstallation,
    RefusedWebhooks,
    RunState,
    StreamName,
    SyncStatus,
    SyncStream,
    WebhookDelivery,
)
from dexxy.sources.models import Source
from tests.factories import make_app, make_repository, make_run, make_source


def deliver(
    *,
    state: DeliveryState,
    minutes_ago: int = 0,
    error: str = "",
    event: str = "ping",
    action: str = "",
) -> None:
    delivery = WebhookDelivery.objects.create(
        app=make_app(),
        guid="the only one of its app",
        event=event,
        action=action,
        payload={},
        state=state,
        error=error,
    )
    received_at = timezone.now() - timedelta(minutes=minutes_ago)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(received_at=received_at)


def test_an_inbox_that_was_worked_off_is_well(db: None) -> None:
    deliver(state=DeliveryState.DONE, minutes_ago=10)
    deliver(state=DeliveryState.PENDING, minutes_ago=0)

    assert [finding.state for finding in github.inbox()] == [State.OK]


def test_deliveries_that_wait_ask_for_a_worker(db: None) -> None:
    deliver(state=DeliveryState.PENDING, minutes_ago=9)

    (finding,) = github.inbox()

    assert finding.state is State.FAILED
    assert finding.says.startswith("Waiting: 1 delivery, the oldest for ")
    assert finding.fix == "Start a worker for them: `dexxy worker deliveries`."


def test_a_delivery_that_failed_is_shown_with_its_error(db: None) -> None:
    deliver(state=DeliveryState.FAILED, minutes_ago=9, error="The issue has no number.")

    (finding,) = github.inbox()

    assert finding.says.endswith("the newest with: The issue has no number.")


def test_what_is_new_on_github_is_counted(db: None) -> None:
    for _ in range(2):
        deliver(state=DeliveryState.IGNORED, event="issues", action="exploded")
    deliver(state=DeliveryState.IGNORED, event="newly_invented")
    deliver(state=DeliveryState.IGNORED, event="star", action="created")

    well, unknown = github.inbox()

    assert (well.state, unknown.state) == (State.OK, State.NOTICE)
    assert unknown.says == "This Dexxy does not know: issues exploded (2), newly_invented (1)."


def test_what_was_refused_is_counted_with_its_reasons(db: None) -> None:
    today = timezone.now().date()
    for days, reason, count in ((0, "bad_signature", 2), (1, "bad_signature", 1), (0, "new", 1200)):
        RefusedWebhooks.objects.create(day=today - timedelta(days=days), reason=reason, count=count)

    (finding,) = github.refused()

    assert finding.state is State.NOTICE
    assert finding.says == (
        "Within the last week: 1,200 new, 3 without the right signature. Nothing of it was stored."
    )


def test_without_anything_refused_nothing_is_said(db: None) -> None:
    assert list(github.refused()) == []


def test_a_repository_that_fails_is_named_with_its_error(source: Source) -> None:
    make_repository(source=source, status=SyncStatus.ERROR, sync_error="GitHub failed (500).")

    (finding,) = github.repositories()

    assert finding.name == "Repository owner/repo"
    assert (finding.says, finding.fix) == ("Sync failed.", "GitHub failed (500).")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("single_sign_on_required", "Its organization keeps it behind a single sign-on (SAML)."),
        ("address_not_listed", "Its organization keeps it behind an IP allow list."),
        ("access_denied", "Repository access lost."),
    ],
)
def test_a_repository_that_is_kept_from_us_is_said_to_be_that(
    source: Source, code: str, says: str
) -> None:
    told = "Open https://github.com/orgs/owner/sso in a browser."
    repository = make_repository(source=source, status=SyncStatus.DISABLED, sync_error=told)
    make_run(repository=repository, state=RunState.FAILED, error=told, error_code=code)

    (finding,) = github.repositories()

    assert (finding.says, finding.fix) == (says, told)


def test_repositories_beyond_the_fifth_are_counted(workspace: Workspace) -> None:
    for number in range(7):
        source = make_source(workspace=workspace, name=f"owner/repo{number}")
        make_repository(source=source, status=SyncStatus.DISABLED)

    findings = list(github.repositories())

    assert len(findings) == github.NAMED + 1
    assert findings[-1].says == "2 more cannot be read."


def test_a_list_that_github_does_not_show_is_named_with_its_reason_and_the_rest_is_well(
    source: Source,
) -> None:
    repository = make_repository(source=source)
    for name, refusal in (
        (StreamName.ISSUES, ""),
        (StreamName.DISCUSSIONS, "Give the App the permission to read discussions."),
        # It is the workspace that wants none of them.
        (StreamName.PULL_REQUESTS, LEFT_OUT),
    ):
        SyncStream.objects.create(repository=repository, name=name, refusal=refusal)

    resting, others = github.repositories()

    assert (resting.state, resting.name) == (State.NOTICE, "Discussions of owner/repo")
    assert resting.fix == "Give the App the permission to read discussions."
    assert (others.state, others.says) == (State.OK, "The only one can be read.")


def test_fields_that_want_a_scope_of_the_token_are_named(workspace: Workspace) -> None:
    repository = make_repository(source=make_source(workspace=workspace, name="owner/repo"))
    credential = Credential.objects.create(server="github", kind="user", account_id=1)
    GitHubInstallation.objects.filter(pk=repository.installation_id).update(credential=credential)
    credential.newer_fields_refused_at = timezone.now()
    credential.refused_fields = ["Team.combinedSlug", "issueType"]
    credential.save()

    scopes, _ = github.repositories()

    assert (scopes.state, scopes.name) == (State.NOTICE, "Scopes of the token")
    assert scopes.says == "GitHub does not show: Team.combinedSlug. All else is read."


@pytest.mark.parametrize(
    ("count", "says"),
    [(0, "None is followed."), (1, "The only one can be read."), (2, "All 2 can be read.")],
)
def test_repositories_that_can_be_read_are_well(
    workspace: Workspace, count: int, says: str
) -> None:
    for number in range(count):
        make_repository(source=make_source(workspace=workspace, name=f"owner/repo{number}"))

    (finding,) = github.repositories()

    assert (finding.state, finding.says) == (State.OK, says)
