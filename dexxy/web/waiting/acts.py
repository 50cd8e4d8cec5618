"""What people decide about threads that wait, from the queue or from a thread, and its undoing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRedirect, reselect, reswap, retarget

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import memberships
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.common.pages import LARGEST_PAGE
from dexxy.messages.waiting.queue import queue_page, queue_rows
from dexxy.messages.waiting.triage import (
    thread_note,
    threads_assign,
    threads_set_aside,
    threads_snooze,
)
from dexxy.messages.waiting.undoing import (
    Decided,
    decided,
    decided_otherwise,
    threads_restore,
)
from dexxy.web.pages import PageRequest, attempt, workspace_action, workspace_form
from dexxy.web.waiting.asked import filters_in
from dexxy.web.waiting.page import bands_of, numbers
from dexxy.web.waiting.requests import (
    came_from,
    chosen_in,
    is_on_the_queue,
    lead_back,
    page_address,
    query_of_page,
    wanted_next,
)
from dexxy.web.waiting.snoozes import snoozed_until, snoozes
from dexxy.web.wording import times

# What can be taken back, in the session of whoever did it.
_UNDO = "decided before"


def _aside(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    _set_aside(request, workspace, threads, is_aside=True)
    return ngettext(
        "Set aside: it needs no answer.", "{n} threads are set aside.", len(threads)
    ).format(n=len(threads))


def _back(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    _set_aside(request, workspace, threads, is_aside=False)
    return ngettext("Back in the queue.", "{n} threads are back.", len(threads)).format(
        n=len(threads)
    )


def _set_aside(
    request: PageRequest, workspace: Workspace, threads: Sequence[int], *, is_aside: bool
) -> None:
    threads_set_aside(
        actor=request.user,
        workspace=workspace,
        thread_ids=threads,
        is_aside=is_aside,
        seen_at=_seen_at(request),
    )


def _snooze(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    now = timezone.now()
    until = snoozed_until(request.POST.get("date") or request.POST.get("until", ""), now)
    threads_snooze(
        actor=request.user,
        workspace=workspace,
        thread_ids=threads,
        until=until,
        seen_at=_seen_at(request),
    )
    return ngettext(
        "Snoozed until {when}.", "{n} threads are snoozed until {when}.", len(threads)
    ).format(n=len(threads), when=times.at(until, now))


def _wake(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    threads_snooze(
        actor=request.user,
        workspace=workspace,
        thread_ids=threads,
        until=None,
        seen_at=_seen_at(request),
    )
    return ngettext("Awake again.", "{n} threads are awake again.", len(threads)).format(
        n=len(threads)
    )


def _assign(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    chosen = request.POST.get("to", "")
    if chosen == "me":
        return _me(request, workspace, threads)
    # What is no id is nobody's.
    pk = parse_id(chosen) or 0 if chosen else None
    _give(request, workspace, threads, pk)
    if pk is None:
        return ngettext(
            "Nobody is assigned to it.", "Nobody is assigned to {n} threads.", len(threads)
        ).format(n=len(threads))
    return ngettext("Assigned.", "{n} threads are assigned.", len(threads)).format(n=len(threads))


def _me(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    _give(request, workspace, threads, request.user.pk)
    return ngettext("Assigned to you.", "{n} threads are assigned to you.", len(threads)).format(
        n=len(threads)
    )


def _give(
    request: PageRequest, workspace: Workspace, threads: Sequence[int], user_id: int | None
) -> None:
    threads_assign(
        actor=request.user,
        workspace=workspace,
        thread_ids=threads,
        user_id=user_id,
        seen_at=_seen_at(request),
    )


def _note(request: PageRequest, workspace: Workspace, threads: Sequence[int]) -> str:
    if len(threads) != 1:
        raise BadInputError(_("A note is about one thread."))
    thread_note(
        actor=request.user,
        workspace=workspace,
        thread_id=threads[0],
        note=_written_note(request),
        seen_at=_seen_at(request),
    )
    return _("The note is saved.")


def _written_note(request: PageRequest) -> str:
    # Forms send the ends of lines as CR LF: https://html.spec.whatwg.org/#constructing-entry-list
    return request.POST.get("note", "").replace("\r\n", "\n")


_Act = Callable[[PageRequest, Workspace, Sequence[int]], str]
_ACTS: Mapping[str, _Act] = {
    "aside": _aside,
    "back": _back,
    "snooze": _snooze,
    "wake": _wake,
    "assign": _assign,
    "me": _me,
    "note": _note,
}
# Those that ask something first.
_ASKS = frozenset({"snooze", "assign", "note"})


@workspace_form
def decide(request: PageRequest, workspace: Workspace, action: str) -> HttpResponse:
    """Decide something about threads, and ask what is to be known for it first."""
    if action not in _ACTS:
        raise Http404("There is no such action.")
    if request.method != "POST":
        if action not in _ASKS:
            raise Http404("There is nothing to ask.")
        return _ask(request, workspace, action)
    threads = chosen_in(request.POST)
    before = decided(request.user, workspace, threads)
    if action == "note":
        try:
            done: str | None = _note(request, workspace, threads)
        except BadInputError as error:
            return _ask_for_note_again(request, workspace, threads, str(error))
    else:
        done = attempt(request, lambda: _ACTS[action](request, workspace, threads))
    if done is not None:
        _keep(request, workspace, before)
        messages.success(request, done, extra_tags="undo")
    if not request.htmx:
        return lead_back(request, workspace, threads[0] if len(threads) == 1 else None)
    if done is None or not is_on_the_queue(request, workspace):
        home = reverse("waiting", args=[workspace.slug])
        return HttpResponseClientRedirect(wanted_next(request) or page_address(request) or home)
    filters = filters_in(query_of_page(request))
    context = numbers(request, workspace, filters)
    kept = queue_rows(request.user, workspace, filters, threads)
    gone = set(threads) - {row.pk for row in kept}
    return render(request, "web/waiting/decided.html", {**context, "kept": kept, "gone": gone})


@workspace_action
def undo(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Take back what was decided last."""
    before, after = _take(request, workspace)
    if before:
        restored = attempt(
            request,
            lambda: threads_restore(
                actor=request.user, workspace=workspace, before=before, after=after
            ),
        )
        if restored:
            messages.success(request, _("Undone."))
        elif restored is not None:
            messages.error(request, _("A colleague has decided otherwise meanwhile: that stays."))
    else:
        restored = None
        messages.error(request, _("There is nothing to undo."))
    if not is_on_the_queue(request, workspace):
        return lead_back(request, workspace)
    if not restored:  # what went wrong is said by a page
        return HttpResponseClientRedirect(page_address(request))
    filters = filters_in(query_of_page(request))
    page = queue_page(request.user, workspace, filters, LARGEST_PAGE)
    context = numbers(request, workspace, filters)
    context |= {"page": page, "bands": bands_of(context["summary"].bands, page.items)}
    return render(request, "web/waiting/undone.html", context)


def _ask(request: PageRequest, workspace: Workspace, action: str) -> HttpResponse:
    threads = chosen_in(request.GET)
    is_one = len(threads) == 1
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "waiting",
        "threads": threads,
        "action": action,
        "next": came_from(request, workspace),
        "seen": request.GET.get("seen", ""),
    }
    if action == "note" and is_one:
        # The question shows what is there now, the others what the page did.
        context |= {"given": _note_of(request, workspace, threads[0]), "seen": _now()}
    if action == "snooze":
        context["snoozes"] = snoozes(timezone.now())
        context["today"] = timezone.localtime().date().isoformat()
    if action == "assign":
        context["people"] = memberships(request.user, workspace, LARGEST_PAGE).items
    return render(request, f"web/waiting/ask_{action}.html", context)


def _ask_for_note_again(
    request: PageRequest, workspace: Workspace, threads: Sequence[int], error: str
) -> HttpResponse:
    """Say why a note is not kept, beside what was written and what is there: nothing is lost."""
    context = {
        "workspace": workspace,
        "section": "waiting",
        "threads": threads,
        "action": "note",
        "next": wanted_next(request) or came_from(request, workspace),
        "seen": _now(),
        "error": error,
        "given": _written_note(request),
        "note": _note_of(request, workspace, threads[0]) if len(threads) == 1 else "",
    }
    response = render(request, "web/waiting/ask_note.html", context)
    if not request.htmx:
        response.status_code = 422
        return response
    return retarget(reselect(reswap(response, "outerHTML"), ".confirm"), "#dialog .confirm")


def _note_of(request: PageRequest, workspace: Workspace, thread: int) -> str:
    return str(decided(request.user, workspace, [thread])[thread]["note"])


def _now() -> str:
    return timezone.now().isoformat()


def _seen_at(request: PageRequest) -> datetime | None:
    """Read when the page was made on which a thread was seen; None if it does not say."""
    try:
        at = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None
    return at if at is not None and timezone.is_aware(at) else None


def _keep(request: PageRequest, workspace: Workspace, before: Decided) -> None:
    """Keep in the session what was changed: a colleague may decide something else meanwhile."""
    was = decided_otherwise(request.user, workspace, before)
    now = decided(request.user, workspace, list(was))
    request.session[_UNDO] = {
        "workspace": workspace.pk,
        "threads": _written(was),
        "after": _written(now),
    }


def _written(decisions: Decided) -> list[Any]:
    return [
        [pk, {name: _as_text(value) for name, value in decision.items()}]
        for pk, decision in decisions.items()
    ]


def _read(written: list[Any]) -> Decided:
    return {
        pk: {name: _as_value(name, value) for name, value in decision.items()}
        for pk, decision in written
    }


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _take(request: PageRequest, workspace: Workspace) -> tuple[Decided, Decided]:
    """Return what was decided before, and what is to be taken back."""
    kept = request.session.get(_UNDO)
    if not kept or kept["workspace"] != workspace.pk or "after" not in kept:
        return {}, {}
    del request.session[_UNDO]
    return _read(kept["threads"]), _read(kept["after"])


def _as_value(name: str, value: Any) -> Any:
    is_time = name.endswith("_at") or name == "snoozed_until"
    return datetime.fromisoformat(value) if is_time and value else value
