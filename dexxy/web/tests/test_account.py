import pytest
from django.test import Client

from dexxy.accounts.models import User

CHOSEN = {"name": "Bob B.", "language": "de", "time_zone": "Europe/Berlin"}


def chosen(user: User) -> dict[str, str]:
    user.refresh_from_db()
    return {"name": user.name, "language": user.language, "time_zone": user.time_zone}


def test_somebody_chooses_their_name_language_and_time_zone(client: Client, bob: User) -> None:
    client.force_login(bob)

    page = client.post("/account/", CHOSEN, follow=True)

    assert page.redirect_chain == [("/account/", 302)]
    assert chosen(bob) == CHOSEN
    assert '<html lang="de"' in page.content.decode()
    assert '<option value="Europe/Berlin" selected>' in page.content.decode()


@pytest.mark.parametrize(
    "changed",
    [{"name": "x" * 201}, {"name": "a\0b"}, {"language": "xx"}, {"time_zone": "Mars/Olympus"}],
)
def test_what_cannot_be_chosen_is_refused_with_the_reason(
    client: Client, bob: User, changed: dict[str, str]
) -> None:
    client.force_login(bob)
    before = chosen(bob)

    page = client.post("/account/", {**CHOSEN, **changed})

    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert chosen(bob) == before


def test_the_account_is_for_who_is_signed_in(client: Client) -> None:
    assert client.get("/account/")["Location"] == "/accounts/login/?next=/account/"
    assert client.post("/account/", CHOSEN)["Location"] == "/accounts/login/?next=/"
    assert client.post("/account/zone/", {"time_zone": "Europe/Berlin"}).status_code == 401


def test_the_browser_tells_its_time_zone_until_one_is_known(client: Client, bob: User) -> None:
    client.force_login(bob)
    asks = b'data-zone="/account/zone/"'
    assert asks in client.get("/account/").content

    for told, kept in (
        ("Mars/Olympus", ""),
        ("a\0b", ""),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("Europe/Berlin", "Asia/Calcutta"),
    ):
        assert client.post("/account/zone/", {"time_zone": told}).status_code == 204
        assert chosen(bob)["time_zone"] == kept

    assert asks not in client.get("/account/").content
