"""The documentation below /docs/: as it was built, and what is there before."""

from pathlib import Path

import pytest
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.web.docs import views
from tests.factories import make_user
from tests.needs import ROOT


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a few pages were built, and a file beside it."""
    folder = tmp_path / "html"
    (folder / "adr").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Dexxy</title>" * 100)
    (folder / "adr" / "index.html").write_text("decisions")
    (folder / "picture.svg").write_text("<svg/>")
    (tmp_path / "secret.key").write_text("secret")
    monkeypatch.setattr(views, "BUILT", folder)
    return folder


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "BUILT", tmp_path / "html")


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.django_db
def test_before_anything_was_built_the_first_page_says_how(client: Client) -> None:
    page = client.get("/docs/")

    assert page.status_code == 200
    assert "<code>make docs</code>" in page.content.decode()
    assert client.get("/docs/how-to/begin.html").status_code == 404


@pytest.mark.usefixtures("built")
def test_pages_and_files_are_for_everybody_under_the_strict_policy(client: Client) -> None:
    page, folder, picture = (client.get(f"/docs/{one}") for one in ("", "adr/", "picture.svg"))

    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert folder.content == b"decisions"
    assert picture["Content-Type"] == "image/svg+xml"


def test_a_browser_asks_again_and_gets_a_page_only_where_it_changed(
    client: Client, built: Path
) -> None:
    first = client.get("/docs/")
    known = {"If-None-Match": first["ETag"]}

    same = client.get("/docs/", headers=known)
    (built / "index.html").write_text("built again")

    assert (same.status_code, same.content) == (304, b"")
    assert "no-cache" in first["Cache-Control"]
    assert client.get("/docs/", headers=known).content == b"built again"


@pytest.mark.usefixtures("built")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["missing.html", "../secret.key", "%2e%2e/secret.key", "adr/../../secret.key", "a%00b"],
)
def test_what_is_not_there_or_outside_is_not_found(client: Client, path: str) -> None:
    assert client.get(f"/docs/{path}").status_code == 404


@pytest.mark.usefixtures("built")
def test_pages_are_only_read(client: Client) -> None:
    assert client.post("/docs/").status_code == 405


@pytest.mark.django_db
def test_the_doctor_leads_to_what_people_notice(client: Client) -> None:
    client.force_login(make_user(email="operator@example.com", is_staff=True))

    page = client.get("/doctor/").content.decode()

    assert 'href="/docs/how-to/troubleshoot.html"' in page
    assert (ROOT / "docs/how-to/troubleshoot.md").exists()


def test_the_menu_of_the_account_leads_there(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    page = client.get(f"/w/{workspace.slug}/").content.decode()

    assert '<a href="/docs/">Documentation</a>' in page
