"""What the team does with the people selected in the table."""

from collections.abc import Callable, Sequence, Set

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from dexxy.accounts.models import Workspace
from dexxy.common.ids import parse_id
from dexxy.members.tagging import MOST_AT_ONCE, SelectionError
from dexxy.people.export_keeping import export_request
from dexxy.people.export_selection import Selection as Exported
from dexxy.people.export_text import members_csv
from dexxy.people.models import Export, Format
from dexxy.people.selecting import (
    MOST_SELECTED,
    Selection,
    people_add_to_team,
    people_tag,
    people_tag_later,
    selected_ids,
)
from dexxy.web.directory.bulk_task import tagged, untagged
from dexxy.web.directory.people import UNDO, read_listed
from dexxy.web.pages import PageRequest, attempt, workspace_action

Act = Callable[[PageRequest, Workspace, Sequence[int]], HttpResponse | None]


@workspace_action
def people_bulk(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Do something with the people selected; the query is that of the list."""

    def do() -> HttpResponse | None:
        act = _ACTS.get(request.POST.get("do", ""))
        if act is None:
            raise SelectionError(gettext("There is no such action."))
        return act(request, workspace, selected_ids(request.user, workspace, _selection(request)))

    first = parse_id(next(iter(request.POST.getlist("member")), ""))
    row = f"#p{first}" if first and not request.POST.get("all") else "#people"
    back = f"{reverse('people', args=[workspace.slug])}?{request.GET.urlencode()}{row}"
    return attempt(request, do) or redirect(back)


def _selection(request: PageRequest) -> Selection:
    if request.POST.get("all"):
        return Selection(listed=read_listed(request.GET))
    found = [parse_id(text) for text in request.POST.getlist("member")]
    return Selection(member_ids=[pk for pk in found if pk])


def _tag(request: PageRequest, workspace: Workspace, ids: Sequence[int]) -> HttpResponse | None:
    tag = request.POST.get("tag", "").strip()
    if len(ids) > MOST_SELECTED:
        return _later(request, workspace, ids, add=[tag])
    changed = people_tag(actor=request.user, workspace=workspace, member_ids=ids, add=[tag])
    _say(request, tagged(len(changed), tag), undo="untag", tag=tag, changed=changed)
    return None


def _untag(request: PageRequest, workspace: Workspace, ids: Sequence[int]) -> HttpResponse | None:
    tag = request.POST.get("tag", "").strip()
    if len(ids) > MOST_SELECTED:
        return _later(request, workspace, ids, remove=[tag])
    changed = people_tag(actor=request.user, workspace=workspace, member_ids=ids, remove=[tag])
    _say(request, untagged(len(changed), tag), undo="tag", tag=tag, changed=changed)
    return None


def _say(request: PageRequest, done: str, *, undo: str, tag: str, changed: Set[int]) -> None:
    """Say what was done, and let the next page offer to take it back.

    Args:
        undo: what does the opposite, with those alone who were CHANGED by it.
    """
    can_undo = 0 < len(changed) <= MOST_AT_ONCE
    if can_undo:
        request.session[UNDO] = {"do": undo, "tag": tag, "members": sorted(changed)}
    messages.success(request, done, extra_tags="undo" if can_undo else "")


def _later(
    request: PageRequest, workspace: Workspace, ids: Sequence[int], **tags: Sequence[str]
) -> HttpResponse:
    """Let a worker tag people; a page follows it."""
    task = people_tag_later(actor=request.user, workspace=workspace, member_ids=ids, **tags)
    return redirect("people_task", workspace.slug, task.pk)


def _merge(request: PageRequest, workspace: Workspace, ids: Sequence[int]) -> HttpResponse:
    if len(ids) != 2:
        raise SelectionError(gettext("Select the two people who are one."))
    # What would become of them is shown first.
    first, second = ids
    return redirect(f"{reverse('member_merge', args=[workspace.slug, first])}?with={second}")


def _team(request: PageRequest, workspace: Workspace, ids: Sequence[int]) -> None:
    number = people_add_to_team(actor=request.user, workspace=workspace, member_ids=ids)
    done = ngettext("%(n)d person is on the team now.", "%(n)d people are on the team now.", number)
    messages.success(request, done % {"n": number})


def _csv(request: PageRequest, workspace: Workspace, ids: Sequence[int]) -> HttpResponse:
    if len(ids) <= MOST_AT_ONCE:
        response = HttpResponse(
            members_csv(request.user, workspace, ids), content_type="text/csv; charset=utf-8"
        )
        name = f"{workspace.slug}-people.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    export_request(
        viewer=request.user,
        workspace=workspace,
        what=Export.MEMBERS,
        form=Format.CSV,
        with_bom=True,
        selection=Exported(member_ids=ids),
    )
    messages.success(
        request, gettext("The file is being made: it is listed here when it is ready.")
    )
    return redirect("settings_data", workspace.slug)


_ACTS: dict[str, Act] = {
    "tag": _tag,
    "untag": _untag,
    "merge": _merge,
    "team": _team,
    "csv": _csv,
}
