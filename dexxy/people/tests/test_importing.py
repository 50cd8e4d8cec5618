"""People who are imported, and what is stitched to them: all or nothing, and again safely."""

import io
from typing import Any

import pytest

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.members.imports import staging
from dexxy.members.imports.file import ImportFile, ImportFileError
from dexxy.members.ingest.accounts import identities_apply, profiles_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord
from dexxy.members.models import Identity, IdentityKind, Member, MemberMerge
from dexxy.people.importing import ImportReport, people_import
from dexxy.people.merging import people_unmerge
from tests.factories import START, make_identity, make_workspace


def load(workspace: Workspace, text: str | bytes, **options: Any) -> ImportReport:
    given = text.encode() if isinstance(text, str) else text
    file = ImportFile(io.BytesIO(given))
    return people_import(workspace, file.rows(), lines=io.StringIO(), **options)


def meet(workspace: Workspace, number: int, username: str, email: str = "") -> Identity:
    """Meet an account on GitHub, as a sync does."""
    record = IdentityRecord(str(number), IdentityKind.USER, username)
    place: dict[str, Any] = {"workspace_id": workspace.pk, "provider": "github"}
    [pk] = identities_apply(**place, records=[record], seen_at=START).values()
    profile = ProfileRecord(str(number), email=email)
    profiles_apply(**place, asked_for=[pk], records=[profile], read_at=START)
    return Identity.objects.get(pk=pk)


def groups() -> set[frozenset[str]]:
    members = Member.objects.filter(identities__isnull=False).distinct()
    return {frozenset(m.identities.values_list("username", flat=True)) for m in members}


def split(*names: str) -> set[frozenset[str]]:
    return {frozenset(name.split("+")) for name in names}


def stored() -> list[list[Any]]:
    models = (Member, Identity, MemberMerge)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_a_row_is_a_member_with_all_that_it_says(workspace: Workspace) -> None:
    report = load(
        workspace,
        "name,email,company,location,tags,notes,username:discord\n"
        "Ada,ada@lovelace.org,Engines,London,vip,Likes engines.,Ada#1\n",
    )

    assert (report.counts, report.joined, report.is_stored) == ({"added": 1}, 1, True)
    member = Identity.objects.get(username="Ada#1").member
    assert (member.display_name, member.company, member.location) == ("Ada", "Engines", "London")
    assert member.tags == ["vip"]
    [note] = member.notes.all()
    assert (note.text, note.is_imported, note.author) == ("Likes engines.", True, None)
    assert groups() == split("ada@lovelace.org+Ada#1")
    assert AuditEntry.objects.get(action="members.imported").details == {"added": 1}


def test_an_account_that_shows_the_address_is_stitched_to_who_was_known_before(
    workspace: Workspace,
) -> None:
    load(workspace, "name,email\nAda,ada@lovelace.org\n")
    meet(workspace, 1, "countess", "ada@lovelace.org")

    contributors_stitch(workspace_id=workspace.pk)

    assert groups() == split("ada@lovelace.org+countess")
    assert Identity.objects.get(username="countess").member.display_name == "Ada"


def test_an_account_that_is_here_already_is_stitched_at_once(workspace: Workspace) -> None:
    meet(workspace, 1, "Countess")

    report = load(workspace, "email,username:github\nada@lovelace.org,countess\n")

    assert report.joined == 1
    assert groups() == split("ada@lovelace.org+Countess")
    reason = MemberMerge.objects.get().evidence[0]["sentence"]
    assert reason == "An import says that Countess on github is this person."


def test_a_username_is_that_of_the_first_who_is_met_with_it(workspace: Workspace) -> None:
    load(workspace, "email,username:github\nada@lovelace.org,countess\n")
    meet(workspace, 1, "countess")
    contributors_stitch(workspace_id=workspace.pk)
    assert groups() == split("ada@lovelace.org+countess")

    Identity.objects.filter(username="countess").update(username="renamed")
    meet(workspace, 2, "countess")
    contributors_stitch(workspace_id=workspace.pk)
    load(workspace, "email,username:github\nada@lovelace.org,countess\n")

    assert groups() == split("ada@lovelace.org+renamed", "countess")


def test_a_file_imported_again_changes_nothing(workspace: Workspace) -> None:
    meet(workspace, 1, "countess")
    text = (
        "name,email,tags,username:github,username:discord\n"
        "Ada,ada@lovelace.org,vip,countess,Ada#1\n"
        "Bob,,,,bob\n"
    )
    load(workspace, text)
    before = stored()

    report = load(workspace, text)

    assert (report.counts, report.joined) == ({"known": 2}, 0)
    assert stored() == before


def test_what_the_team_wrote_since_then_stays(workspace: Workspace) -> None:
    load(workspace, "name,email,company,tags\nAda,ada@lovelace.org,Engines,vip\n")
    Member.objects.update(display_name="Countess", company="Looms", tags=["math"])

    load(workspace, "name,email,company,tags\nAda L.,ada@lovelace.org,Mills,vip\n")

    member = Member.objects.get()
    assert (member.display_name, member.company) == ("Countess", "Looms")
    assert member.tags == ["math", "vip"]


def test_a_member_has_fifty_tags_however_many_imports_name_others(workspace: Workspace) -> None:
    tags = [f"tag {number}" for number in range(99)]
    load(workspace, f"email,tags\nada@lovelace.org,{';'.join(tags[:40])}\n")

    load(workspace, f"email,tags\nada@lovelace.org,{';'.join(tags[30:80])}\n")

    assert Member.objects.get().tags == tags[:50]


def test_what_was_parted_by_hand_is_not_joined_by_the_next_import(
    workspace: Workspace, alice: User
) -> None:
    text = "email,username:discord\nada@lovelace.org,Ada#1\n"
    load(workspace, text)
    people_unmerge(actor=alice, workspace=workspace, merge_id=MemberMerge.objects.get().pk)

    assert load(workspace, text).joined == 0
    assert groups() == split("ada@lovelace.org", "Ada#1")


BAD = (
    "email,username:discord\n"
    "ada@lovelace.org,ada\n"
    "nonsense,bob\n"
    "ADA@lovelace.org,\n"
    "bob@lovelace.org,Ada\n"
    "carol@lovelace.org,carol\n"
)
REPORT = [
    (2, "added", ""),
    (3, "bad", "nonsense is no e-mail address."),
    (4, "bad", "It is the person of line 2 again."),
    (5, "bad", "The account Ada on discord is that of line 2."),
    (6, "added", ""),
]


def test_one_bad_row_and_nothing_is_imported(workspace: Workspace) -> None:
    report = load(workspace, BAD)

    assert list(report.rows()) == REPORT
    assert (report.bad, report.is_stored) == (3, False)
    assert not Identity.objects.exists()
    assert not AuditEntry.objects.exists()


def test_bad_rows_can_be_left_out(workspace: Workspace) -> None:
    report = load(workspace, BAD, skips_bad_rows=True)

    assert list(report.rows()) == REPORT
    assert report.is_stored
    assert groups() == split("ada@lovelace.org+ada", "carol@lovelace.org+carol")


def test_a_rehearsal_tells_everything_and_stores_nothing(workspace: Workspace) -> None:
    meet(workspace, 1, "countess")
    before = stored()

    report = load(
        workspace, "email,username:github\nada@lovelace.org,countess\n", is_rehearsal=True
    )

    assert (report.counts, report.joined, report.is_stored) == ({"added": 1}, 1, False)
    assert stored() == before


def test_a_file_that_breaks_in_the_middle_stores_nothing(workspace: Workspace) -> None:
    broken = b"email\n" + b"".join(b"p%d@lovelace.org\n" % n for n in range(20_000)) + b"\xff\n"

    with pytest.raises(ImportFileError, match="is not utf-8"):
        load(workspace, broken)

    assert not Identity.objects.exists()


def test_one_address_in_different_ways_links_no_fifty(workspace: Workspace) -> None:
    rows = "".join(f"team+{number}@lovelace.org\n" for number in range(50))
    load(workspace, f"email\n{rows}")

    contributors_stitch(workspace_id=workspace.pk)

    assert len(groups()) == 50
    assert not MemberMerge.objects.exists()


def test_people_of_another_workspace_are_not_touched(workspace: Workspace, alice: User) -> None:
    other = make_workspace(admin=alice)
    make_identity(workspace=other, username="countess")

    report = load(workspace, "email,username:github\nada@lovelace.org,countess\n")

    assert report.joined == 0
    assert groups() == split("ada@lovelace.org", "countess")


def test_more_people_than_fit_into_one_batch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", 500)
    rows = "".join(f"P {n},p{n}@lovelace.org,p{n}\n" for n in range(1200))

    report = load(workspace, f"name,email,username:discord\n{rows}")

    assert (report.counts, report.joined) == ({"added": 1200}, 1200)
    assert workspace.identities.count() == 2400
