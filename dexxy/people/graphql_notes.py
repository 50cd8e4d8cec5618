"""The notes of the team about people, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info, key
from dexxy.members import notes
from dexxy.members.graphql import MemberNote


@strawberry.type(description="The note as it is now.")
class MemberNotePayload:
    note: MemberNote


@strawberry.type(description="The note is gone.")
class MemberNoteDeletePayload:
    note_id: strawberry.ID


@strawberry.type
class NotesMutation:
    @strawberry.mutation(
        description="Write a note about a member, or one of those that it is made of. For members."
    )
    def member_note_add(
        self, info: Info, workspace_id: strawberry.ID, member_id: strawberry.ID, text: str
    ) -> MemberNotePayload:
        actor, workspace = in_workspace(info, workspace_id)
        note = notes.note_add(actor=actor, workspace=workspace, member_id=key(member_id), text=text)
        return MemberNotePayload(note=MemberNote.of(note))

    @strawberry.mutation(
        description="Change a note, whoever wrote it; that is told with it. For members."
    )
    def member_note_edit(
        self, info: Info, workspace_id: strawberry.ID, note_id: strawberry.ID, text: str
    ) -> MemberNotePayload:
        actor, workspace = in_workspace(info, workspace_id)
        note = notes.note_edit(actor=actor, workspace=workspace, note_id=key(note_id), text=text)
        return MemberNotePayload(note=MemberNote.of(note))

    @strawberry.mutation(description="Delete a note, whoever wrote it. For members.")
    def member_note_delete(
        self, info: Info, workspace_id: strawberry.ID, note_id: strawberry.ID
    ) -> MemberNoteDeletePayload:
        actor, workspace = in_workspace(info, workspace_id)
        notes.note_delete(actor=actor, workspace=workspace, note_id=key(note_id))
        return MemberNoteDeletePayload(note_id=note_id)
