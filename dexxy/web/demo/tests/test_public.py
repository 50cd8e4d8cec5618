"""The public demo: everybody reads, and nothing that anybody sends changes a row."""

# Fixtures that stand in another file are names of this one, too.

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import visitor_ensure
from dexxy.config.demo import demo_settings
from dexxy.config.env import SettingError
from dexxy.members.models import Member
from dexxy.web.demo import public
from tests.addresses import page_addresses
from tests.api_documents import document, root_fields, variables
from tests.everything import (
    alice,
    bob,
    db,
    everything,
    stored,
    values,
    workspace,
)

__all__ = ["alice", "bob", "db", "everything", "values", "workspace"]


@pytest.fixture
def demo(settings: Settings, workspace: Workspace) -> Workspace:
    """Let everybody come to the workspace with one of everything."""
    settings.DEXXY_DEMO = settings.DEXXY_DEMO_PUBLIC = True
    settings.DEXXY_IMAGES = "none"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    place = settings.MIDDLEWARE.index("dexxy.accounts.reader.ReaderMiddleware") + 1
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:place],
        "dexxy.web.demo.public.read_only",
        *settings.MIDDLEWARE[place:],
    ]
    visitor_ensure(workspace)
    cache.clear()
    return workspace


def everybody(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(public, "MOST_REQUESTS", 10**9)
    return Client(raise_request_exception=False)


def test_whoever_comes_reads_without_signing_in(demo: Workspace) -> None:
    page = Client().get(f"/w/{demo.slug}/feed/")

    assert page.status_code == 200
    text = page.content.decode()
    assert 'id="public-demo"' in text
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "sessionid" not in page.cookies


def test_the_first_page_leads_to_the_workspace(demo: Workspace) -> None:
    assert Client().get("/")["Location"] == f"/w/{demo.slug}/"


def test_every_page_is_read_and_none_writes_or_shows_what_opens_something(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, before = everybody(monkeypatch), stored()

    answers = {path: client.get(path) for path in page_addresses(demo)}

    statuses = {path: answer.status_code for path, answer in answers.items()}
    assert len(statuses) > 120
    # 503 where a page took too long.
    assert {path: status for path, status in statuses.items() if status == 500} == {}
    assert sum(status == 200 for status in statuses.values()) > 40
    shown = "".join(str(answer.content) for answer in answers.values() if not answer.streaming)
    assert not re.search(r"sesame=|/invitations/[\w-]{20}|\bdxy_\w{10}|feed\.atom\?key=", shown)
    assert stored() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="page"),
        pytest.param({"HX-Request": "true"}, id="htmx", marks=pytest.mark.slow),
    ],
)
def test_nothing_that_is_sent_to_any_page_changes_a_row(
    demo: Workspace, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    client, before = everybody(monkeypatch), stored()
    kept = {"/theme/", "/density/", "/keyboard/", "/graphql/"}

    for path in page_addresses(demo):
        for method in (client.post, client.put, client.delete, client.patch):
            answer = method(path, headers=headers)
            if path in ("/healthz", "/readyz", "/metrics", *kept):
                continue
            assert answer.status_code == (204 if headers else 403), path
            if headers:
                assert "Nothing can be changed here" in answer["HX-Trigger"]
            else:
                assert "Nothing can be changed here" in answer.content.decode()
    assert stored() == before


@pytest.mark.parametrize("name", [n for n, (kind, _) in root_fields().items() if kind != "query"])
def test_no_mutation_changes_a_row(
    demo: Workspace, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    client, before = everybody(monkeypatch), stored()
    body = {"query": document(name), "variables": variables(name, values)}

    answer = client.post("/graphql/", body, content_type="application/json").json()

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert stored() == before


def test_the_api_answers_everybody_who_only_asks(demo: Workspace) -> None:
    body = {"query": "{ workspaces { slug } }"}

    answer = Client().post("/graphql/", body, content_type="application/json").json()

    assert answer == {"data": {"workspaces": [{"slug": demo.slug}]}}


def test_what_would_write_all_the_same_is_refused_by_the_database(demo: Workspace) -> None:
    def page(_request: Any) -> Any:
        Member.objects.update(display_name="changed")

    with pytest.raises(PermissionDenied, match="only read"):
        public.read_only(page)(RequestFactory().get("/w/team/"))
    assert not Member.objects.filter(display_name="changed").exists()


def test_neither_a_token_nor_a_session_makes_anybody_else(
    demo: Workspace, alice: User, settings: Settings
) -> None:
    client = Client()
    client.force_login(alice)

    page = client.get(f"/w/{demo.slug}/settings/audit/")
    body = {"query": "{ viewer { user { name } } }"}
    headers = {"Authorization": "Bearer dxy_whatever"}
    api = client.post("/graphql/", body, content_type="application/json", headers=headers)

    assert page.status_code == 403
    assert api.json()["data"]["viewer"]["user"]["name"] == "Visitor"


def test_where_one_would_become_somebody_else_is_closed(demo: Workspace) -> None:
    client = Client()

    for path in ("/admin/", "/accounts/login/", "/sign-in/link/", "/setup/github/", "/doctor/"):
        assert client.get(path).status_code == 403, path


def test_who_asks_very_much_waits(demo: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "MOST_REQUESTS", 2)
    one, other = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")

    asked = [one.get("/robots.txt").status_code for _ in range(2)]
    asked += [one.get(f"/w/{demo.slug}/feed/").status_code]

    assert asked[-1] in (200, 429)
    assert [one.get(f"/w/{demo.slug}/feed/").status_code for _ in range(3)][-1] == 429
    assert other.get(f"/w/{demo.slug}/feed/").status_code == 200


def test_each_address_has_a_budget_of_the_api_of_its_own(
    demo: Workspace, settings: Settings
) -> None:
    settings.DEXXY_API_BUDGET = 1
    body = {"query": "{ workspaces { slug } viewer { user { name } } }"}

    def ask(address: str) -> dict[str, Any]:
        client = Client(REMOTE_ADDR=address)
        answers = [client.post("/graphql/", body, "application/json").json() for _ in range(3)]
        found: dict[str, Any] = answers[-1]
        return found

    assert ask("192.0.2.1")["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    settings.DEXXY_API_BUDGET = 3000
    assert "errors" not in ask("192.0.2.2")


def test_no_robot_is_asked_in(demo: Workspace) -> None:
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_the_mails_of_the_demo_are_written_when_somebody_looks(demo: Workspace) -> None:
    page = Client().get(f"/w/{demo.slug}/demo/mails/").content.decode()
    morning = Client().get(f"/w/{demo.slug}/demo/mails/?mail=3").content.decode()

    assert page.count("?mail=") == 8
    assert "<h2><bdi>Team: your week</bdi></h2>" in page
    assert "<h2><bdi>Team: your day</bdi></h2>" in morning
    assert "<h3>The seven days up to yesterday</h3>" in morning


def test_without_the_demo_there_are_no_such_mails(client: Client, bob: User, db: None) -> None:
    client.force_login(bob)

    assert client.get("/w/team/demo/mails/").status_code == 404


def test_only_the_demo_can_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEXXY_DEMO_PUBLIC", "yes")

    with pytest.raises(SettingError, match="for `dexxy demo` alone"):
        demo_settings()
    monkeypatch.setenv("DEXXY_DEMO", "yes")
    assert demo_settings() == (True, True)
