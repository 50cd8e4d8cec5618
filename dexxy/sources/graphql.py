"""Sources in the API."""

from datetime import datetime

import strawberry
import strawberry_django

from dexxy.sources import models
from dexxy.sources.models import SourceKind

strawberry.enum(SourceKind, description="What kind of source it is.")


@strawberry_django.type(
    models.Source, description="Where messages come from: a repository on one server."
)
class Source:
    id: strawberry.ID
    kind: SourceKind
    server: str
    name: str
    url: str
    last_activity_at: datetime | None
