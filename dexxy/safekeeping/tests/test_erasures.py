"""Who was erased after a backup does not come back with it."""

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.erasure import lists
from dexxy.members.erasure.erasing import ERASED_NAME
from dexxy.members.erasure.lists import ErasureJournalError, journal_read
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import ErasedKey, ErasureSecret, Identity, IdentityKind, Member
from dexxy.messages.models import Message
from dexxy.safekeeping.backup_file import backup_opened
from dexxy.safekeeping.tests.making import back_up, bring_back
from tests.factories import START, make_message, make_source, make_thread
from tests.tables import everything

pytestmark = pytest.mark.django_db(transaction=True)

ADA = IdentityRecord("18151210", IdentityKind.USER, "countess", "Ada Lovelace")
BOB = IdentityRecord("2", IdentityKind.USER, "bobby", "Bob")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dexxy.backup"


@pytest.fixture
def journal(tmp_path: Path, settings: Settings) -> Path:
    settings.DEXXY_ERASURE_JOURNAL = tmp_path / "erasures.jsonl"
    return tmp_path / "erasures.jsonl"


def meet(workspace: Workspace, *people: IdentityRecord) -> dict[str, int]:
    """Store accounts, as a sync does that meets them."""
    return identities_apply(
        workspace_id=workspace.pk, provider="github", records=people, seen_at=START
    )


def erase(alice: User, workspace: Workspace, username: str, *, with_bodies: bool = False) -> None:
    member = Member.objects.get(identities__username=username)
    person_erase(actor=alice, workspace=workspace, member_id=member.pk, with_bodies=with_bodies)


def traces() -> list[str]:
    """Return the tables that hold something of Ada's."""
    words = ("countess", "Lovelace", "18151210", "analytical")
    return [t for t, rows in everything().items() if any(word in str(rows) for word in words)]


def test_an_erasure_of_after_the_backup_is_done_again(
    file: Path, alice: User, workspace: Workspace
) -> None:
    meet(workspace, ADA, BOB)
    ada = Identity.objects.get(username="countess")
    thread = make_thread(source=make_source(workspace=workspace), author=ada)
    make_message(thread=thread, author=ada, body="analytical")
    back_up(file)
    erase(alice, workspace, "countess", with_bodies=True)

    done = bring_back(file)

    assert done.erased == 1
    assert traces() == []
    assert Message.objects.get(author=ada).body == ""
    assert set(Member.objects.values_list("display_name", flat=True)) == {ERASED_NAME, "Bob"}
    assert AuditEntry.objects.filter(action="member.erased", actor=None).count() == 1
    # The next sync meets her again.
    assert meet(workspace, ADA) == {"18151210": ada.pk}
    assert traces() == []
    assert Identity.objects.get(pk=ada.pk).is_silenced


def test_a_workspace_with_many_erasures_has_several_lines(
    file: Path, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_MOST_AT_ONCE", 1)
    meet(workspace, ADA, BOB)
    erase(alice, workspace, "countess")
    erase(alice, workspace, "bobby")
    digests = set(ErasedKey.objects.values_list("digest", flat=True))
    back_up(file)
    ErasedKey.objects.all().delete()

    with backup_opened(file) as backup:
        told = list(backup.erasures())
    assert [len(one.digests) for one in told] == [1] * len(digests)
    assert {digest for one in told for digest in one.digests} == digests
    bring_back(file)

    assert set(ErasedKey.objects.values_list("digest", flat=True)) == digests
    assert traces() == []


def test_an_erasure_that_the_backup_knows_is_not_done_twice(
    file: Path, alice: User, workspace: Workspace
) -> None:
    meet(workspace, ADA, BOB)
    erase(alice, workspace, "countess")
    back_up(file)

    assert bring_back(file).erased == 0

    assert AuditEntry.objects.filter(action="member.erased").count() == 1


def test_who_came_after_the_backup_and_was_erased_does_not_come_in(
    file: Path, alice: User, workspace: Workspace
) -> None:
    back_up(file)
    meet(workspace, ADA)
    erase(alice, workspace, "countess")

    assert bring_back(file).erased == 1

    meet(workspace, ADA)
    assert traces() == []
    assert Identity.objects.count() == 1
    assert Member.objects.get().display_name == ERASED_NAME


def test_the_journal_outlives_the_database(
    file: Path, journal: Path, alice: User, workspace: Workspace
) -> None:
    meet(workspace, ADA, BOB)
    back_up(file)
    erase(alice, workspace, "countess")
    erase(alice, workspace, "bobby")
    written = journal.read_text()
    # As if the database were lost.
    ErasureSecret.objects.all().delete()
    ErasedKey.objects.all().delete()

    assert bring_back(file).erased == 2

    assert traces() == []
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.read_text() == written
    assert not {"countess", "18151210"} & set(written.replace('"', " ").split())


def test_a_place_that_a_backup_comes_to_keeps_its_erasures_in_its_own_journal(
    file: Path, alice: User, workspace: Workspace, journal: Path
) -> None:
    meet(workspace, ADA)
    erase(alice, workspace, "countess")
    back_up(file)
    known = journal_read(journal)
    journal.unlink()

    bring_back(file)
    bring_back(file)

    assert journal_read(journal) == known


def test_a_later_backup_tells_of_erasures_too(
    file: Path, alice: User, workspace: Workspace
) -> None:
    from dexxy.cli.management.commands.restore import _erasures

    meet(workspace, ADA)
    back_up(file)
    erase(alice, workspace, "countess")
    later = back_up(file.with_name("later"))
    ErasureSecret.objects.all().delete()
    ErasedKey.objects.all().delete()

    assert bring_back(file, erasures=list(_erasures(later))).erased == 1

    assert traces() == []


def test_erased_people_stay_so_where_the_key_is_another(
    file: Path, alice: User, workspace: Workspace, settings: Settings
) -> None:
    meet(workspace, ADA)
    erase(alice, workspace, "countess")
    back_up(file)
    settings.SECRET_KEY = "the key of another place, which was made there"

    bring_back(file)

    meet(workspace, ADA)
    assert traces() == []


def test_nobody_is_erased_whose_erasure_cannot_be_written_down(
    alice: User, workspace: Workspace, client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DEXXY_ERASURE_JOURNAL = tmp_path / "missing" / "erasures.jsonl"
    meet(workspace, ADA)
    before = everything()

    with pytest.raises(ErasureJournalError, match=r"Nobody was erased, because .*No such file"):
        erase(alice, workspace, "countess")

    assert everything() == before


def test_a_line_that_was_being_written_when_its_process_died_counts_for_nothing(
    journal: Path, alice: User, workspace: Workspace
) -> None:
    meet(workspace, ADA, BOB)
    erase(alice, workspace, "countess")
    [first] = journal_read(journal)
    with journal.open("ab") as file:
        file.write(first.line()[:50])
    assert journal_read(journal) == [first]

    erase(alice, workspace, "bobby")

    assert len(journal_read(journal)) == 2
    assert [json.loads(line)["workspace"] for line in journal.read_text().splitlines()] == [
        workspace.slug,
        workspace.slug,
    ]


def test_a_damaged_journal_stops_a_restore_before_it_touches_anything(
    file: Path, journal: Path, workspace: Workspace
) -> None:
    back_up(file)
    journal.write_text("{}\nno line\n")
    before = everything()

    with pytest.raises(ErasureJournalError, match=r"^Line 1 of .* is no erasure"):
        bring_back(file)

    assert everything() == before
