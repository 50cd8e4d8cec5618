"""What pages weigh, and how long browsers keep what they are made of."""

import gzip
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.test.utils import override_settings

from dexxy.accounts.models import User
from dexxy.web.tests.test_access import pages

__all__ = ["pages"]

# The page to sign in says whether a link can be mailed.
pytestmark = pytest.mark.django_db
PACKED = {"Accept-Encoding": "gzip"}
MOST_ON_THE_WIRE = 150_000


@pytest.fixture(autouse=True)
def files_are_listed_when_a_client_starts() -> Iterator[None]:
    """As in a web process: what is looked for when it is asked for has no digest in its name."""
    with override_settings(WHITENOISE_AUTOREFRESH=False):
        yield


def files_of(page: bytes) -> set[str]:
    """Return the addresses of what a page is made of, without images."""
    found = re.findall(r'(?:src|href)="(/static/[^"#]+)', page.decode())
    return {address for address in found if not address.endswith("icon.svg")}


def test_what_pages_are_made_of_is_kept_for_a_year_by_what_it_holds(client: Client) -> None:
    page = client.get("/accounts/login/").content

    addresses = files_of(page)
    assert len(addresses) >= 4
    for address in addresses:
        assert re.search(r"\.[0-9a-f]{10}\.(css|js|svg)$", address), address
        plain, packed = client.get(address), client.get(address, headers=PACKED)
        assert plain["Cache-Control"] == "public, max-age=31536000, immutable"
        assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
        assert packed["Content-Encoding"] == "gzip"
        body = b"".join(packed)
        assert int(packed["Content-Length"]) == len(body)
        assert gzip.decompress(body) == b"".join(plain)
        assert client.head(address)["Content-Length"] == plain["Content-Length"]


def test_a_file_of_before_an_upgrade_is_not_there_and_nothing_else_takes_its_place(
    client: Client,
) -> None:
    assert client.get("/static/dexxy/dexxy.0123456789.css").status_code == 404


def test_while_debugging_files_have_their_own_names(client: Client) -> None:
    with override_settings(DEBUG=True):
        assert "/static/dexxy/dexxy.css" in files_of(client.get("/accounts/login/").content)


def test_a_page_is_compressed_and_says_for_whom(client: Client) -> None:
    page = client.get("/accounts/login/", headers=PACKED)

    assert page["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in page["Vary"]
    assert gzip.decompress(page.content).startswith(b"<!DOCTYPE html>")
    assert "Content-Encoding" not in client.get("/accounts/login/")
    # A program unpacks an answer by itself, if it likes: its lengths tell nobody anything.
    assert "Content-Encoding" not in client.get("/healthz", headers=PACKED)


@pytest.mark.slow
def test_no_page_weighs_more_than_150_kilobytes_on_the_wire(
    client: Client, alice: User, pages: dict[str, str]
) -> None:
    client.force_login(alice)
    files = {
        name: len(b"".join(client.get(name, headers=PACKED)))
        for name in files_of(client.get(pages["feed"]).content)
    }

    for path in pages.values():
        page, plain = client.get(path, headers=PACKED), client.get(path)
        size = len(page.content) + sum(files.get(name, 0) for name in files_of(plain.content))
        assert size < MOST_ON_THE_WIRE, path
    assert sum(files.values()) > 10_000


@pytest.mark.parametrize("path", ["/../../settings.py", "/dexxy/%00.css", "/dexxy/"])
def test_nothing_else_is_served(client: Client, path: str) -> None:
    assert client.get(f"/static{path}").status_code == 404
