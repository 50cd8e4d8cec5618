"""What is old is deleted, as the settings say, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as real
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import (
    ApiToken,
    AuditEntry,
    BrowserSession,
    Invitation,
    User,
    Workspace,
)
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    OAuthState,
    RefusedWebhooks,
    WebhookDelivery,
)
from dexxy.integrations.services.retention import KEPT, old_rows_delete
from dexxy.integrations.tasks import delete_what_is_old
from dexxy.members.models import ErasedKey
from dexxy.outgoing.models import DeliveryState as OutgoingState
from tests.factories import make_endpoint, make_outgoing

Make = Callable[[datetime], Model]
FOR_EVER = {kept.setting: 0 for kept in KEPT if kept.setting}


@pytest.fixture
def make(workspace: Workspace, alice: User) -> dict[str, Make]:
    """Makes a row of each kind that was over at a time."""
    app = GitHubApp.objects.create(server="github", app_id=1)
    number = iter(range(1000))

    def dated(row: Model, **times: Any) -> Model:
        type(row)._default_manager.filter(pk=row.pk).update(**times)
        return row

    def delivery(state: DeliveryState) -> WebhookDelivery:
        return WebhookDelivery.objects.create(
            app=app, guid=next(number), event="x", payload={}, state=state
        )

    endpoint = make_endpoint(workspace=workspace)

    def outgoing(state: OutgoingState) -> Model:
        made = make_outgoing(endpoint=endpoint)
        return dated(made, state=state)

    def secret() -> dict[str, Any]:
        return {"token_hash": str(next(number)), "workspace": workspace}

    return {
        "sessions": lambda at: Session.objects.create(
            session_key=f"{next(number):040}", session_data="", expire_date=at
        ),
        "browsers of sessions that are over": lambda at: BrowserSession.objects.create(
            session=Session.objects.create(
                session_key=f"{next(number):040}",
                session_data="",
                expire_date=timezone.now() + timedelta(days=1),
            )
            if at > timezone.now()
            else Session(session_key=f"{next(number):040}"),
            user=alice,
        ),
        "states": lambda at: OAuthState.objects.create(
            user=alice,
            purpose="install",
            state_hash=str(next(number)),
            expires_at=at - timedelta(days=1),
        ),
        "deliveries": lambda at: dated(delivery(DeliveryState.DONE), processed_at=at),
        "failed deliveries": lambda at: dated(delivery(DeliveryState.FAILED), updated_at=at),
        "refused webhooks": lambda at: RefusedWebhooks.objects.create(
            day=at.date() - timedelta(days=1), reason=str(next(number)), count=1
        ),
        "outgoing deliveries": lambda at: dated(outgoing(OutgoingState.DONE), created_at=at),
        "outgoing deliveries that failed or wait": lambda at: dated(
            outgoing(OutgoingState.FAILED), created_at=at
        ),
        "invitations": lambda at: Invitation.objects.create(**secret(), expires_at=at),
        "tokens": lambda at: ApiToken.objects.create(
            **secret(), user=alice, name="x", revoked_at=at
        ),
        "audit entries": lambda at: dated(
            AuditEntry.objects.create(workspace=workspace, action="x", target_id=next(number)),
            created_at=at,
        ),
        "entries of the administration": lambda at: LogEntry.objects.create(
            user=alice,
            content_type=ContentType.objects.get_for_model(User),
            action_flag=ADDITION,
            action_time=at,
        ),
    }


def test_each_kind_is_tried_here(make: dict[str, Make]) -> None:
    assert set(make) == {kept.what for kept in KEPT}


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.what)
def test_what_is_older_than_the_setting_is_deleted(
    make: dict[str, Make], settings: Settings, kept: Any
) -> None:
    days = 0
    if kept.setting:
        days = 3
        setattr(settings, kept.setting, days)
    over = timezone.now() - timedelta(days=days)
    old, young = (make[kept.what](over + timedelta(minutes=m)) for m in (-5, +5))
    if kept.what == "refused webhooks":  # which are counted by the day
        young = make[kept.what](over + timedelta(days=1))
        RefusedWebhooks.objects.exclude(pk__in=[old.pk, young.pk]).delete()

    assert old_rows_delete() == {kept.what: 1}

    assert list(type(old)._default_manager.all()) == [young]


def test_nothing_is_too_old_where_it_is_kept_for_ever(
    make: dict[str, Make], settings: Settings
) -> None:
    for name in FOR_EVER:
        setattr(settings, name, 0)
    for kept in KEPT:
        if kept.setting:
            make[kept.what](timezone.now() - timedelta(days=36500))

    assert old_rows_delete() == {}


def test_what_is_not_set_is_kept_for_so_many_days() -> None:
    assert {name: getattr(real, name) for name in FOR_EVER} == {
        "DEXXY_KEEP_DELIVERIES": 7,
        "DEXXY_KEEP_FAILED_DELIVERIES": 90,
        "DEXXY_KEEP_ENDED_ACCESS": 90,
        "DEXXY_KEEP_AUDIT": 0,
    }


def test_whoever_was_erased_stays_recognised(workspace: Workspace, settings: Settings) -> None:
    erased = ErasedKey.objects.create(workspace=workspace, digest="d" * 64)
    for name in FOR_EVER:
        setattr(settings, name, 1)

    delete_what_is_old()

    assert list(ErasedKey.objects.all()) == [erased]


def test_there_may_be_more_than_one_statement_deletes(make: dict[str, Make]) -> None:
    make["sessions"](timezone.now() - timedelta(days=1))
    first = Session.objects.get()
    Session.objects.bulk_create(
        Session(session_key=f"{n:039}s", session_data="", expire_date=first.expire_date)
        for n in range(2000)
    )

    assert old_rows_delete() == {"sessions": 2001}
