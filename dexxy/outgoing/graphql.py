"""What leaves a workspace by itself, in the API: what can be asked."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import json
from datetime import datetime
from functools import partial
from typing import cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import User, in_workspace
from dexxy.accounts.graphql_saved_views import SavedView
from dexxy.accounts.models import ListPage
from dexxy.common.graphql import Connection, Info, connection
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE
from dexxy.outgoing import deliveries, endpoints, feed_addresses, models, privacy
from dexxy.outgoing.models import DeliveryState, EndpointKind

strawberry.enum(EndpointKind, description="What is behind an endpoint.")
strawberry.enum(
    DeliveryState,
    name="EndpointDeliveryState",
    description="Whether something was taken; FAILED was tried to the end.",
)


@strawberry_django.type(models.Endpoint, description="An address that hears what happens.")
class Endpoint:
    id: strawberry.ID
    kind: EndpointKind
    name: str
    events: list[str] = strawberry_django.field(
        description="As `thread.opened`: see the reference of outgoing webhooks."
    )
    late_hours: int = strawberry_django.field(
        description="From so many hours on somebody has waited for too long."
    )
    view_name: str = strawberry_django.field(
        description="What the filter of its messages is called; empty where it has none or no name."
    )
    is_paused: bool
    failing_since: datetime | None
    succeeded_at: datetime | None
    disabled_at: datetime | None = strawberry_django.field(
        description="When it was disabled because it took nothing for long."
    )
    disabled_because: str
    previous_until: datetime | None = strawberry_django.field(
        description="Until when what is sent is signed with the key before, too."
    )
    created_at: datetime

    @strawberry_django.field(
        description="Its address, without what opens something.", only=["url", "kind"]
    )
    def address(self) -> str:
        return cast(models.Endpoint, self).shown_address

    @strawberry_django.field(
        description="Whether it hears only what a filter keeps.", only=["filters"]
    )
    def is_filtered(self) -> bool:
        return bool(cast(models.Endpoint, self).filters)


@strawberry_django.type(
    models.Delivery, description="One event for one endpoint, and how it was sent last."
)
class EndpointDelivery:
    id: strawberry.ID
    webhook_id: str
    event: str
    state: DeliveryState
    attempts: int
    status: int | None = strawberry_django.field(
        description="Of the last answer; null where there was none."
    )
    answer: str = strawberry_django.field(description="The start of the last answer.")
    error: str
    milliseconds: int | None
    created_at: datetime
    next_attempt_at: datetime
    ended_at: datetime | None
    endpoint: Endpoint

    @strawberry_django.field(
        description="What is sent, as JSON; `{}` where it named somebody who was erased.",
        only=["payload"],
    )
    def payload(self) -> str:
        return json.dumps(cast(models.Delivery, self).payload)


@strawberry_django.type(
    models.FeedAddress,
    description="An address that its owner alone knows, at which a feed reader reads a page.",
)
class FeedAddress:
    id: strawberry.ID
    page: ListPage
    view: SavedView | None = strawberry_django.field(description="Null for all of the page.")
    created_at: datetime
    last_used_at: datetime | None = strawberry_django.field(description="To the minute.")

    @strawberry_django.field(
        description="Whose it is: it shows what they see.", select_related=["membership__user"]
    )
    def user(self) -> User:
        return cast(User, cast(models.FeedAddress, self).membership.user)


@strawberry.type
class OutgoingQuery:
    @strawberry.field(
        description="The endpoints of the workspace, the oldest first. For administrators.",
        metadata=cost(items=endpoints.MOST_ENDPOINTS),
    )
    def endpoints(self, info: Info, workspace_id: strawberry.ID) -> list[Endpoint]:
        viewer, workspace = in_workspace(info, workspace_id)
        return cast("list[Endpoint]", endpoints.endpoints(viewer, workspace))

    @strawberry.field(
        description="What was sent to endpoints, the newest first. For administrators."
    )
    def endpoint_deliveries(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[EndpointDelivery]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = deliveries.endpoint_deliveries(viewer, workspace, first, after)
        total = partial(deliveries.endpoint_delivery_total, viewer, workspace)
        return connection(page, after, total)

    @strawberry.field(
        description="The viewer's feeds; for administrators, everybody's. The newest first.",
        metadata=cost(items=feed_addresses.MOST_ADDRESSES),
    )
    def feed_addresses(self, info: Info, workspace_id: strawberry.ID) -> list[FeedAddress]:
        viewer, workspace = in_workspace(info, workspace_id)
        return cast("list[FeedAddress]", feed_addresses.feed_addresses(viewer, workspace))

    @strawberry.field(
        description="Whether nothing of private repositories leaves the workspace by itself."
    )
    def workspace_keeps_private_in(self, info: Info, workspace_id: strawberry.ID) -> bool:
        viewer, workspace = in_workspace(info, workspace_id)
        return privacy.keeps_private_in(viewer, workspace)
