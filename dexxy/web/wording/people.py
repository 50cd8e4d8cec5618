"""Accounts and what is known of people, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Of a member; the picture is seen, not read.
FIELD_LABELS = {
    "display_name": gettext_lazy("Name"),
    "bio": gettext_lazy("About"),
    "company": gettext_lazy("Company"),
    "location": gettext_lazy("Location"),
}


def platform(provider: str) -> str:
    """Name the platform of an account, and its server where that is not the usual one."""
    name, _colon, server = provider.partition(":")
    name = "GitHub" if name == "github" else name
    return _("{name} at {server}").format(name=name, server=server) if server else name
