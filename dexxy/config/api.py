"""The API as a view. It brings the schema, whose libraries only web processes want in memory."""

from dexxy.accounts.views import api_caller, caller_of
from dexxy.common.graphql_view import ApiView
from dexxy.config.schema import schema

graphql_api = api_caller(
    ApiView.as_view(
        schema=schema,
        caller_of=caller_of,
    )
)
