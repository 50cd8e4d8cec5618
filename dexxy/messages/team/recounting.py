"""A change of the team changes who waits: it is told anew of every thread."""

from dexxy.messages.models import Recount


def recount_begin(workspace_id: int) -> None:
    """Let all threads of a workspace be looked at again, by the job: the open ones first."""
    begin = {"is_of_queue": True, "done_to": 0}
    Recount.objects.update_or_create(workspace_id=workspace_id, defaults=begin)
