"""People in the API: what is shown, how many queries it takes, and what is done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import User, Workspace
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.models import Identity, Member
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

Ask = Callable[..., dict[str, Any]]

MEMBERS = """
query ($workspace: ID!, $filters: MemberFilterInput) {
  members(workspaceId: $workspace, filters: $filters) {
    totalCount
    edges { node { displayName organization company tags messageCount isLocked } }
  }
}
"""
FEED = """
query ($workspace: ID!) {
  activityFeed(workspaceId: $workspace) {
    edges { node { author { member { displayName tags } } thread { author { member { tags } } } } }
  }
}
"""
PREVIEW = """
query ($workspace: ID!, $kept: ID!, $merged: ID!) {
  memberMergePreview(workspaceId: $workspace, keptId: $kept, mergedId: $merged) {
    tags
    notes { memberId text author }
    fields { name value memberId others { value memberId } }
  }
}
"""
MERGE = """
mutation ($workspace: ID!, $kept: ID!, $merged: ID!) {
  memberMerge(workspaceId: $workspace, keptId: $kept, mergedId: $merged) {
    profile {
      member { displayName company tags }
      identities { username }
      merges { id actor { name } kept { username } merged { username } evidence { sentence } }
    }
  }
}
"""
UNMERGE = """
mutation ($workspace: ID!, $merge: ID!) {
  memberUnmerge(workspaceId: $workspace, mergeId: $merge) {
    kept { member { displayName } undoneMerges { id } }
    merged { member { displayName } merges { id } }
  }
}
"""
SUGGESTIONS = """
query ($workspace: ID!) {
  mergeSuggestions(workspaceId: $workspace) {
    id confidence first { displayName } second { displayName } evidence { rule weight sentence }
  }
}
"""
REJECT = """
mutation ($workspace: ID!, $suggestion: ID!) {
  mergeSuggestionReject(workspaceId: $workspace, suggestionId: $suggestion) {
    first { displayName }
  }
}
"""


def make_pair(workspace: Workspace) -> tuple[Identity, Identity]:
    ada = make_identity(workspace=workspace, username="ada")
    other = make_identity(workspace=workspace, username="countess")
    Member.objects.filter(pk=ada.member_id).update(tags=["vip"])
    Member.objects.filter(pk=other.member_id).update(company="@Engines", tags=["math"])
    return ada, other


def queries(ask: Ask, document: str, viewer: User, workspace: Workspace) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = ask(document, viewer, workspace=workspace.pk)
    assert "errors" not in answer
    return len(asked)


@pytest.mark.parametrize("document", [MEMBERS, FEED])
def test_a_list_costs_the_same_whatever_its_length(
    ask: Ask, bob: User, workspace: Workspace, source: Source, document: str
) -> None:
    def happens() -> None:
        thread = make_thread(source=source, author=make_identity(workspace=workspace))
        make_message(thread=thread, author=make_identity(workspace=workspace))

    happens()
    ask(document, bob, workspace=workspace.pk)  # the first time somebody signs in costs more
    before = queries(ask, document, bob, workspace)
    for _ in range(10):
        happens()

    assert queries(ask, document, bob, workspace) == before


def test_members_show_what_is_put_together_and_can_be_filtered(
    ask: Ask, bob: User, workspace: Workspace
) -> None:
    ada, other = make_pair(workspace)
    ask(MERGE, bob, workspace=workspace.pk, kept=ada.member_id, merged=other.member_id)

    kept = ask(MEMBERS, bob, workspace=workspace.pk, filters={"search": "countess"})
    none = ask(MEMBERS, bob, workspace=workspace.pk, filters={"isBot": True})

    assert kept["data"]["members"]["edges"] == [
        {
            "node": {
                "displayName": "ada",
                "organization": "Engines",
                "company": "@Engines",
                "tags": ["vip", "math"],
                "messageCount": 0,
                "isLocked": False,
            }
        }
    ]
    assert none["data"]["members"]["totalCount"] == 0


def test_the_preview_says_which_field_wins_and_the_merge_keeps_to_it(
    ask: Ask, bob: User, workspace: Workspace
) -> None:
    ada, other = make_pair(workspace)
    place = {"workspace": workspace.pk, "kept": ada.member_id, "merged": other.member_id}

    preview = ask(PREVIEW, bob, **place)["data"]["memberMergePreview"]
    merged = ask(MERGE, bob, **place)["data"]["memberMerge"]["profile"]

    name = {
        "name": "display_name",
        "value": "ada",
        "memberId": str(ada.member_id),
        "others": [{"value": "countess", "memberId": str(other.member_id)}],
    }
    assert preview["fields"][0] == name
    assert preview["tags"] == merged["member"]["tags"] == ["vip", "math"]
    assert merged["identities"] == [{"username": "ada"}, {"username": "countess"}]
    (merge,) = merged["merges"]
    assert merge["actor"] == {"name": "Bob"}
    assert (merge["kept"], merge["merged"]) == ({"username": "ada"}, {"username": "countess"})
    assert merge["evidence"] == [{"sentence": "Somebody of the team merged them."}]


def test_a_merge_is_taken_back_and_remembered(ask: Ask, bob: User, workspace: Workspace) -> None:
    ada, other = make_pair(workspace)
    place = {"workspace": workspace.pk, "kept": ada.member_id, "merged": other.member_id}
    (merge,) = ask(MERGE, bob, **place)["data"]["memberMerge"]["profile"]["merges"]

    undone = ask(UNMERGE, bob, workspace=workspace.pk, merge=merge["id"])

    assert undone["data"]["memberUnmerge"] == {
        "kept": {"member": {"displayName": "ada"}, "undoneMerges": [{"id": merge["id"]}]},
        "merged": {"member": {"displayName": "countess"}, "merges": []},
    }


def test_a_suggestion_comes_with_its_evidence_and_goes_when_it_is_rejected(
    ask: Ask, bob: User, workspace: Workspace
) -> None:
    ada, other = make_pair(workspace)
    evidence = [{"rule": "same_name", "weight": 3.4, "sentence": "Both are named Ada."}]
    pair = Suggested(ada.home_member_id, other.home_member_id, 0.9, evidence)
    suggestions_apply(workspace.pk, made=[pair], withdrawn=[])

    (found,) = ask(SUGGESTIONS, bob, workspace=workspace.pk)["data"]["mergeSuggestions"]
    assert found["evidence"] == evidence
    assert (found["confidence"], found["first"]["displayName"]) == (0.9, "ada")

    ask(REJECT, bob, workspace=workspace.pk, suggestion=found["id"])
    assert ask(SUGGESTIONS, bob, workspace=workspace.pk)["data"] == {"mergeSuggestions": []}
