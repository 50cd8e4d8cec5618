"""Accounts that changed are compared with those they may belong to, and with no others."""

from collections.abc import Callable, Iterable
from random import Random
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from benchmarks.population import population
from benchmarks.population_people import Account
from dexxy.accounts.models import User, Workspace
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.integrations.services.contributors.comparing.suggestion_decision import COMPARED_AT_MOST
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.merges.suggestion_answers import (
    SuggestionNotFoundError,
    suggestion_accept,
    suggestion_reject,
)
from dexxy.members.models import Identity, IdentityKind, MatchKey, MemberMerge, MergeSuggestion
from dexxy.people.merging import people_accept, people_unmerge
from tests.factories import make_identity, make_workspace


def show(identity: Identity, **fields: object) -> Identity:
    """Let an account show something else, as a later sync finds it."""
    Identity.objects.filter(pk=identity.pk).update(**fields, updated_at=timezone.now())
    return identity


def account(workspace: Workspace, username: str, name: str = "", **fields: object) -> Identity:
    identity = make_identity(workspace=workspace, username=username, name=name)
    return show(identity, **{"provider": f"server-of-{username}", **fields})


def stitch(workspace: Workspace) -> None:
    contributors_stitch(workspace_id=workspace.pk)


def members() -> set[frozenset[str]]:
    groups: dict[int, set[str]] = {}
    for member_id, username in Identity.objects.values_list("member_id", "username"):
        groups.setdefault(member_id, set()).add(username)
    return {frozenset(group) for group in groups.values()}


def suggested() -> set[frozenset[str]]:
    rows = MergeSuggestion.objects.filter(state="open")
    names = rows.values_list("first__home_identity__username", "second__home_identity__username")
    return {frozenset(pair) for pair in names}


def test_strong_evidence_links_and_weak_evidence_suggests(workspace: Workspace) -> None:
    account(workspace, "ada", email="ada@lovelace.org", is_email_verified=True)
    account(workspace, "countess", email="ada@lovelace.org", is_email_verified=True)
    account(workspace, "babbage", "Charles Babbage")
    account(workspace, "engine", "Babbage, Charles")
    account(workspace, "nobody", "No One")

    stitch(workspace)

    assert frozenset({"ada", "countess"}) in members()
    assert len(members()) == 4
    assert suggested() == {frozenset({"babbage", "engine"})}
    merge = MemberMerge.objects.get()
    assert (merge.is_automatic, merge.actor) == (True, None)
    assert merge.evidence == [
        {
            "rule": "verified_email",
            "weight": 8.5,
            "sentence": "Both show the verified address ada@lovelace.org.",
        }
    ]
    assert [reason["rule"] for reason in MergeSuggestion.objects.get().evidence] == [
        "handle",
        "same_name",
    ]


def test_what_did_not_change_is_not_compared_again(workspace: Workspace) -> None:
    account(workspace, "babbage", "Charles Babbage")
    account(workspace, "engine", "Babbage, Charles")

    first = contributors_stitch(workspace_id=workspace.pk)
    second = contributors_stitch(workspace_id=workspace.pk)

    assert (first.accounts, first.pairs, first.suggestions) == (2, 1, 1)
    assert (second.accounts, second.pairs) == (0, 0)


def test_a_suggestion_goes_with_its_evidence(workspace: Workspace) -> None:
    babbage = account(workspace, "babbage", "Charles Babbage")
    account(workspace, "engine", "Babbage, Charles")
    stitch(workspace)

    show(babbage, name="Ada Lovelace")
    stitch(workspace)

    assert suggested() == set()


def test_a_name_that_became_common_suggests_nobody(workspace: Workspace) -> None:
    account(workspace, "babbage", "Charles Babbage")
    account(workspace, "engine", "Babbage, Charles")
    stitch(workspace)

    for number in range(COMPARED_AT_MOST):
        account(workspace, f"q{number}", "Charles Babbage")
    stitch(workspace)

    assert suggested() == set()


def test_one_address_on_fifty_accounts_links_and_suggests_nobody(workspace: Workspace) -> None:
    for number in range(50):
        shown: dict[str, Any] = {"email": "class@school.org", "is_email_verified": True}
        account(workspace, f"pupil-{number:03}-{'abcdefghij'[number % 10] * 9}", **shown)

    stitch(workspace)

    assert len(members()) == 50
    assert suggested() == set()


def test_who_turns_out_to_be_a_bot_is_parted_and_marked(workspace: Workspace) -> None:
    account(workspace, "ada", email="ada@lovelace.org", is_email_verified=True)
    robot = account(workspace, "robot", email="ada@lovelace.org", is_email_verified=True)
    stitch(workspace)
    assert members() == {frozenset({"ada", "robot"})}

    show(robot, kind=IdentityKind.BOT)
    stitch(workspace)

    assert members() == {frozenset({"ada"}), frozenset({"robot"})}
    robot.refresh_from_db()
    assert robot.member.is_bot


def test_workspaces_do_not_see_each_other(workspace: Workspace, alice: User) -> None:
    account(workspace, "babbage", "Charles Babbage")
    account(make_workspace(admin=alice), "engine", "Babbage, Charles")

    for one in (workspace, alice.memberships.latest("pk").workspace):
        stitch(one)

    assert suggested() == set()


@pytest.fixture
def suggestion(workspace: Workspace) -> MergeSuggestion:
    account(workspace, "babbage", "Charles Babbage")
    account(workspace, "engine", "Babbage, Charles")
    stitch(workspace)
    return MergeSuggestion.objects.get()


def test_an_accepted_suggestion_merges_with_its_evidence(
    workspace: Workspace, alice: User, suggestion: MergeSuggestion
) -> None:
    merge = people_accept(
        actor=alice,
        workspace=workspace,
        suggestion_id=suggestion.pk,
        kept_id=suggestion.second_id,
    )

    assert members() == {frozenset({"babbage", "engine"})}
    assert merge.evidence == suggestion.evidence
    assert Identity.objects.get(username="babbage").member_id == suggestion.second_id
    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.decided_by) == ("accepted", alice)


def test_a_rejected_suggestion_never_comes_back(
    workspace: Workspace, alice: User, suggestion: MergeSuggestion
) -> None:
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=suggestion.pk)

    for identity in Identity.objects.all():
        show(identity, email="cb@engine.org", is_email_verified=True)
    stitch(workspace)

    assert suggested() == set()
    assert len(members()) == 2


def test_a_suggestion_is_decided_once_and_by_who_is_in_the_workspace(
    workspace: Workspace, alice: User, charlie: User, suggestion: MergeSuggestion
) -> None:
    def decide(decision: Callable[..., object], actor: User) -> None:
        decision(actor=actor, workspace=workspace, suggestion_id=suggestion.pk)

    with pytest.raises(Exception, match="no such workspace"):
        decide(suggestion_reject, charlie)
    with pytest.raises(Exception, match="no such workspace"):
        decide(suggestion_accept, charlie)
    decide(suggestion_reject, alice)
    with pytest.raises(SuggestionNotFoundError):
        decide(suggestion_accept, alice)
    assert len(members()) == 2


def test_an_automatic_link_that_was_undone_is_not_made_again(
    workspace: Workspace, alice: User
) -> None:
    ada = account(workspace, "ada", email="ada@lovelace.org", is_email_verified=True)
    account(workspace, "countess", email="ada@lovelace.org", is_email_verified=True)
    stitch(workspace)
    merge = MemberMerge.objects.get()
    people_unmerge(actor=alice, workspace=workspace, merge_id=merge.pk)

    show(ada, name="Ada")
    stitch(workspace)

    assert len(members()) == 2


def store(workspace: Workspace, accounts: Iterable[Account]) -> None:
    for one in accounts:
        record = IdentityRecord(
            one.external_id, IdentityKind(one.kind), one.username, one.name, "", one.url
        )
        ids = identities_apply(
            workspace_id=workspace.pk,
            provider=one.provider,
            records=[record],
            seen_at=timezone.now(),
        )
        Identity.objects.filter(pk=ids[one.external_id]).update(
            email=one.email, is_email_verified=one.is_email_verified, links=list(one.links)
        )


def test_it_does_not_matter_in_what_batches_accounts_come(workspace: Workspace) -> None:
    invented = population(101, people=120)
    store(workspace, invented)
    stitch(workspace)
    at_once = members(), suggested()

    MatchKey.objects.all().delete()
    MergeSuggestion.objects.all().delete()
    Identity.objects.update(compared_at=F("updated_at"))
    everyone = list(Identity.objects.values_list("pk", flat=True))
    Random(1).shuffle(everyone)
    for start in range(0, len(everyone), 25):
        Identity.objects.filter(pk__in=everyone[start : start + 25]).update(compared_at=None)
        stitch(workspace)

    assert (members(), suggested()) == at_once


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_meet_one_new_person_make_one_member(workspace: Workspace) -> None:
    """Three hundred times, each at the same moment."""
    people = [IdentityRecord(str(n), IdentityKind.USER, f"person{n}") for n in range(300)]

    def meet() -> None:
        for person in people:
            with transaction.atomic():
                identities_apply(
                    workspace_id=workspace.pk,
                    provider="github",
                    records=[person],
                    seen_at=timezone.now(),
                )
        connection.close()

    workers = [Thread(target=meet) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert workspace.identities.count() == workspace.members.count() == 300
