"""The API: what the apps offer, merged."""

from django.utils import timezone
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from dexxy.accounts.graphql import AccountsQuery
from dexxy.accounts.graphql_mutations import AccountsMutation
from dexxy.accounts.graphql_saved_views import SavedViewsMutation, SavedViewsQuery
from dexxy.common.graphql import BIG_INT, BigInt
from dexxy.common.graphql_view import EXTENSIONS, ApiSchema
from dexxy.integrations.graphql import IntegrationsMutation, IntegrationsQuery
from dexxy.integrations.graphql_activities import ActivitiesMutation
from dexxy.integrations.graphql_figures import FiguresQuery
from dexxy.integrations.graphql_people import (
    ErasureMutation,
    ImportMutation,
    SignInRulesMutation,
    SignInRulesQuery,
)
from dexxy.mail.graphql import MailMutation, MailQuery
from dexxy.members.graphql import MembersQuery, team_is_told_by
from dexxy.messages.graphql import MessagesQuery
from dexxy.messages.graphql_waiting import WaitingMutation, WaitingQuery
from dexxy.outgoing.graphql import OutgoingQuery
from dexxy.outgoing.graphql_mutations import OutgoingMutation
from dexxy.people.directory import team_now
from dexxy.people.graphql import PeopleMutation, PeopleQuery
from dexxy.people.graphql_bulk import BulkMutation, BulkQuery
from dexxy.people.graphql_directory import DirectoryMutation, DirectoryQuery
from dexxy.people.graphql_notes import NotesMutation
from dexxy.people.graphql_organizations import OrganizationsMutation, OrganizationsQuery
from dexxy.sources.graphql import SourcesQuery

Query = merge_types(
    "Query",
    (
        AccountsQuery,
        SavedViewsQuery,
        SignInRulesQuery,
        MembersQuery,
        PeopleQuery,
        DirectoryQuery,
        BulkQuery,
        OrganizationsQuery,
        SourcesQuery,
        MessagesQuery,
        WaitingQuery,
        FiguresQuery,
        OutgoingQuery,
        MailQuery,
        IntegrationsQuery,
    ),
)
Mutation = merge_types(
    "Mutation",
    (
        AccountsMutation,
        SavedViewsMutation,
        PeopleMutation,
        DirectoryMutation,
        BulkMutation,
        NotesMutation,
        OrganizationsMutation,
        ErasureMutation,
        ImportMutation,
        SignInRulesMutation,
        WaitingMutation,
        MailMutation,
        ActivitiesMutation,
        OutgoingMutation,
        IntegrationsMutation,
    ),
)

team_is_told_by(lambda workspace_id: team_now(workspace_id, timezone.now()))

schema = ApiSchema(
    query=Query,
    mutation=Mutation,
    extensions=EXTENSIONS,
    config=StrawberryConfig(scalar_map={BigInt: BIG_INT}),
)
