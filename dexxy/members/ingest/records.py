"""An account as a platform shows it, before it is stored."""

from dataclasses import dataclass

from dexxy.members.models import IdentityKind


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """One account; `external_id` is its numeric id on its server, as text."""

    external_id: str
    kind: IdentityKind
    username: str
    name: str = ""
    avatar_url: str = ""
    url: str = ""
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """What a person says about themselves on their account's page.

    `email` is None where the token may not see it: what is stored stays.
    """

    external_id: str
    company: str = ""
    location: str = ""
    bio: str = ""
    email: str | None = None
    links: tuple[str, ...] = ()
