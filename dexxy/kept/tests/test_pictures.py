import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.kept import pictures
from dexxy.kept.models import KeptFile, Picture, PictureState
from dexxy.kept.pictures import KEPT_FOR, pictures_work
from dexxy.sources.models import Source
from dexxy.web.markdown import render
from dexxy.web.picture_urls import picture_url
from tests.factories import make_identity, make_message, make_thread

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>'
ANSWERS = {
    "/a.png": (200, "image/png", PNG),
    "/lying.png": (200, "image/png", b"<script>alert(1)</script>"),
    "/page": (200, "text/html", b"<svg>"),
    "/a.svg": (200, "image/svg+xml; charset=utf-8", SVG),
    "/mislabelled": (200, "application/octet-stream", b"GIF89a..."),
    "/large.png": (200, "image/png", PNG + b"x" * 2000),
    "/gone.png": (404, "image/png", PNG),
}


class Handler(BaseHTTPRequestHandler):
    asked: list[str] = []
    sent: dict[str, str] = {}

    def do_GET(self) -> None:
        """Answer as the path says."""
        self.asked.append(self.path)
        self.sent.update(self.headers)
        status, kind, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[str]:
    """The address of a server of somebody's, in a network that may be asked."""
    settings.DEXXY_OUTSIDE_ALLOWED = [ip_network("127.0.0.0/8")]
    Handler.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def get(client: Client, bob: User) -> Callable[[str], Any]:
    """Ask for the picture at an address, as a page that Bob reads does."""
    client.force_login(bob)
    return lambda address: client.get(picture_url(address))


def test_a_picture_comes_through_us_once_a_worker_has_loaded_it(
    get: Callable[[str], Any], elsewhere: str
) -> None:
    address = f"{elsewhere}/a.png"

    waiting = get(address)
    asked_by_the_page = list(Handler.asked)
    pictures_work(seconds=5)
    there, again = get(address), get(address)

    assert (waiting.status_code, waiting["Retry-After"]) == (202, "1")
    assert waiting["Cache-Control"] == "no-store"
    assert asked_by_the_page == []
    assert there.content == again.content == PNG
    assert there["Content-Type"] == "image/png"
    assert there["Content-Security-Policy"].endswith("sandbox")
    assert there["X-Content-Type-Options"] == "nosniff"
    assert there["Cache-Control"] == "private, max-age=86400"
    assert Handler.asked == ["/a.png"]
    assert not {"Cookie", "Referer", "Authorization"} & Handler.sent.keys()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/lying.png", None),
        ("/page", None),
        ("/large.png", None),
        ("/gone.png", None),
        ("/mislabelled", "image/gif"),
        ("/a.svg", "image/svg+xml"),
    ],
)
def test_only_what_is_a_picture_is_shown(
    get: Callable[[str], Any],
    elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    kind: str | None,
) -> None:
    monkeypatch.setattr(pictures, "LARGEST", 1000)
    get(elsewhere + path)
    pictures_work(seconds=5)

    answer = get(elsewhere + path)

    assert answer.status_code == (200 if kind else 204)
    assert kind is None or answer["Content-Type"] == kind
    assert KeptFile.objects.count() == (1 if kind else 0)


def test_a_picture_in_our_own_network_is_not_asked_for(
    get: Callable[[str], Any], elsewhere: str, settings: Any
) -> None:
    settings.DEXXY_OUTSIDE_ALLOWED = []
    get(f"{elsewhere}/a.png")
    pictures_work(seconds=5)

    assert get(f"{elsewhere}/a.png").status_code == 204
    assert Handler.asked == []


def test_one_that_cannot_be_loaded_takes_no_other_along(
    get: Callable[[str], Any], elsewhere: str
) -> None:
    get("http://127.0.0.1:99999/a.png")
    get(f"{elsewhere}/a.png")

    pictures_work(seconds=5)

    assert get("http://127.0.0.1:99999/a.png").status_code == 204
    assert get(f"{elsewhere}/a.png").content == PNG


def test_nobody_else_can_make_us_load_an_address(
    client: Client, bob: User, elsewhere: str, settings: Any
) -> None:
    ours = picture_url(f"{elsewhere}/a.png")

    assert client.get(ours).status_code == 403
    client.force_login(bob)
    assert client.get(ours.replace("a.png", "b.png")).status_code == 404
    assert client.get(re.sub(r"pictures/.", "pictures/", ours)).status_code == 404
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [settings.SECRET_KEY]
    assert client.get(ours).status_code == 202
    assert Picture.objects.count() == 1


def test_messages_and_people_show_pictures_from_us_alone(
    client: Client, alice: User, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace)
    author.avatar_url = "https://a.example/mira.png"
    author.save()
    thread = make_thread(source=source, author=author)
    body = '![one](http://a.example/1.png) <img src="HTTPS://b.example/2.png?a=1&b=2" alt="two">'
    make_message(thread=thread, author=author, body=body)
    client.force_login(alice)

    page = client.get(f"/w/{workspace.slug}/threads/{thread.pk}/")

    sources = re.findall(r'<img[^>]* src="([^"]*)"', page.content.decode())
    shown = [source for source in sources if not source.startswith("/static/")]
    assert len(shown) >= 3
    assert all(source.startswith("/pictures/") for source in shown)
    assert "img-src 'self';" in page["Content-Security-Policy"] + ";"
    for source_of_picture in shown:
        assert client.get(source_of_picture.replace("&amp;", "&")).status_code == 202


def test_pictures_can_be_switched_off(
    client: Client, bob: User, elsewhere: str, settings: Any
) -> None:
    before = picture_url(f"{elsewhere}/a.png")
    settings.DEXXY_IMAGES = "none"
    client.force_login(bob)

    html = render("![a *picture*](https://a.example/off.png)").html

    assert "src" not in html
    assert 'alt="a picture"' in html
    assert picture_url(f"{elsewhere}/a.png") == ""
    assert client.get(before).status_code == 404


def test_a_picture_is_kept_for_a_while_and_loaded_anew(
    get: Callable[[str], Any], elsewhere: str
) -> None:
    address = f"{elsewhere}/a.png"
    get(address)
    pictures_work(seconds=5)
    picture = Picture.objects.get()
    assert timedelta(0) < picture.expires_at - timezone.now() <= KEPT_FOR
    Picture.objects.update(expires_at=timezone.now())

    assert get(address).status_code == 202
    assert KeptFile.objects.count() == 0
    Picture.objects.update(expires_at=timezone.now())
    pictures_work(seconds=5)
    assert not Picture.objects.exists()


def test_the_oldest_pictures_give_way(
    get: Callable[[str], Any], elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", len(PNG))
    for path in ("/a.png", "/mislabelled"):
        get(elsewhere + path)
        pictures_work(seconds=5)
    pictures_work(seconds=5)

    assert [one.address for one in Picture.objects.all()] == [f"{elsewhere}/mislabelled"]
    assert KeptFile.objects.count() == 1


def test_who_is_erased_is_in_no_picture_any_more(
    alice: User, workspace: Workspace, get: Callable[[str], Any], elsewhere: str
) -> None:
    author = make_identity(workspace=workspace)
    get(f"{elsewhere}/a.png")
    pictures_work(seconds=5)

    person_erase(actor=alice, workspace=workspace, member_id=author.member_id)

    assert get(f"{elsewhere}/a.png").status_code == 202
    assert not Picture.objects.filter(state=PictureState.KEPT).exists()
    assert not KeptFile.objects.exists()
