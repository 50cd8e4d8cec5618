"""What a worker does with many people, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from typing import Self

import strawberry
from django.conf import settings
from django.urls import reverse

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info, key
from dexxy.common.graphql_cost import cost
from dexxy.members.directory import EVERYBODY
from dexxy.members.graphql import MemberFilterInput
from dexxy.members.segments import Segment
from dexxy.people import bulk_tasks, models
from dexxy.people.directory import Listed
from dexxy.people.export_keeping import export_request
from dexxy.people.export_selection import Selection as Exported
from dexxy.people.models import BulkKind, BulkState, Export, Format
from dexxy.people.selecting import Selection, people_tag_later, selected_ids

strawberry.enum(BulkKind, description="What a worker does with many people.")
strawberry.enum(BulkState, description="How far a worker is.")


@strawberry.type(description="What a worker does with many people; it is told of for a day.")
class BulkTask:
    id: strawberry.ID
    kind: BulkKind
    state: BulkState
    steps_done: int
    steps_expected: int = strawberry.field(description="About how many steps there are in all.")
    members: int | None = strawberry.field(
        description="How many have other tags now, or were imported or known; null until it is"
        " done."
    )
    problem: str = strawberry.field(description='Why it could not be done; "" otherwise.')

    @classmethod
    def of(cls, task: models.BulkTask) -> Self:
        """Show a task."""
        return cls(
            id=strawberry.ID(str(task.pk)),
            kind=BulkKind(task.kind),
            state=BulkState(task.state),
            steps_done=task.steps_done,
            steps_expected=task.steps_expected,
            members=task.members,
            problem=task.problem,
        )


@strawberry.type
class BulkQuery:
    @strawberry.field(description="What a worker does, or did.")
    def bulk_task(
        self, info: Info, workspace_id: strawberry.ID, task_id: strawberry.ID
    ) -> BulkTask:
        viewer, workspace = in_workspace(info, workspace_id)
        return BulkTask.of(bulk_tasks.bulk_task_for(viewer, workspace, key(task_id)))


@strawberry.type(description="What a worker does from now on.")
class MemberTagAllPayload:
    task: BulkTask


@strawberry.type(description="A file that a worker makes from now on.")
class MemberExportPayload:
    members: int = strawberry.field(description="How many there are in it.")
    address: str = strawberry.field(
        description="Where the file is, for whoever asked for it, for a day; until it is made the"
        " answer is 202."
    )


@strawberry.type
class BulkMutation:
    @strawberry.mutation(
        description="Let a worker write some members to a file, as CSV or else as JSON Lines: those"
        " who are named, or all that `members` would list where nobody is. For members.",
        metadata=cost(objects=2000),
    )
    def member_export(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        member_ids: list[strawberry.ID] | None = None,
        filters: MemberFilterInput | None = None,
        segment: Segment | None = None,
        is_csv: bool = True,
    ) -> MemberExportPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        listed = Listed(segment=segment, filters=filters.read() if filters else EVERYBODY)
        named = Selection(member_ids=[key(one) for one in member_ids or ()])
        ids = selected_ids(
            viewer, workspace, Selection(listed=listed) if member_ids is None else named
        )
        export = export_request(
            viewer=viewer,
            workspace=workspace,
            what=Export.MEMBERS,
            form=Format.CSV if is_csv else Format.JSON_LINES,
            selection=Exported(member_ids=ids),
        )
        at = reverse("export_file", args=[workspace.pk, export.pk])
        return MemberExportPayload(members=len(ids), address=f"{settings.DEXXY_BASE_URL}{at}")

    @strawberry.mutation(
        description="Let a worker give tags to all members that `members` would list, or take tags"
        " from them. For members.",
        metadata=cost(objects=100),
    )
    def member_tag_all(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        add: list[str],
        remove: list[str] | None = None,
        filters: MemberFilterInput | None = None,
        segment: Segment | None = None,
    ) -> MemberTagAllPayload:
        actor, workspace = in_workspace(info, workspace_id)
        listed = Listed(segment=segment, filters=filters.read() if filters else EVERYBODY)
        task = people_tag_later(
            actor=actor,
            workspace=workspace,
            member_ids=selected_ids(actor, workspace, Selection(listed=listed)),
            add=add,
            remove=remove or (),
        )
        return MemberTagAllPayload(task=BulkTask.of(task))
