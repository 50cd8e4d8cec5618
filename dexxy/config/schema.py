"""The API: what the apps offer, merged."""

from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from dexxy.accounts.graphql import AccountsQuery
from dexxy.common.graphql import BIG_INT, EXTENSIONS, ApiSchema, BigInt
from dexxy.integrations.graphql import IntegrationsMutation, IntegrationsQuery
from dexxy.messages.graphql import MessagesQuery

Query = merge_types("Query", (AccountsQuery, MessagesQuery, IntegrationsQuery))
Mutation = merge_types("Mutation", (IntegrationsMutation,))

schema = ApiSchema(
    query=Query,
    mutation=Mutation,
    extensions=EXTENSIONS,
    config=StrawberryConfig(scalar_map={BigInt: BIG_INT}),
)
