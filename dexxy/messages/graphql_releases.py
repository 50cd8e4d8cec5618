"""Releases in the API."""

from datetime import datetime

import strawberry
import strawberry_django

from dexxy.members.graphql import Identity
from dexxy.messages import models
from dexxy.sources.graphql import Source


@strawberry_django.type(models.Release, description="A release of a repository; never a draft.")
class Release:
    id: strawberry.ID
    source: Source
    tag: str
    name: str
    body: str = strawberry_django.field(description="Markdown, as it was written.")
    url: str
    author: Identity | None = strawberry_django.field(
        description="Who published it; null where the account is gone."
    )
    is_prerelease: bool
    published_at: datetime
