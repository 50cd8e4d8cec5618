"""The page of what a worker does with many people: how far it is, and what came of it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRefresh

from dexxy.accounts.models import Workspace
from dexxy.integrations.services.contributors.uploads import MOST_PROBLEMS, UploadOutcome
from dexxy.people.bulk_tasks import bulk_task_for
from dexxy.people.models import BulkKind, BulkState, BulkTask
from dexxy.web.pages import PageRequest, wants_part, workspace_page


@workspace_page
def people_task(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show what a worker does for somebody; a page that follows it is shown anew at its end."""
    task = bulk_task_for(request.user, workspace, pk)
    context: dict[str, Any] = {"workspace": workspace, "section": "people", "task": task}
    if wants_part(request, "task"):
        if not task.is_unfinished:
            return HttpResponseClientRefresh()
        return render(request, "web/people/task_state.html", context)
    context |= {"title": _title(task)}
    if task.state != BulkState.DONE:
        return render(request, "web/people/task.html", context)
    if task.kind == BulkKind.TAG:
        return render(request, "web/people/task.html", {**context, "done": _tagged(task)})
    found = UploadOutcome.read(task.outcome)
    context |= {"found": found, "key": task.arguments["key"], "most": MOST_PROBLEMS}
    if task.kind == BulkKind.REHEARSAL or not found.is_stored:
        return render(request, "web/people/import_preview.html", context)
    return render(request, "web/people/task.html", {**context, "done": imported(found)})


def imported(done: UploadOutcome) -> str:
    """Say what came of an import."""
    number = done.counts["added"]
    added = ngettext("%(n)d person is added", "%(n)d people are added", number) % {"n": number}
    known = _("%(n)d were known") % {"n": done.counts["known"]}
    joined = ngettext("%(n)d account is joined", "%(n)d accounts are joined", done.joined)
    return f"{added}, {known}, {joined % {'n': done.joined}}."


def tagged(number: int, tag: str) -> str:
    """Say how many people have a tag now."""
    done = ngettext(
        "%(n)d person has the tag “%(tag)s” now.",
        "%(n)d people have the tag “%(tag)s” now.",
        number,
    )
    return done % {"n": number, "tag": tag}


def untagged(number: int, tag: str) -> str:
    """Say from how many people a tag was taken."""
    done = ngettext(
        "The tag “%(tag)s” is taken from %(n)d person.",
        "The tag “%(tag)s” is taken from %(n)d people.",
        number,
    )
    return done % {"n": number, "tag": tag}


def _tagged(task: BulkTask) -> str:
    number, added = task.outcome["members"], task.arguments["add"]
    say = tagged if added else untagged
    return say(number, ", ".join(added or task.arguments["remove"]))


def _title(task: BulkTask) -> str:
    titles = {
        BulkKind.TAG: _("Tag people"),
        BulkKind.REHEARSAL: _("Look through the file"),
        BulkKind.IMPORT: _("Import people"),
    }
    return titles[BulkKind(task.kind)]
