"""Who works where the team does, or where a repository belongs to, is suggested, and says why."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from dexxy.accounts.models import User
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.members.models import IdentityKind, Member, MemberSummary, OrganizationMerge
from dexxy.members.organizations import organization_key
from dexxy.messages.models import TeamDecision
from dexxy.messages.team.listing import MOST_SUGGESTED, team_suggested
from dexxy.sources.models import Source, SourceKind
from dexxy.web.wording.stored import told
from tests.factories import START, make_identity, make_message, make_thread

pytestmark = pytest.mark.django_db


def employ(source: Source, name: str, organization: str, *, messages: int = 1) -> Member:
    member = make_identity(workspace=source.workspace, username=name).member
    MemberSummary.objects.create(
        member=member,
        workspace=source.workspace,
        organization=organization,
        organization_key=organization_key(organization),
        messages=messages,
        counted_at=timezone.now(),
    )
    return member


def decide(member: Member, *, is_on_team: bool = True, until: timedelta | None = None) -> None:
    ends = timezone.now() + until if until else None
    TeamDecision.objects.create(
        workspace=member.workspace, member=member, is_on_team=is_on_team, until=ends
    )


def suggested(viewer: User, source: Source) -> dict[str, list[str]]:
    found = team_suggested(viewer, source.workspace)
    return {one.member.display_name: list(one.evidence) for one in found}


def test_colleagues_of_the_team_of_today_are_suggested_however_their_employer_is_written(
    alice: User, source: Source
) -> None:
    decide(employ(source, "tess", "Halden"))
    decide(employ(source, "tom", "Vey"), until=-timedelta(days=1))
    employ(source, "ada", "@halden Inc.")
    employ(source, "ben", "Vey")
    employ(source, "cyd", "")

    assert suggested(alice, source) == {
        "ada": ["Their profile says @halden Inc., as that of tess does, who is on the team."]
    }


def test_who_works_where_a_followed_repository_belongs_to_is_suggested(
    alice: User, source: Source
) -> None:
    Source.objects.update(name="halden/rope")
    gone = {"kind": source.kind, "server": source.server, "is_archived": True}
    Source.objects.create(workspace=source.workspace, external_id="2", name="vey/x", **gone)
    Source.objects.create(
        workspace=source.workspace,
        kind=SourceKind.FED,
        server="forum",
        external_id="3",
        name="zoe/x",
    )
    ada = employ(source, "ada", "Halden")
    employ(source, "ben", "Vey")
    employ(source, "cyd", "Zoe")
    message = make_message(thread=make_thread(source=source), author=ada.identities.get())
    message.details = {"association": "member"}
    message.save()

    found = suggested(alice, source)

    assert found == {
        "ada": [
            "GitHub calls them a member of the organization.",
            "Their profile says Halden, which halden/rope belongs to.",
        ]
    }
    with override("de"):
        assert [told(sentence) for sentence in found["ada"]] == [
            "GitHub nennt sie ein Mitglied der Organisation.",
            "Ihr Profil nennt Halden, wozu halden/rope gehört.",
        ]


def test_names_that_were_merged_by_hand_are_one_employer(alice: User, source: Source) -> None:
    Source.objects.update(name="rope-makers/rope")
    OrganizationMerge.objects.create(
        workspace=source.workspace,
        kept="halden",
        kept_name="Halden",
        merged="rope-makers",
        merged_name="Rope Makers",
    )
    employ(source, "ada", "Halden")

    assert list(suggested(alice, source)) == ["ada"]


def test_nobody_is_suggested_who_is_known_silent_a_bot_or_erased(
    alice: User, source: Source
) -> None:
    decide(employ(source, "tess", "Halden"))
    decide(employ(source, "off", "Halden"), is_on_team=False)
    employ(source, "silent", "Halden", messages=0)
    employ(source, "robot", "Halden")
    Member.objects.filter(display_name="robot").update(is_bot=True)
    employ(source, "erased", "Halden")
    Member.objects.filter(display_name="erased").update(erased_at=START)

    assert suggested(alice, source) == {}


def test_as_many_as_fit_are_suggested_whom_github_names_first(alice: User, source: Source) -> None:
    decide(employ(source, "tess", "Halden"))
    for number in range(MOST_SUGGESTED + 5):
        employ(source, f"p{number:02}", "Halden", messages=number + 1)
    named = make_identity(workspace=source.workspace, username="named", kind=IdentityKind.USER)
    message = make_message(thread=make_thread(source=source), author=named)
    message.details = {"association": "owner"}
    message.save()

    found = suggested(alice, source)

    assert len(found) == MOST_SUGGESTED
    assert found["named"] == ["GitHub calls them an owner."]
    assert sorted(found)[1] == "p06"


def test_nobody_else_learns_where_people_work(source: Source, charlie: User) -> None:
    decide(employ(source, "tess", "Halden"))
    employ(source, "ada", "Halden")

    with pytest.raises(WorkspaceNotFoundError):
        team_suggested(charlie, source.workspace)
