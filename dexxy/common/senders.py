"""Who sends a request, for what is counted of those who are not signed in."""

from ipaddress import IPv6Address, IPv6Network, ip_address

# Whoever has one address of IPv6 has all of these: providers give no less to a line.
_PREFIX = 64


def sender_counted(address: str) -> str:
    """Return what requests from ADDRESS are counted by: itself, or its network of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:  # a socket has none
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, _PREFIX), strict=False))
    return str(found)
