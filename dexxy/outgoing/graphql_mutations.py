"""What leaves a workspace by itself, in the API: what can be changed."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from typing import cast

import strawberry

from dexxy.accounts.graphql import in_workspace, viewer_of
from dexxy.accounts.models import ListPage
from dexxy.common.graphql import Info, key
from dexxy.messages.feed.filters import EVERYTHING
from dexxy.messages.graphql_filters import ActivityFeedFilters
from dexxy.outgoing import deliveries, endpoints, feed_addresses, privacy
from dexxy.outgoing.endpoints import Wanted
from dexxy.outgoing.graphql import Endpoint, EndpointDelivery, FeedAddress
from dexxy.outgoing.models import EndpointKind


@strawberry.input(description="How an endpoint is to be.")
class EndpointInput:
    name: str
    url: str = strawberry.field(description="Empty in a change that keeps the address.")
    events: list[str] = strawberry.field(description="As `thread.opened`.")
    late_hours: int = strawberry.field(
        default=24, description="From so many hours on somebody has waited for too long."
    )
    filters: ActivityFeedFilters | None = strawberry.field(
        default=None,
        description="Which messages it hears of; of who waits, the opening message decides.",
    )
    view_name: str = strawberry.field(default="", description="What the filter is called.")

    def wanted(self) -> Wanted:
        """Return it as the services take it."""
        return Wanted(
            name=self.name,
            url=self.url,
            events=self.events,
            late_hours=self.late_hours,
            filters=self.filters.read() if self.filters else EVERYTHING,
            view_name=self.view_name,
        )


@strawberry.type(description="The endpoint as it is now.")
class EndpointPayload:
    endpoint: Endpoint


@strawberry.type(description="The endpoint, and what signs what is sent to it.")
class EndpointKeyPayload:
    endpoint: Endpoint
    signing_key: str = strawberry.field(
        description="It begins with `whsec_`; shown this once; empty for a chat."
    )


@strawberry.type(description="What is sent.")
class EndpointDeliveryPayload:
    delivery: EndpointDelivery


@strawberry.type(description="A new feed.")
class FeedAddressCreatePayload:
    feed_address: FeedAddress
    address: str = strawberry.field(description="To be put into a reader; shown this once.")


@strawberry.type(description="The feed, whose address opens nothing any more.")
class FeedAddressRevokePayload:
    feed_address: FeedAddress


@strawberry.type(description="What the workspace keeps in now.")
class KeepsPrivateInPayload:
    keeps_private_in: bool


@strawberry.type
class OutgoingMutation:
    @strawberry.mutation(
        description="Add an endpoint, which hears of what happens from now on. For administrators,"
        " with a session."
    )
    def endpoint_create(
        self, info: Info, workspace_id: strawberry.ID, kind: EndpointKind, input: EndpointInput
    ) -> EndpointKeyPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        made, secret = endpoints.endpoint_create(
            viewer=viewer, workspace=workspace, kind=kind, wanted=input.wanted()
        )
        return EndpointKeyPayload(endpoint=cast(Endpoint, made), signing_key=secret)

    @strawberry.mutation(
        description="Change where an endpoint is and what it hears of. For administrators, with a"
        " session."
    )
    def endpoint_update(
        self, info: Info, endpoint_id: strawberry.ID, input: EndpointInput
    ) -> EndpointPayload:
        changed = endpoints.endpoint_update(
            viewer=viewer_of(info), endpoint_id=key(endpoint_id), wanted=input.wanted()
        )
        return EndpointPayload(endpoint=cast(Endpoint, changed))

    @strawberry.mutation(
        description="Let an endpoint hear nothing, or hear again, also one that was disabled. For"
        " administrators."
    )
    def endpoint_set_paused(
        self, info: Info, endpoint_id: strawberry.ID, paused: bool
    ) -> EndpointPayload:
        changed = endpoints.endpoint_set_paused(
            viewer=viewer_of(info), endpoint_id=key(endpoint_id), paused=paused
        )
        return EndpointPayload(endpoint=cast(Endpoint, changed))

    @strawberry.mutation(
        description="Exchange the key of a webhook; the one before signs, too, for a day. For"
        " administrators, with a session."
    )
    def endpoint_rotate_key(self, info: Info, endpoint_id: strawberry.ID) -> EndpointKeyPayload:
        changed, secret = endpoints.endpoint_rotate_secret(
            viewer=viewer_of(info), endpoint_id=key(endpoint_id)
        )
        return EndpointKeyPayload(endpoint=cast(Endpoint, changed), signing_key=secret)

    @strawberry.mutation(description="Send an endpoint a test. For administrators.")
    def endpoint_test(self, info: Info, endpoint_id: strawberry.ID) -> EndpointDeliveryPayload:
        sent = endpoints.endpoint_test(viewer=viewer_of(info), endpoint_id=key(endpoint_id))
        return EndpointDeliveryPayload(delivery=cast(EndpointDelivery, sent))

    @strawberry.mutation(
        description="Send something once more, under the same `webhook-id`. For administrators."
    )
    def endpoint_redeliver(
        self, info: Info, endpoint_delivery_id: strawberry.ID
    ) -> EndpointDeliveryPayload:
        sent = deliveries.endpoint_redeliver(
            viewer=viewer_of(info), delivery_id=key(endpoint_delivery_id)
        )
        return EndpointDeliveryPayload(delivery=cast(EndpointDelivery, sent))

    @strawberry.mutation(description="Delete an endpoint with its log. For administrators.")
    def endpoint_delete(self, info: Info, endpoint_id: strawberry.ID) -> EndpointPayload:
        gone = endpoints.endpoint_delete(viewer=viewer_of(info), endpoint_id=key(endpoint_id))
        return EndpointPayload(endpoint=cast(Endpoint, gone))

    @strawberry.mutation(
        description="Make the address of a feed, which whoever has it reads. For members, with a"
        " session."
    )
    def feed_address_create(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        page: ListPage = ListPage.FEED,
        view_id: strawberry.ID | None = None,
    ) -> FeedAddressCreatePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        made, address = feed_addresses.feed_address_create(
            viewer=viewer, workspace=workspace, page=page, view_id=key(view_id)
        )
        return FeedAddressCreatePayload(feed_address=cast(FeedAddress, made), address=address)

    @strawberry.mutation(
        description="Make the address of a feed useless: one's own, or as administrator anybody's."
    )
    def feed_address_revoke(
        self, info: Info, feed_address_id: strawberry.ID
    ) -> FeedAddressRevokePayload:
        gone = feed_addresses.feed_address_revoke(
            viewer=viewer_of(info), feed_address_id=key(feed_address_id)
        )
        return FeedAddressRevokePayload(feed_address=cast(FeedAddress, gone))

    @strawberry.mutation(
        description="Let nothing of private repositories leave the workspace by itself, or let it"
        " again. For administrators."
    )
    def workspace_keep_private_in(
        self, info: Info, workspace_id: strawberry.ID, keeps: bool
    ) -> KeepsPrivateInPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        keeps = privacy.workspace_keep_private_in(viewer=viewer, workspace=workspace, keeps=keeps)
        return KeepsPrivateInPayload(keeps_private_in=keeps)
