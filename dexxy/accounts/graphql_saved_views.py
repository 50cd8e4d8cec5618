"""Views that people keep, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from typing import cast

import strawberry
import strawberry_django

from dexxy.accounts import models, saved_views
from dexxy.accounts.graphql import User, in_workspace, viewer_of
from dexxy.accounts.models import ListPage, ThreadColumn
from dexxy.accounts.thread_columns import columns_of_view
from dexxy.common.graphql import Info, key
from dexxy.common.graphql_cost import cost

strawberry.enum(ListPage, description="A page whose filters and order can be kept as a view.")


@strawberry_django.type(
    models.SavedView, description="A filter and order of a page, kept with a name."
)
class SavedView:
    id: strawberry.ID
    page: ListPage
    name: str
    query: str = strawberry_django.field(
        description="That of the page's address, as `q=is%3Aopen&sort=opened`."
    )
    is_shared: bool = strawberry_django.field(
        description="Whether everybody in the workspace has it; else it is the viewer's alone."
    )
    is_pinned: bool = strawberry_django.field(description="Whether it stands beside every page.")

    @strawberry_django.field(
        description="What a view of threads shows beside the title, as `columns` in its query says;"
        " null where that is up to each reader.",
        only=["query", "page"],
    )
    def columns(self) -> list[ThreadColumn] | None:
        return columns_of_view(cast(models.SavedView, self))

    made_by: User | None = strawberry_django.field(description="Null where they are gone.")


@strawberry.input(description="A view to keep.")
class SavedViewSaveInput:
    workspace_id: strawberry.ID
    page: ListPage
    name: str
    query: str
    is_shared: bool = False
    is_pinned: bool = False
    view_id: strawberry.ID | None = strawberry.field(
        default=None, description="The view to change; a new one where it is left out."
    )


@strawberry.type(description="The view as it is kept now.")
class SavedViewSavePayload:
    view: SavedView


@strawberry.type(description="The view that was.")
class SavedViewDeletePayload:
    view: SavedView


@strawberry.type
class SavedViewsQuery:
    @strawberry.field(
        description="The viewer's own views and those of the whole workspace, the oldest first.",
        metadata=cost(items=2 * saved_views.MOST_VIEWS),
    )
    def saved_views(
        self, info: Info, workspace_id: strawberry.ID, page: ListPage | None = None
    ) -> list[SavedView]:
        viewer, workspace = in_workspace(info, workspace_id)
        return cast("list[SavedView]", saved_views.saved_views(viewer, workspace, page))


@strawberry.type
class SavedViewsMutation:
    @strawberry.mutation(
        description="Keep a view, or change one. One that is shared is changed by who made it,"
        " and by administrators."
    )
    def saved_view_save(self, info: Info, input: SavedViewSaveInput) -> SavedViewSavePayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        view = saved_views.saved_view_save(
            viewer=viewer,
            workspace=workspace,
            page=input.page,
            name=input.name,
            query=input.query,
            is_shared=input.is_shared,
            is_pinned=input.is_pinned,
            view_id=key(input.view_id),
        )
        return SavedViewSavePayload(view=cast(SavedView, view))

    @strawberry.mutation(description="Delete a view. What it lists stays.")
    def saved_view_delete(self, info: Info, view_id: strawberry.ID) -> SavedViewDeletePayload:
        view = saved_views.saved_view_delete(viewer=viewer_of(info), view_id=key(view_id))
        return SavedViewDeletePayload(view=cast(SavedView, view))
