import pytest
from django.core.cache import cache
from django.test import Client

from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import User, Workspace

NEW = {"email": "dora@example.com", "name": "Dora", "password": "correct horse battery"}


@pytest.fixture(autouse=True)
def forgotten_limits() -> None:
    cache.clear()


@pytest.fixture
def path(alice: User, workspace: Workspace) -> str:
    _, link = invitation_create(viewer=alice, workspace=workspace)
    return "/" + link.split("/", 3)[3]


def test_a_new_person_makes_an_account_and_is_in(
    client: Client, workspace: Workspace, path: str
) -> None:
    page = client.get(path)
    assert "Join <bdi>Team</bdi>" in page.content.decode()

    response = client.post(path, NEW, follow=True)

    assert response.redirect_chain == [(f"/w/{workspace.slug}/", 302)]
    assert response.status_code == 200
    assert workspace.memberships.filter(user__email="dora@example.com", role="member").exists()
    assert client.get(path).status_code == 404


def test_who_is_signed_in_joins_with_one_click(
    client: Client, charlie: User, workspace: Workspace, path: str
) -> None:
    client.force_login(charlie)
    assert "charlie@example.com" in client.get(path).content.decode()

    client.post(path)

    assert workspace.memberships.filter(user=charlie).exists()


@pytest.fixture
def named(alice: User, workspace: Workspace) -> str:
    _, link = invitation_create(viewer=alice, workspace=workspace, email=NEW["email"])
    return "/" + link.split("/", 3)[3]


def test_a_link_for_somebody_else_says_for_whom_and_how_to_go_on(
    client: Client, charlie: User, workspace: Workspace, named: str
) -> None:
    client.force_login(charlie)

    for page in (client.get(named), client.post(named)):
        assert page.status_code == 400
        assert "is for dora@example.com, and you are signed in as" in page.content.decode()

    form = {"next": named}
    assert client.post("/accounts/logout/", form, follow=True).redirect_chain == [(named, 302)]
    wrong = client.post(named, {**NEW, "email": "dorothea@example.com"})
    assert "for dora@example.com: give that address" in wrong.content.decode()
    assert client.post(named, NEW).status_code == 302
    assert workspace.memberships.filter(user__email=NEW["email"]).exists()


def test_who_has_an_address_of_which_another_only_says_that_it_is_theirs_can_have_it(
    client: Client, workspace: Workspace, path: str, named: str
) -> None:
    client.post(path, NEW)
    client.logout()

    page = client.post(named, NEW)
    assert page.status_code == 400
    assert 'name="takes_address"' in page.content.decode()
    assert client.post(named, {**NEW, "takes_address": "on"}).status_code == 302

    assert workspace.memberships.count() == 2 + 1 + 1


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"password": "short"}, "too short"),
        ({"email": "nobody"}, "valid email address"),
        ({"email": "ALICE@example.com"}, "There is an account"),
        ({"email": f"a@{'.'.join(['b' * 60] * 5)}.com"}, "at most 254 characters"),
        ({"name": "x" * 1000}, "at most"),
        ({"name": "a\0b"}, "null byte"),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_spends_nothing(
    client: Client, path: str, changed: dict[str, str], complaint: str
) -> None:
    number = User.objects.count()

    response = client.post(path, {**NEW, **changed})

    assert response.status_code == 400
    assert complaint in response.content.decode()
    assert User.objects.count() == number
    assert client.get(path).status_code == 200


def test_nobody_finds_out_by_a_link_who_has_an_account_but_a_few_times(
    client: Client, alice: User, path: str
) -> None:
    for _ in range(10):
        answer = client.post(path, {**NEW, "email": alice.email})
        assert answer.status_code == 400
        assert "There is an account with the address" in answer.content.decode()

    answer = client.post(path, {**NEW, "email": alice.email})

    assert answer.status_code == 429
    assert "There is an account" not in answer.content.decode()
    assert "Wait ten minutes" in answer.content.decode()


def test_a_link_that_opens_nothing_says_so(client: Client, db: None) -> None:
    response = client.get("/invitations/nothing/")

    assert response.status_code == 404
    assert "This link opens nothing" in response.content.decode()
