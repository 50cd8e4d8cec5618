"""Workspaces in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import strawberry
import strawberry_django

from dexxy.accounts import models, selectors
from dexxy.accounts.selectors import Viewer
from dexxy.common.graphql import Info


def viewer_of(info: Info) -> Viewer:
    """Return who asks; the selectors refuse the anonymous."""
    return info.context.request.user


@strawberry_django.type(models.Workspace, description="A tenant: one team and what it may see.")
class Workspace:
    id: strawberry.ID
    name: str
    slug: str


@strawberry.type
class AccountsQuery:
    @strawberry.field(description="The workspaces of the viewer.")
    def workspaces(self, info: Info) -> list[Workspace]:
        return list(selectors.workspaces(viewer_of(info)))  # type: ignore[arg-type]
