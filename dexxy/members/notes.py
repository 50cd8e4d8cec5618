"""What the team writes about members: who wrote each note, and when."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.members.models import Member, MemberNote
from dexxy.members.who_may_see import MemberNotFoundError, require_people

LONGEST_NOTE = 20_000
# Of one home member.
MOST_NOTES = 200


class NoteError(BadInputError):
    """A note that cannot be stored."""


class NoteNotFoundError(NotFoundError):
    """There is no such note in the workspace."""


def notes_of(home_ids: Collection[int]) -> list[MemberNote]:
    """Return the notes of home members, from a selector that asked for the viewer, newest first."""
    found = MemberNote.objects.filter(member__in=home_ids).select_related("author", "edited_by")
    return list(found.order_by("-written_at", "-pk"))


@transaction.atomic
def note_add(*, actor: User, workspace: Workspace, member_id: int, text: str) -> MemberNote:
    """Write a note about a member; sent twice in a row, it is written once.

    Args:
        member_id: the member, or one of those that it is made of, whose note it becomes.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MemberNotFoundError: it is not a member of WORKSPACE.
        NoteError: it is empty or too long, or there are too many.
    """
    require_people(actor, workspace)
    home, text = _locked_home(workspace, member_id), _clean(text)
    newest = home.notes.order_by("-written_at", "-pk").first()
    if newest and (newest.author_id, newest.text) == (actor.pk, text):
        return newest
    if home.notes.count() >= MOST_NOTES:
        raise NoteError(
            _("There are {number} notes already: change one of them.").format(number=MOST_NOTES)
        )
    note = home.notes.create(workspace=workspace, author=actor, text=text)
    audit(workspace, actor, "member.noted", home, note=note.pk)
    return note


@transaction.atomic
def note_edit(*, actor: User, workspace: Workspace, note_id: int, text: str) -> MemberNote:
    """Change what a note says; whoever wrote it is still named, and who changed it, too.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        NoteNotFoundError: WORKSPACE has no such note.
        NoteError: it is empty or too long.
    """
    require_people(actor, workspace)
    note, text = _locked_note(workspace, note_id), _clean(text)
    if text != note.text:
        note.text, note.edited_by, note.edited_at = text, actor, timezone.now()
        note.save(update_fields=["text", "edited_by", "edited_at", "updated_at"])
        audit(workspace, actor, "member.note_edited", note.member, note=note.pk)
    return note


@transaction.atomic
def note_delete(*, actor: User, workspace: Workspace, note_id: int) -> Member:
    """Delete a note for good.

    Returns: the home member whose note it was.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        NoteNotFoundError: WORKSPACE has no such note.
    """
    require_people(actor, workspace)
    note = _locked_note(workspace, note_id)
    audit(workspace, actor, "member.note_deleted", note.member, note=note.pk)
    note.delete()
    return note.member


def _locked_home(workspace: Workspace, member_id: int) -> Member:
    # An erasure locks the member, too, and then deletes what was written.
    homes = workspace.members.filter(pk=member_id, erased_at=None, home_identity__isnull=False)
    home = homes.select_for_update(no_key=True, of=("self",)).first()
    if home is None:
        raise MemberNotFoundError(_("There is no such member."))
    return home


def _locked_note(workspace: Workspace, note_id: int) -> MemberNote:
    notes = MemberNote.objects.filter(workspace=workspace, pk=note_id, member__erased_at=None)
    note = notes.select_related("member").select_for_update(of=("self",)).first()
    if note is None:
        raise NoteNotFoundError(_("There is no such note."))
    return note


def _clean(text: str) -> str:
    text = text.strip()
    if not text:
        raise NoteError(_("Write something first."))
    if len(text) > LONGEST_NOTE:
        raise NoteError(
            _("The note is longer than {longest} characters.").format(longest=f"{LONGEST_NOTE:,}")
        )
    if "\0" in text:
        raise NoteError(_("The note holds a null byte."))
    return text
