"""People and their accounts in the API."""

from datetime import datetime

import strawberry
import strawberry_django

from dexxy.members import models
from dexxy.members.models import IdentityKind

strawberry.enum(IdentityKind, description="Who is behind an account.")


@strawberry_django.type(models.Member, description="A person, whatever accounts they use.")
class Member:
    id: strawberry.ID
    display_name: str
    avatar_url: str
    bio: str
    company: str
    location: str
    is_bot: bool
    first_seen_at: datetime | None
    last_seen_at: datetime | None


@strawberry_django.type(models.Identity, description="One account of a person on one server.")
class Identity:
    id: strawberry.ID
    provider: str
    external_id: str
    kind: IdentityKind
    username: str
    name: str
    avatar_url: str
    url: str
    member: Member
