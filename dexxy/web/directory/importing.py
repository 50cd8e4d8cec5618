"""Import people from a file: choose it, see what would happen, do it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.integrations.services.contributors.uploads import (
    LARGEST_FILE,
    MOST_PROBLEMS,
    UploadError,
    UploadOutcome,
    upload_do,
    upload_keep,
)
from dexxy.people.models import BulkTask
from dexxy.web.directory.bulk_task import imported
from dexxy.web.pages import PageRequest, attempt, workspace_form


@workspace_form
def people_import(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Take a file, show what importing it would do, and import it."""
    require_admin(request.user, workspace)
    if request.method == "POST":
        return _sent(request, workspace)
    key = request.GET.get("file", "")
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "people",
        "largest": LARGEST_FILE // 1_000_000,
        "most": MOST_PROBLEMS,
    }
    if key:
        found = _do(request, workspace, key, is_rehearsal=True, skips_bad_rows=True)
        if isinstance(found, HttpResponse):
            return found
        return render(
            request, "web/people/import_preview.html", {**context, "key": key, "found": found}
        )
    return render(request, "web/people/import.html", context)


def _sent(request: PageRequest, workspace: Workspace) -> HttpResponse:
    at = reverse("people_import", args=[workspace.slug])
    key = request.POST.get("file", "")
    if not key:
        kept = attempt(request, lambda: _keep(request, workspace))
        return redirect(f"{at}?file={kept}" if kept else at)
    skips = request.POST.get("skip") == "yes"
    done = _do(request, workspace, key, is_rehearsal=False, skips_bad_rows=skips)
    if isinstance(done, HttpResponse):
        return done
    if not done.is_stored:
        messages.error(request, gettext("Some rows cannot be imported, so none was."))
        return redirect(f"{at}?file={key}")
    messages.success(request, imported(done))
    return redirect("people", workspace.slug)


def _keep(request: PageRequest, workspace: Workspace) -> str:
    uploaded = request.FILES.get("csv")
    if uploaded is None:
        raise UploadError(gettext("Choose a file first."))
    content = uploaded.read(LARGEST_FILE + 1)
    return upload_keep(actor=request.user, workspace=workspace, content=content)


def _do(
    request: PageRequest,
    workspace: Workspace,
    key: str,
    *,
    is_rehearsal: bool,
    skips_bad_rows: bool,
) -> UploadOutcome | HttpResponse:
    """Return what became of a file, or lead to the page that follows a worker, or says why not."""
    done = attempt(
        request,
        lambda: upload_do(
            actor=request.user,
            workspace=workspace,
            key=key,
            is_rehearsal=is_rehearsal,
            skips_bad_rows=skips_bad_rows,
        ),
    )
    if done is None:
        return redirect("people_import", workspace.slug)
    if isinstance(done, BulkTask):
        return redirect("people_task", workspace.slug, done.pk)
    return done
