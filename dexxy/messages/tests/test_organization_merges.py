"""Organizations that are made one by hand stay one, and what they were is known."""

from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.members.models import Identity, MemberSummary
from dexxy.members.organization_list import organization_for, organization_page
from dexxy.members.organization_merges import organization_merge, organization_unmerge
from dexxy.members.summaries import summaries_due_everywhere
from dexxy.messages.figures.organizations import members_of_organizations
from dexxy.messages.summaries.counting import summaries_count
from tests.factories import make_identity


def of(workspace: Workspace, company: str) -> Identity:
    account = make_identity(workspace=workspace)
    account.home_member.company = company
    account.home_member.save()
    return account


def count(workspace: Workspace) -> None:
    """Count everybody again, as a sync lets it be done."""
    summaries_due_everywhere(workspace.pk)
    ids = list(workspace.members.values_list("pk", flat=True))
    summaries_count(workspace.pk, ids, timezone.now())


def listed(viewer: User, workspace: Workspace) -> dict[str, int]:
    return {one.name: one.people for one in organization_page(viewer, workspace).items}


@pytest.fixture
def three(workspace: Workspace) -> None:
    for company in ("Halden", "Halden", "Fjord GmbH", "Fjord", "Nordlicht"):
        of(workspace, company)
    count(workspace)


def test_a_merge_holds_for_who_is_counted_later_and_undone_gives_all_back(
    three: None, workspace: Workspace, alice: User
) -> None:
    before = listed(alice, workspace)

    given: dict[str, Any] = {"actor": alice, "workspace": workspace}
    merge = organization_merge(**given, kept="halden", merged="fjord")
    assert listed(alice, workspace) == {"Halden": 4, "Nordlicht": 1}
    late = of(workspace, "@fjord")
    count(workspace)
    assert listed(alice, workspace) == {"Halden": 5, "Nordlicht": 1}
    assert late.member_id in members_of_organizations(workspace.pk, ["halden"])

    organization_unmerge(**given, merge_id=merge.pk)
    after = listed(alice, workspace)
    assert (after.pop("Fjord"), before.pop("Fjord")) == (3, 2)
    assert after == before
    audited = AuditEntry.objects.order_by("pk").values_list("action", "details__merged")
    assert list(audited)[-2:] == [
        ("organization.merged", "Fjord"),
        ("organization.unmerged", "Fjord"),
    ]


def test_merges_of_merges_are_one_organization_whichever_is_taken_back_first(
    three: None, workspace: Workspace, alice: User
) -> None:
    given: dict[str, Any] = {"actor": alice, "workspace": workspace}
    inner = organization_merge(**given, kept="halden", merged="fjord")
    # By the key of before, today's organization is meant.
    organization_merge(**given, kept="nordlicht", merged="fjord")
    assert listed(alice, workspace) == {"Nordlicht": 5}

    organization_unmerge(**given, merge_id=inner.pk)

    assert listed(alice, workspace) == {"Nordlicht": 3, "Fjord": 2}
    keys = MemberSummary.objects.values_list("organization_key", flat=True)
    assert sorted(keys) == ["fjord"] * 2 + ["nordlicht"] * 3
    assert organization_for(alice, workspace, "nordlicht").people == 3
