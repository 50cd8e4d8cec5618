import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.api_tokens import api_token_create, api_token_user
from dexxy.accounts.models import ApiToken, TokenScope, User, Workspace
from dexxy.people.models import Export
from tests.factories import make_workspace

NEW = {"name": "nightly report", "scope": "read", "days": "90"}


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/tokens/"


def secrets(page: bytes) -> list[str]:
    return re.findall(r"dxy_[\w-]+", page.decode())


@pytest.mark.parametrize("scope", TokenScope.values)
@pytest.mark.parametrize(("days", "lasts"), [("30", timedelta(days=30)), ("", None)])
def test_a_token_is_shown_once_and_opens_what_was_asked_for(
    client: Client,
    bob: User,
    workspace: Workspace,
    path: str,
    scope: str,
    days: str,
    lasts: timedelta | None,
) -> None:
    client.force_login(bob)

    page = client.post(path, {**NEW, "scope": scope, "days": days}, follow=True)

    # Reloading the page that follows makes no second one.
    assert page.redirect_chain == [(path, 302)]
    [secret] = secrets(page.content)
    assert api_token_user(secret) == bob
    token = ApiToken.objects.get()
    assert (token.workspace, token.name, token.scope) == (workspace, "nightly report", scope)
    if lasts is None:
        assert token.expires_at is None
    else:
        assert token.expires_at is not None
        assert abs(token.expires_at - timezone.now() - lasts) < timedelta(minutes=1)
    assert secrets(client.get(path).content) == []


def test_a_new_token_waits_for_its_page_and_no_other_and_is_not_readable_meanwhile(
    client: Client, alice: User, path: str
) -> None:
    other = make_workspace(admin=alice)
    client.force_login(alice)

    client.post(path, NEW)

    [stored] = [value for key, value in client.session.items() if key.startswith("once: ")]
    assert "dxy_" not in stored
    assert secrets(client.get(f"/w/{other.slug}/settings/tokens/").content) == []
    client.head(path)
    assert len(secrets(client.get(path).content)) == 1
    assert secrets(client.get(path).content) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": " "}, "Give the token a name"),
        ({"name": "x" * 101}, "up to 100 characters"),
        ({"name": "a\0b"}, "null byte"),
        ({"days": "99999999999"}, "Choose how long"),
    ],
)
def test_what_cannot_be_a_token_is_refused_with_the_reason(
    client: Client, bob: User, path: str, changed: dict[str, str], complaint: str
) -> None:
    client.force_login(bob)

    page = client.post(path, {**NEW, **changed})

    assert page.status_code == 400
    assert complaint in page.content.decode()
    assert ApiToken.objects.count() == 0


def test_members_see_and_revoke_their_own_tokens_and_administrators_all(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    hers, _ = api_token_create(viewer=alice, workspace=workspace, name="of alice")
    his, _ = api_token_create(viewer=bob, workspace=workspace, name="of bob")
    client.force_login(bob)
    page = client.get(path).content.decode()
    assert "of bob" in page
    assert "of alice" not in page
    assert client.post(f"{path}{hers.pk}/revoke/").status_code == 404

    client.force_login(alice)
    page = client.post(f"{path}{his.pk}/revoke/", follow=True).content.decode()

    assert "of bob is revoked" in page
    assert list(ApiToken.objects.filter(revoked_at=None)) == [hers]


def test_a_token_of_another_workspace_is_not_revoked_by_way_of_this_one(
    client: Client, alice: User, path: str
) -> None:
    other, _ = api_token_create(
        viewer=alice, workspace=make_workspace(admin=alice), name="elsewhere"
    )
    client.force_login(alice)

    for pk in (other.pk, 0, 10**30):
        assert client.post(f"{path}{pk}/revoke/").status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_many_tokens_come_in_pages(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    for number in range(51):
        viewer = bob if number % 2 else alice
        api_token_create(viewer=viewer, workspace=workspace, name=f"number {number}.")
    client.force_login(alice)
    page = client.get(path).content.decode()
    [older] = re.findall(r'href="(\?after=[^"]*)"', page)

    assert "number 0." not in page
    assert "number 0." in client.get(path + older).content.decode()
    assert client.get(f"{path}?after=nonsense").status_code == 400


def test_the_links_of_the_export_lead_to_it(client: Client, bob: User, path: str) -> None:
    client.force_login(bob)
    data = client.get(path.replace("/tokens/", "/data/")).content.decode()
    links = re.findall(r'href="(/workspaces/[^"]*)"', data)

    # That of one person is on their page, that of the audit log beside the log.
    assert len(links) == sum(len(one.forms) for one in Export.of_all())
    pages = [client.get(link, headers={"Accept": "text/html"}) for link in links]
    assert ["Make the export" in page.content.decode() for page in pages] == [True] * len(links)
