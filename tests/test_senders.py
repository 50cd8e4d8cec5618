"""What is counted of those who are not signed in is counted by who sends it."""

import pytest
from allauth.core.internal.ratelimit import get_ip
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from dexxy.accounts.sessions import sender_counted
from dexxy.accounts.views import caller_of


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_sender_is_an_address_or_a_network_of_ipv6(address: str, counted: str) -> None:
    assert sender_counted(address) == counted


def test_one_line_with_many_addresses_has_one_budget_of_the_api(rf: RequestFactory) -> None:
    def caller(address: str) -> str:
        request = rf.get("/graphql/", REMOTE_ADDR=address)
        request.user = AnonymousUser()
        return str(caller_of(request).key)

    assert caller("2001:db8:1:2::7") == caller("2001:db8:1:2:ffff::")
    assert caller("2001:db8:1:3::7") != caller("2001:db8:1:2::7")


@pytest.mark.parametrize(
    ("one", "other", "is_one_sender"),
    [
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("2001:db8:1:2::7", "2001:db8:1:2::8", True),
    ],
)
def test_the_limits_of_signing_in_count_by_sender(
    rf: RequestFactory, one: str, other: str, is_one_sender: bool
) -> None:
    """A socket for both kinds of addresses tells those of IPv4 in those of IPv6."""
    first, second = (get_ip(rf.get("/", REMOTE_ADDR=address)) for address in (one, other))

    assert (first == second) == is_one_sender
