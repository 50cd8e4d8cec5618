"""Settings > Notifications: endpoints, their log, and the addresses of feeds."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, ListPage, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint, FeedAddress
from dexxy.outgoing.privacy import keeps_private_in
from dexxy.outgoing.sending import deliveries_send
from dexxy.sources.models import Source

NEW = {
    "kind": "webhook",
    "name": "Our bot",
    "url": "https://hooks.example.com/dexxy?token=abc",
    "event": ["thread.opened", "waiting.late"],
    "late_hours": "12",
    "view": "",
}


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/notifications/"


def test_a_webhook_is_added_its_secret_shown_once_and_a_test_sent(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)

    page = client.post(path, NEW, follow=True).content.decode()

    endpoint = Endpoint.objects.get()
    assert endpoint.events == ["thread.opened", "waiting.late"]
    assert endpoint.late_hours == 12
    [secret] = re.findall(r"whsec_[\w+/=]+", unescape(page))
    assert secret == endpoint.secret.read()
    assert "https://hooks.example.com/dexxy?…" in page
    assert "token=abc" not in page
    own = f"{path}endpoints/{endpoint.pk}/"
    assert "whsec_" not in client.get(own).content.decode()
    page = client.post(f"{own}test/", follow=True).content.decode()
    assert "A test is sent now" in page
    assert Delivery.objects.get().event == "test"
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["endpoint.created", "endpoint.tested"]


def test_the_address_of_a_chat_is_not_shown(client: Client, alice: User, path: str) -> None:
    client.force_login(alice)
    url = "https://hooks.slack.com/services/T0/B0/secret"

    page = client.post(path, {**NEW, "kind": "slack", "url": url}, follow=True).content.decode()

    assert "https://hooks.slack.com/…" in page
    assert "B0/secret" not in page
    assert "whsec_" not in page


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"url": "http://hooks.example.com/"}, "has to begin with https"),
        ({"url": "https://127.0.0.1/"}, "in a network of our own"),
        ({"url": "https://[::1]/"}, "in a network of our own"),
        ({"url": "https://localhost/"}, "in a network of our own"),
        ({"url": "https://u:p@example.com/"}, "no address of the web"),
        ({"url": "ftp://example.com/"}, "has to begin with https"),
        ({"url": "https://"}, "no address of the web"),
        ({"url": ""}, "no address of the web"),
        ({"name": " "}, "Give the endpoint a name"),
        ({"event": []}, "Choose at least one event"),
        ({"event": ["test"]}, "Choose at least one event"),
        ({"late_hours": "0"}, "after 1 to 8760 hours"),
        ({"late_hours": "soon"}, "after 1 to 8760 hours"),
        ({"kind": "fax"}, "Choose where it is sent"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused_with_the_reason(
    client: Client, alice: User, path: str, changed: dict[str, object], complaint: str
) -> None:
    client.force_login(alice)

    response = client.post(path, {**NEW, **changed})

    assert response.status_code == 422
    assert complaint in unescape(response.content.decode())
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_changed_paused_resumed_and_deleted(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)
    client.post(path, NEW)
    endpoint = Endpoint.objects.get()
    own = f"{path}endpoints/{endpoint.pk}/"

    client.post(own, {**NEW, "url": "", "name": "Renamed", "event": ["message.created"]})
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.events) == ("Renamed", ["message.created"])
    assert endpoint.url.read() == NEW["url"]
    client.post(f"{own}pause/")
    endpoint.refresh_from_db()
    assert endpoint.is_paused
    assert "resume it first" in client.post(f"{own}test/", follow=True).content.decode()
    client.post(f"{own}resume/")
    page = client.post(f"{own}rotate/", follow=True).content.decode()
    endpoint.refresh_from_db()
    assert endpoint.secret.read() in unescape(page)
    assert not endpoint.is_paused
    assert client.post(f"{own}nonsense/").status_code == 404
    client.post(f"{own}delete/")
    assert not Endpoint.objects.exists()


def test_an_endpoint_hears_what_a_view_keeps_and_goes_on_so_when_the_view_changes(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    given = {"viewer": alice, "workspace": workspace, "page": ListPage.FEED, "name": "Bugs"}
    view = saved_view_save(query="q=label%3Abug", **given)  # type: ignore[arg-type]
    client.force_login(alice)
    client.post(path, {**NEW, "view": str(view.pk)})
    endpoint = Endpoint.objects.get()
    assert (endpoint.filters, endpoint.view_name) == ({"labels": ["bug"]}, "Bugs")

    client.post(f"{path}endpoints/{endpoint.pk}/", {**NEW, "view": "as it is"})

    endpoint.refresh_from_db()
    assert endpoint.filters == {"labels": ["bug"]}


def test_the_log_shows_what_was_sent_and_sends_it_again(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)
    client.post(path, NEW)
    endpoint = Endpoint.objects.get()
    own = f"{path}endpoints/{endpoint.pk}/"
    client.post(f"{own}test/")
    Delivery.objects.update(
        state=DeliveryState.FAILED,
        attempts=8,
        status=500,
        answer="<b>no</b>",
        error="It answers with the status 500.",
    )

    page = client.get(own).content.decode()
    assert "given up" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    assert "&quot;type&quot;: &quot;test&quot;" in page
    sent = Delivery.objects.get()
    client.post(f"{path}deliveries/{sent.pk}/redeliver/")

    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == ("pending", 0)


def test_every_page_tells_admins_of_an_endpoint_that_is_disabled(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    client.post(path, NEW)
    Endpoint.objects.update(disabled_at=timezone.now(), disabled_because="It answers with 500.")
    said = "Nothing is sent to an address any more"

    assert said in client.get(f"/w/{workspace.slug}/feed/").content.decode()
    client.force_login(bob)
    assert said not in client.get(f"/w/{workspace.slug}/feed/").content.decode()


def test_members_make_feeds_but_no_endpoints(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    page = client.post(f"{path}feeds/", {"of": "waiting"}, follow=True).content.decode()

    [key] = re.findall(r"feed\.atom\?key=(dxy_[\w-]+)", page)
    assert client.get(f"/w/{workspace.slug}/feed.atom?key={key}").status_code == 200
    assert "dxy_" not in client.get(path).content.decode()
    assert client.post(path, NEW).status_code == 403
    assert client.post(f"{path}private/", {"keeps": "yes"}).status_code == 403
    client.post(f"{path}feeds/{FeedAddress.objects.get().pk}/revoke/")
    assert not FeedAddress.objects.exists()


def test_an_admin_keeps_private_repositories_in(
    client: Client, alice: User, workspace: Workspace, source: Source, path: str
) -> None:
    client.force_login(alice)

    client.post(f"{path}private/", {"keeps": "yes"})
    assert keeps_private_in(alice, workspace)
    client.post(f"{path}private/", {"keeps": "no"})

    assert not keeps_private_in(alice, workspace)
    assert AuditEntry.objects.filter(action="workspace.private_kept_in").count() == 2


def test_an_endpoint_whose_address_cannot_be_decrypted_is_disabled_until_it_is_given_again(
    client: Client, alice: User, path: str
) -> None:
    client.force_login(alice)
    client.post(path, NEW)
    endpoint = Endpoint.objects.get()
    own = f"{path}endpoints/{endpoint.pk}/"
    client.post(f"{own}test/")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outgoing_endpoint SET url = 'other key', secret = 'other key'")

    assert deliveries_send(seconds=1) == 0

    page = client.get(own).content.decode()
    assert "Its address cannot be read: give it again." in page
    assert "was encrypted with another key" in page
    client.post(own, NEW)
    client.post(f"{own}rotate/")
    client.post(f"{own}resume/")
    endpoint.refresh_from_db()
    assert endpoint.url.read() == NEW["url"]
    assert endpoint.is_listening
    assert not endpoint.previous_secret
