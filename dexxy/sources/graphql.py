"""Sources in the API."""

# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import date, datetime
from typing import cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info, key
from dexxy.common.graphql_cost import cost
from dexxy.common.times import aware
from dexxy.sources import growth, models
from dexxy.sources.models import SourceKind

strawberry.enum(SourceKind, description="What kind of source it is.")


@strawberry_django.type(
    models.Source,
    description="Where messages come from: a repository on one server, or what a script feeds.",
)
class Source:
    id: strawberry.ID
    kind: SourceKind
    server: str
    name: str
    url: str
    last_activity_at: datetime | None
    fed_at: datetime | None = strawberry_django.field(
        description="When a script last fed it; null for what Dexxy reads by itself."
    )


@strawberry_django.type(
    models.DailyCounts,
    description="The stars and forks of a source, as last seen on one day of UTC.",
)
class GrowthDay:
    date: date
    stars: int
    forks: int
    taken_at: datetime = strawberry_django.field(
        description="When that was so, by the server's clock."
    )


@strawberry.type
class SourcesQuery:
    @strawberry.field(
        description="The stars and forks of a source on the days (UTC) that begin from `since` on"
        " and before `until`, of up to a year, the oldest first. A day on which nobody looked is"
        " missing.",
        metadata=cost(items=growth.LONGEST.days + 1),
    )
    def growth(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        source_id: strawberry.ID,
        since: datetime,
        until: datetime,
    ) -> list[GrowthDay]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = growth.growth(
            viewer, workspace, key(source_id), since=aware(since), until=aware(until)
        )
        return cast(list[GrowthDay], found)
