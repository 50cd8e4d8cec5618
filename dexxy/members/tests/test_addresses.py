"""Which mailbox an address reaches, and whether it is one person's."""

import pytest

from dexxy.members.addresses import mailbox, web_address


@pytest.mark.parametrize(
    "text", ["ada@example-mail.org", " Ada@Example-Mail.ORG ", "ada+github@example-mail.org"]
)
def test_spellings_of_an_address_reach_one_mailbox(text: str) -> None:
    assert str(mailbox(text)) == "ada@example-mail.org"


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "ada@", "@b.org", "ada at b.org", "a b@c.org", "root@localhost", "a@b@c.org"),
        *("a" * 65 + "@b.org", "a@" + "b." * 130 + "org", "\x00@b.org\n@", "a" * 10_000_000),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_address_reaches_none(text: str) -> None:
    assert mailbox(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "info@initech.io",
        "support+eu@initech.io",
        "pi@raspberry.local",
        "you@example.com",
        "7+ada@users.noreply.github.com",
        "ada@noreply.gitlab.com",
        "ubuntu@ip-10-0-0-1.ec2.internal",
    ],
)
def test_role_machine_and_private_addresses_are_nobody_s(text: str) -> None:
    found = mailbox(text)

    assert found is not None
    assert not found.is_personal


@pytest.mark.parametrize(
    "text", ["https://ada.dev", "http://www.ada.dev/", "ada.dev", "HTTPS://ADA.dev:443/"]
)
def test_spellings_of_a_web_address_are_one(text: str) -> None:
    assert web_address(text) == "ada.dev"


@pytest.mark.parametrize("text", ["", "ada", "mailto:ada@b.org", "http://[", "javascript:a.b"])
def test_what_is_no_web_address_is_none(text: str) -> None:
    assert web_address(text) == ""
