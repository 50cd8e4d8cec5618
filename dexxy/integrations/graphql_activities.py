"""Activities of other platforms, sent by a script, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info
from dexxy.common.graphql_cost import cost
from dexxy.integrations.services.contributors.activities import activities_ingest_sent


@strawberry.input(description="What a script tells of a platform that Dexxy does not read.")
class ActivitiesIngestInput:
    workspace_id: strawberry.ID
    lines: str = strawberry.field(
        description="Sources, people, threads and messages as JSON Lines: an object a line, up to"
        " 1,000 lines and 1,000,000 bytes."
    )
    is_rehearsal: bool = strawberry.field(
        default=False, description="Say what is wrong, and store nothing."
    )


@strawberry.type(description="What was taken in.")
class ActivitiesIngestPayload:
    sources: int = strawberry.field(description="How many lines tell of sources.")
    people: int = strawberry.field(description="How many lines tell of people.")
    threads: int = strawberry.field(description="How many lines tell of threads.")
    messages: int = strawberry.field(description="How many lines tell of messages.")
    new_threads: int
    new_messages: int = strawberry.field(description="Without the openings of threads.")
    is_stored: bool


@strawberry.type
class ActivitiesMutation:
    @strawberry.mutation(
        description="Take in what a script tells of a platform of your own. All of it, or nothing"
        " if anything is wrong: then `extensions.problems` of the error has the line, the field and"
        " the problem of each. To send the same again changes nothing. For administrators.",
        metadata=cost(objects=2000),
    )
    def activities_ingest(
        self, info: Info, input: ActivitiesIngestInput
    ) -> ActivitiesIngestPayload:
        actor, workspace = in_workspace(info, input.workspace_id)
        report = activities_ingest_sent(
            actor=actor, workspace=workspace, lines=input.lines, is_rehearsal=input.is_rehearsal
        )
        return ActivitiesIngestPayload(
            sources=report.lines["source"],
            people=report.lines["person"],
            threads=report.lines["thread"],
            messages=report.lines["message"],
            new_threads=report.stored.new_threads,
            new_messages=report.stored.new_messages,
            is_stored=report.is_stored,
        )
