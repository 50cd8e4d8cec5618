import pytest
from django.test import Client

from dexxy.accounts.models import User
from dexxy.integrations.models import SyncStatus
from dexxy.sources.models import Source
from tests.factories import make_repository

PART = {"HX-Request": "true", "HX-Target": "findings"}


@pytest.fixture
def administrator(alice: User) -> User:
    alice.is_staff = True
    alice.save()
    return alice


def test_the_frame_of_the_page_shows_before_anything_was_looked_at(
    client: Client, administrator: User
) -> None:
    client.force_login(administrator)

    page = client.get("/doctor/").content.decode()

    assert 'hx-trigger="load"' in page
    assert "PostgreSQL" not in page


def test_each_finding_stands_with_its_fix(
    client: Client, administrator: User, source: Source
) -> None:
    make_repository(source=source, sync_error="<b>It failed.</b>", status=SyncStatus.ERROR)
    client.force_login(administrator)

    part = client.get("/doctor/", headers=PART).content.decode()

    assert "<strong>Database</strong> PostgreSQL " in part
    assert "Start one: `dexxy worker sync`." in part
    assert "&lt;b&gt;It failed.&lt;/b&gt;" in part


def test_who_does_not_run_this_dexxy_finds_no_doctor(client: Client, bob: User) -> None:
    client.force_login(bob)

    assert client.get("/doctor/").status_code == 404
    assert client.get("/doctor/", headers=PART).status_code == 404


def test_whoever_is_not_signed_in_signs_in_first(client: Client, db: None) -> None:
    response = client.get("/doctor/")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/doctor/"


def test_the_findings_are_in_the_language_of_their_reader(
    client: Client, administrator: User
) -> None:
    administrator.language = "de"
    administrator.save()
    client.force_login(administrator)

    part = client.get("/doctor/", headers=PART).content.decode()

    assert "<strong>Datenbank</strong> PostgreSQL " in part
    assert "Starte einen: `dexxy worker sync`." in part
    assert "Start one" not in part
