"""An account as a platform shows it, before it is stored."""

from dataclasses import dataclass
from datetime import datetime

from dexxy.members.models import IdentityKind


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """One account.

    Args:
        external_id: its numeric id on its server, as text; where a script feeds, any text.
        version_at: when it looked so; None where the platform does not tell, and when it was seen
            counts.
    """

    external_id: str
    kind: IdentityKind
    username: str
    name: str = ""
    avatar_url: str = ""
    url: str = ""
    node_id: str = ""
    version_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProfileRecord:
    """What a person says about themselves on their account's page.

    Args:
        email: None where the token may not see it: what is stored stays.
        is_email_verified: whether the platform, or whoever tells it, knows that it is theirs.
    """

    external_id: str
    company: str = ""
    location: str = ""
    bio: str = ""
    email: str | None = None
    links: tuple[str, ...] = ()
    is_email_verified: bool = True
