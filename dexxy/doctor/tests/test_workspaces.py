from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.doctor import State
from dexxy.doctor.workspaces import workspaces
from tests.factories import make_workspace


@pytest.mark.parametrize("hours", [None, -24, 1])
def test_where_each_is_deleted_in_time_nothing_is_said(
    workspace: Workspace, hours: int | None
) -> None:
    workspace.delete_at = None if hours is None else timezone.now() - timedelta(hours=hours)
    workspace.save()

    assert list(workspaces()) == []


def test_each_that_should_be_gone_is_named_with_what_to_do(
    alice: User, workspace: Workspace
) -> None:
    other = make_workspace(admin=alice)
    for one, hours in ((workspace, 3), (other, 50)):
        one.delete_at = timezone.now() - timedelta(hours=hours, minutes=30)
        one.save()

    findings = list(workspaces())

    assert {one.state for one in findings} == {State.FAILED}
    assert [(one.name, one.says) for one in findings] == [
        (f"Deletion of {other.slug}", "It should have been gone for 50 hours, and is still there."),
        (
            f"Deletion of {workspace.slug}",
            "It should have been gone for 3 hours, and is still there.",
        ),
    ]
    assert all("workspace not deleted" in one.fix for one in findings)
