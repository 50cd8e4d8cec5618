"""Cards that take long are counted by a worker, and what was counted last is shown meanwhile."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from dexxy.accounts.models import Membership, User, Workspace
from dexxy.common.sql import TooSlowError
from dexxy.common.valkey import connection_to
from dexxy.messages.tests.stories import Teller
from dexxy.sources.models import Source
from dexxy.web.insights import keeping
from dexxy.web.insights.cards import Asked, Card, Drawn
from dexxy.web.insights.catalogue import CARDS
from dexxy.web.insights.tasks import count_cards

JANUARY = "period=custom&from=2026-01-01&to=2026-01-31"


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    cache.clear()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no reader wait at all."""
    monkeypatch.setattr(keeping, "PATIENCE", -1.0)


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is kept be old at once."""
    monkeypatch.setattr(keeping, "FRESH", timedelta(0))


def part(client: Client, workspace: Workspace, more: str = "") -> Any:
    headers = {"HX-Request": "true", "HX-Target": "c-people"}
    address = f"/w/{workspace.slug}/insights/people/?{JANUARY}{more}"
    return client.get(address, headers=headers)


def test_a_card_that_takes_long_says_so_until_a_worker_has_counted_it(
    client: Client, bob: User, workspace: Workspace, source: Source, slow: None
) -> None:
    Teller(source).tell("I A opens 0, B says 1")
    client.force_login(bob)

    first = part(client, workspace).content.decode()
    assert "This is being counted for the first time." in first
    again = re.search(r'hx-get="[^"]*(&amp;have=[^"]*)"', first)
    assert again
    assert part(client, workspace, "&have=").status_code == 204

    count_cards()

    counted = part(client, workspace, "&have=").content.decode()
    assert "Active people" in counted
    assert "A</bdi>" in counted
    assert "being counted" not in counted


def test_what_was_counted_last_is_shown_while_it_is_counted_again(
    client: Client,
    bob: User,
    workspace: Workspace,
    source: Source,
    slow: None,
    stale: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    teller = Teller(source)
    teller.tell("I A opens 0, B says 1")
    client.force_login(bob)
    part(client, workspace)
    count_cards()
    teller.tell("I C opens 5")

    shown = part(client, workspace).content.decode()
    assert "and being counted again." in shown
    assert '<dd><a href="' in shown
    assert ">2</a>" in shown
    have = re.search(r"have=([^\"]*)", shown)
    assert have
    assert part(client, workspace, f"&have={have[1]}").status_code == 204

    count_cards()
    monkeypatch.setattr(keeping, "FRESH", timedelta(minutes=5))

    recounted = part(client, workspace, f"&have={have[1]}").content.decode()
    assert ">3</a>" in recounted
    assert "being counted" not in recounted


def test_the_page_of_a_figure_comes_at_once_and_completes_itself(
    client: Client, bob: User, workspace: Workspace, source: Source, slow: None
) -> None:
    Teller(source).tell("I A opens 0, B says 1")
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/people/?{JANUARY}"

    first = client.get(address).content.decode()
    assert "This is being counted for the first time." in first
    assert f'hx-get="{address}"'.replace("&", "&amp;") in first
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in first

    count_cards()

    second = client.get(address).content.decode()
    assert "being counted" not in second
    assert "http-equiv" not in second
    assert "A</bdi>" in second
    assert 'Active people</bdi></a> <span class="quiet">2</span>' in second


def test_a_list_comes_at_once_and_completes_itself(
    client: Client,
    bob: User,
    workspace: Workspace,
    source: Source,
    slow: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "PAGE", 2)
    Teller(source).tell("I A opens 0, A says 1, A says 2, B says 3, B says 4, C says 5")
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/people/people/?{JANUARY}"

    for more, names in {"": ["A", "B"], "&after=2": ["C"], "&after=9": []}.items():
        first = client.get(address + more).content.decode()
        assert "This is being counted for the first time." in first
        assert 'hx-select="#content"' in first
        assert '<li class="row act"' not in first
        count_cards()

        html = client.get(address + more).content.decode()
        assert "being counted" not in html
        assert [name for name in "ABC" if f"<bdi>{name}</bdi></a></p>" in html] == names
        assert ("after=2" in html.partition("</main>")[0]) is (more == "")
        assert "<b>3</b> people" in html


def test_a_list_says_when_it_was_counted_while_it_is_counted_again(
    client: Client, bob: User, workspace: Workspace, source: Source, slow: None, stale: None
) -> None:
    Teller(source).tell("I A opens 0")
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/people/people/?{JANUARY}"
    client.get(address)
    count_cards()

    html = client.get(address).content.decode()

    assert "and being counted again." in html
    assert "<bdi>A</bdi></a></p>" in html


def test_a_list_that_there_is_not_is_not_found_when_it_was_counted(
    client: Client, bob: User, workspace: Workspace, slow: None
) -> None:
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/people/nobody/?{JANUARY}"
    assert client.get(address).status_code == 200

    count_cards()

    assert client.get(address).status_code == 404


@pytest.mark.parametrize("path", ["people.csv", "people/people/"])
def test_what_takes_too_long_for_a_file_or_a_list_says_what_to_do(
    client: Client,
    bob: User,
    workspace: Workspace,
    slow: None,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def draw(_card: Card, _asked: Asked) -> Drawn:
        raise TooSlowError("too slow")

    monkeypatch.setattr(Card, "draw", draw)
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/{path}?{JANUARY}"
    client.get(address)
    count_cards()

    answer = client.get(address)

    assert answer.status_code == 503
    assert "so many days of so many repositories. Choose fewer." in answer.content.decode()


def test_a_page_of_all_figures_comes_at_once_and_completes_itself(
    client: Client, bob: User, workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PATIENCE_FOR_ALL", -1.0)
    Teller(source).tell("I A opens 0, B says 1")
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/?{JANUARY}&all=1"

    first = client.get(address).content.decode()
    assert first.count("This is being counted for the first time.") == len(CARDS)
    assert first.count('hx-trigger="every 2s"') == len(CARDS)
    # Without a script it loads itself again.
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in first

    count_cards()

    second = client.get(address).content.decode()
    assert "being counted" not in second
    assert "http-equiv" not in second
    assert all(f'id="c-{slug}"' in second for slug in CARDS)
    assert "A</bdi>" in second


def test_a_quick_card_is_counted_for_each_reader(
    client: Client, bob: User, workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PATIENCE", 60.0)
    monkeypatch.setattr(keeping, "SLOW", 60.0)
    teller = Teller(source)
    teller.tell("I A opens 0")
    client.force_login(bob)
    assert ">1</a>" in part(client, workspace).content.decode()

    teller.tell("I B opens 1")

    assert ">2</a>" in part(client, workspace).content.decode()


def test_what_is_kept_names_nobody_who_was_erased_or_renamed(
    client: Client, bob: User, workspace: Workspace, source: Source, slow: None
) -> None:
    teller = Teller(source)
    teller.tell("I A opens 0")
    client.force_login(bob)
    part(client, workspace)
    count_cards()
    account = teller.person("A")
    assert account is not None

    account.home_member.display_name = "Somebody Else"
    account.home_member.save()

    shown = part(client, workspace).content.decode()
    assert "Somebody Else" in shown
    assert ">A</bdi>" not in shown


def test_who_has_left_meanwhile_gets_nothing_counted(
    client: Client, bob: User, workspace: Workspace, source: Source, slow: None
) -> None:
    client.force_login(bob)
    part(client, workspace)
    Membership.objects.filter(user=bob).delete()

    count_cards()

    assert part(client, workspace).status_code == 404
    assert not cache.get("insights:wanted") or cache.get("insights:wanted") == "[]"


def test_what_is_kept_of_a_workspace_has_a_bound_and_the_oldest_give_way(
    client: Client, bob: User, workspace: Workspace, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(bob)
    asked = [f"&kind={kind}" for kind in ("issue", "pull_request", "discussion")]
    server = connection_to(settings.REDIS_URL)

    def sizes() -> dict[bytes, int]:
        kept = server.scan_iter(f"insights:{workspace.pk}:*")
        return {key: server.strlen(key) for key in kept}

    part(client, workspace, asked[0])
    count_cards()
    [(oldest, size)] = sizes().items()
    monkeypatch.setattr(keeping, "MOST_BYTES", size * 5 // 2)
    for more in asked[1:]:
        part(client, workspace, more)
        count_cards()

    kept = sizes()
    assert len(kept) == 2
    assert oldest not in kept
    assert server.zcard(f"insights:{workspace.pk}") == 2
    assert "being counted" not in part(client, workspace, asked[-1]).content.decode()
    assert all(0 < server.ttl(key) <= 7 * 24 * 3600 for key in kept)


def test_a_filter_that_would_be_repeated_on_all_of_a_card_is_refused_where_it_is_long(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)
    address = f"/w/{workspace.slug}/insights/"

    assert client.get(address, {"organization": "a" * 1900}).status_code == 200
    refused = client.get(address, {"organization": "a" * 2100})
    assert (refused.status_code, "The filter is too long." in refused.content.decode()) == (
        400,
        True,
    )


def test_whoever_asks_for_one_period_after_the_other_keeps_nobody_else_waiting(
    client: Client,
    alice: User,
    bob: User,
    workspace: Workspace,
    slow: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST_WANTED", 2)
    client.force_login(alice)
    part(client, workspace)
    client.force_login(bob)
    for kind in ("issue", "pull_request", "discussion"):
        part(client, workspace, f"&kind={kind}")

    waiting = json.loads(cache.get(keeping._WANTED))

    assert [one["viewer"] for one in waiting] == [alice.pk, bob.pk, bob.pk]
    assert waiting[-1]["query"].endswith("kind=discussion")
