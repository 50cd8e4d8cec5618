import logging

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.messages import selectors
from dexxy.web import pages
from dexxy.web.static_files import versioned


@pytest.mark.django_db
def test_what_is_not_there_has_a_page_of_ours(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content


def test_a_browser_that_guesses_finds_our_icon(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == f"/static/{versioned('dexxy/icon.svg')}"


def test_no_cache_keeps_a_refusal_that_a_member_would_get_then(
    client: Client, charlie: User, workspace: Workspace
) -> None:
    root = f"/w/{workspace.slug}/"
    client.force_login(charlie)
    answers = [
        *(client.get(path) for path in (root, f"{root}feed/", "/nowhere/", "/theme/")),
        client.get("/healthz", headers={"host": "evil.example"}),
        Client(enforce_csrf_checks=True).post("/theme/"),
        client.get("/static/nowhere.css"),
    ]

    assert [one.status_code for one in answers] == [404, 404, 404, 405, 400, 403, 404]
    assert all("no-store" in one.headers.get("Cache-Control", "") for one in answers)


def test_a_failure_shows_a_page_that_needs_no_database(
    client: Client,
    alice: User,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("the password is swordfish")

    monkeypatch.setattr(selectors, "feed_page", fail)
    client.force_login(alice)
    client.raise_request_exception = False

    with django_assert_num_queries(3):  # before it fails: the session, user and workspace
        response = client.get(f"/w/{workspace.slug}/feed/")

    assert response.status_code == 500
    assert b"Something went wrong here" in response.content
    assert b"swordfish" not in response.content


def test_a_page_of_many_questions_ends_in_time_and_what_is_sent_is_done(
    client: Client, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LONGEST_PAGE_SECONDS", 0.0)
    client.force_login(alice)
    root = f"/w/{workspace.slug}/"

    for path in ("", "feed/", "people/", "insights/?all=1"):
        page = client.get(f"{root}{path}")
        assert page.status_code == 503, path
        assert b"too long" in page.content
    client.post(f"{root}settings/general/", {"name": "Ours", "time_zone": "UTC", "language": ""})

    workspace.refresh_from_db()
    assert workspace.name == "Ours"


def test_a_form_without_its_token_has_a_page_of_ours(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/accounts/login/", {"login": alice.email, "password": "x"})

    assert response.status_code == 403
    assert b"send it once more" in response.content


def test_pages_forbid_every_inline_script_and_style(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    policy = client.get(f"/w/{workspace.slug}/")["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "query",
    ["kind=zzz", "kind=%00", "thread=zzz", "after=zzz", "after=%00", "member=x", "source=x"],
)
@pytest.mark.parametrize("path", ["feed/", "feed/newer/"])
def test_a_bad_address_has_a_page_of_ours_and_one_line_in_the_log(
    client: Client,
    alice: User,
    workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    path: str,
    query: str,
) -> None:
    client.force_login(alice)

    response = client.get(f"/w/{workspace.slug}/{path}?{query}")

    assert response.status_code == 400
    assert b"That does not work" in response.content
    assert [(line.levelno, line.exc_info) for line in caplog.records] == [(logging.WARNING, None)]


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_a_page_says_so_and_the_log_in_a_line(
    client: Client,
    alice: User,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.force_login(alice)
    client.raise_request_exception = False
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    response = client.get(f"/w/{workspace.slug}/")
    ready = client.get("/readyz")
    monkeypatch.undo()

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b"Dexxy cannot reach its database." in response.content
    assert (ready.status_code, ready.content) == (503, b"not ready: database\n")
    [line] = [line for line in caplog.records if line.name == "django.request"][:1]
    assert (line.levelno, line.exc_info) == (logging.WARNING, None)
    assert client.get("/readyz").content == b"ready\n"
