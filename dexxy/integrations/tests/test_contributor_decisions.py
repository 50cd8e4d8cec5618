"""Which accounts may be one person's, and what people are told about it."""

from dataclasses import replace

import pytest

from dexxy.integrations.services.contributors.comparing.suggestion_decision import (
    STRONG_AT_MOST,
    Decision,
    decide,
)
from dexxy.integrations.services.contributors.comparing.suggestion_rules import Candidate
from dexxy.integrations.services.contributors.comparing.traits import Account, Facet, traits

ADA = Account("github", "7", "ada-lovelace", url="https://github.com/ada-lovelace")
FORUM = Account("discourse", "19", "countess", url="https://forum.example.org/u/countess")
COMMITS = Account("git", "23", "countess")


def weighed(a: Account, b: Account, **holders: int) -> Decision | None:
    """Decide about A and B, in both orders: it must not matter."""
    first, second = Candidate.of(a), Candidate.of(b)
    counts = {value: holders.get(value, 2) for value in first.traits}
    found, other = decide(first, second, counts), decide(second, first, counts)
    assert (found and found.confidence) == (other and other.confidence)
    return found


def rules(decision: Decision | None) -> list[str]:
    return [evidence.rule for evidence in decision.evidence] if decision else []


@pytest.mark.parametrize("other", ["ada@lovelace.org", "Ada+Forum@Lovelace.org"])
def test_one_verified_address_on_two_servers_is_automatic(other: str) -> None:
    ada = replace(ADA, email="ada@lovelace.org", is_email_verified=True)

    found = weighed(ada, replace(FORUM, email=other, is_email_verified=True))

    assert found is not None
    assert found.is_automatic
    assert found.evidence[0].sentence == "Both show the verified address ada@lovelace.org."


def test_an_address_that_only_one_server_vouches_for_is_a_suggestion() -> None:
    ada = replace(ADA, email="ada@lovelace.org", is_email_verified=True)

    found = weighed(ada, replace(COMMITS, email="ada@lovelace.org"))

    assert found is not None
    assert not found.is_automatic
    assert rules(found) == ["same_email"]


def test_one_address_on_two_accounts_of_a_server_is_not_automatic() -> None:
    ada = replace(ADA, email="ada@lovelace.org", is_email_verified=True)

    found = weighed(ada, replace(ada, external_id="8", username="countess"))

    assert found is None or not found.is_automatic


def test_an_address_of_many_accounts_is_not_automatic() -> None:
    ada = replace(ADA, email="ada@lovelace.org", is_email_verified=True)
    other = replace(FORUM, email="ada@lovelace.org", is_email_verified=True)

    few = weighed(ada, other, **{"mailbox:ada@lovelace.org": STRONG_AT_MOST})
    many = weighed(ada, other, **{"mailbox:ada@lovelace.org": 50})

    assert few is not None
    assert few.is_automatic
    assert many is None or not many.is_automatic


@pytest.mark.parametrize("address", ["info@lovelace.org", "root@localhost", "you@example.com"])
def test_addresses_that_are_nobody_s_say_nothing(address: str) -> None:
    ada = replace(ADA, email=address, is_email_verified=True)

    assert weighed(ada, replace(FORUM, email=address, is_email_verified=True)) is None


@pytest.mark.parametrize("login", ["ada-lovelace", "what-she-was-called-before"])
def test_the_id_in_a_private_address_is_automatic_whatever_the_login(login: str) -> None:
    found = weighed(ADA, replace(COMMITS, email=f"7+{login}@users.noreply.github.com"))

    assert found is not None
    assert found.is_automatic
    assert "noreply_id" in rules(found)


def test_a_bot_s_private_address_names_its_account_and_no_person() -> None:
    bot = Account("github", "49699333", "dependabot[bot]", kind="bot")
    address = "49699333+dependabot[bot]@users.noreply.github.com"
    commits = replace(COMMITS, username="dependabot", email=address)
    person = Account("discourse", "19", "dependabot")

    found = weighed(bot, commits)

    assert found is not None
    assert found.is_automatic
    assert rules(found) == ["noreply_id"]
    assert weighed(commits, person) is None
    assert weighed(bot, person) is None


def test_a_managed_user_s_private_address_names_its_account_too() -> None:
    jane = Account("github", "12345", "jane_acme")

    found = weighed(jane, replace(COMMITS, email="12345+jane_acme@users.noreply.github.com"))

    assert found is not None
    assert found.is_automatic
    assert "noreply_id" in rules(found)


@pytest.mark.parametrize(
    "address",
    [
        "8+stranger@users.noreply.github.com",
        "7+stranger@users.noreply.ghe.initech.io",
        "7+stranger@users.noreply.github.com.evil.io",
    ],
)
def test_the_id_of_another_account_or_server_says_nothing(address: str) -> None:
    assert weighed(ADA, replace(COMMITS, email=address)) is None


def test_an_enterprise_server_s_private_address_names_its_own_account() -> None:
    here = replace(ADA, provider="github:ghe.initech.io")

    found = weighed(here, replace(COMMITS, email="7+x@users.noreply.ghe.initech.io"))

    assert found is not None
    assert found.is_automatic


def test_a_private_address_with_a_login_alone_is_a_suggestion() -> None:
    found = weighed(ADA, replace(COMMITS, email="ada-lovelace@users.noreply.github.com"))

    assert found is not None
    assert not found.is_automatic
    assert "noreply_login" in rules(found)


def test_profiles_that_link_each_other_are_automatic_and_one_way_is_a_suggestion() -> None:
    here = replace(ADA, links=("forum.example.org/u/countess/",))
    there = replace(FORUM, links=("http://www.github.com/Ada-Lovelace",))

    both, one = weighed(here, there), weighed(here, FORUM)

    assert both is not None
    assert both.is_automatic
    assert one is not None
    assert not one.is_automatic
    assert rules(one) == ["linked"]


def test_a_profile_that_links_itself_links_nobody() -> None:
    here = replace(ADA, links=(ADA.url,))

    assert not any(facets & Facet.LINK for facets in traits(here).values())


@pytest.mark.parametrize("kind", ["bot", "organization", "mannequin"])
def test_who_is_no_person_is_never_one_with_somebody(kind: str) -> None:
    ada = replace(ADA, name="Ada Lovelace", email="ada@lovelace.org", is_email_verified=True)
    other = replace(ada, provider="discourse", kind=kind)

    assert weighed(ada, other) is None
    assert weighed(ada, replace(other, kind="user")) is not None


def test_the_ghost_is_nobody_but_only_on_github() -> None:
    ghost = replace(ADA, external_id="10137", username="ghost")

    assert traits(ghost) == {}
    assert traits(replace(ghost, provider="discourse")) != {}


def test_a_rare_name_is_a_suggestion_and_a_common_one_says_nothing() -> None:
    ada = replace(ADA, name="Ada Lovelace")
    other = replace(FORUM, name="Lovelace, Ada", username="x")
    alike = replace(other, username="ada_lovelace")
    common = {"name:aaacdeellov": 100, "handle:adalovelace": 100}

    assert rules(weighed(ada, other)) == ["handle", "same_name"]
    assert weighed(ada, other, **common) is None
    assert rules(weighed(ada, alike)) == ["same_username", "same_name"]
    assert weighed(ada, alike, **common) is None


def test_names_that_differ_and_one_server_speak_against() -> None:
    ada = replace(ADA, name="Ada Lovelace")
    charles = replace(FORUM, name="Charles Babbage", username="adalovelace")

    assert weighed(ada, replace(charles, name="")) is not None
    assert weighed(ada, charles) is None
    assert weighed(ada, replace(charles, name="", provider="github")) is None


def test_a_login_that_a_stranger_took_over_links_nobody() -> None:
    before = replace(ADA, username="ada-countess", name="Ada Lovelace", external_id="7")
    stranger = replace(ADA, external_id="99", name="Bob Ross")

    assert weighed(before, stranger) is None


def test_hostile_text_is_only_text() -> None:
    name = "{a.__class__} <script>alert(1)</script> %s \u202e"
    ada = replace(ADA, name=name)

    found = weighed(ada, replace(FORUM, name=name, username="ada-lovelace"))

    assert found is not None
    assert found.evidence[1].sentence == f"Both are named {name}."
