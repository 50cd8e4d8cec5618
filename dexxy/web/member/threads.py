"""The threads behind the numbers of a member, in lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Workspace
from dexxy.common.ids import parse_id
from dexxy.common.pages import PAGE, Page
from dexxy.members.who_may_see import member_for
from dexxy.messages.feed.filters import FilterError, ThreadFilters
from dexxy.messages.figures.outcomes import Taken
from dexxy.messages.member_activity.lists import OfOthers, others_page, together_page
from dexxy.messages.member_activity.page import (
    MemberHead,
    answered_page,
    answers_of,
    member_head,
)
from dexxy.messages.models import Thread, ThreadKind, ThreadState
from dexxy.messages.selectors import thread_list
from dexxy.web.member.activity import head_context, window_of
from dexxy.web.pages import PageRequest, wants_part, workspace_page


class Which(TextChoices):
    """A list of threads."""

    OPENED = "opened", _("Opened")
    OPEN = "open", _("Still open")
    MERGED = "merged", _("Pull requests merged")
    HELPED = "helped", _("Helped others")
    ANSWERED = "answered", _("Our answers, 12 months")
    # Of one of the team, instead of the two above.
    REPLIED = "replied", _("Answered others")
    ENDED = "ended", _("Closed or merged")
    # With one companion: it is reached from the page of the member alone.
    TOGETHER = "together", _("Together")


# What is asked of the threads that they opened.
_OPENED: Mapping[Which, Mapping[str, Sequence[str]]] = {
    Which.OPENED: {},
    Which.OPEN: {"states": [ThreadState.OPEN]},
    Which.MERGED: {"states": [ThreadState.MERGED], "kinds": [ThreadKind.PULL_REQUEST]},
}
_OF_OTHERS: Mapping[Which, OfOthers] = {
    Which.HELPED: OfOthers.HELPED,
    Which.REPLIED: OfOthers.ANSWERED,
    Which.ENDED: OfOthers.ENDED,
}
# Which lists the page offers of somebody outside the team, and of one of it.
_OUTSIDE = (*_OPENED, Which.HELPED, Which.ANSWERED)
_OF_TEAM = (*_OPENED, Which.REPLIED, Which.ENDED)


@dataclass(frozen=True)
class Row:
    """A thread with what became of it, where the list is about that."""

    thread: Thread
    taken: Taken | None = None

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread.pk


@workspace_page
def member_threads(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show the threads behind a number of a member."""
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk:
        return redirect("member_threads", workspace.slug, head.member.pk)
    which = _which(request.GET.get("list", ""))
    context: dict[str, Any] = {**head_context(workspace, head, "threads"), "which": which}
    after = request.GET.get("after")
    if which is Which.TOGETHER:
        other = member_for(request.user, workspace, parse_id(request.GET.get("with", "")) or 0)
        page = _plain(together_page(head.asked, other.pk, timezone.now(), PAGE, after))
        context["other"] = other
    else:
        page = _READ[which](request, workspace, head, after)
    context |= {"page": page, "is_later": after is not None}
    if wants_part(request, "more"):
        return render(request, "web/member/thread_items.html", context)
    lists = _OF_TEAM if head.is_team else _OUTSIDE
    context["lists"] = [(one.value, one.label) for one in lists]
    return render(request, "web/member/threads.html", context)


def _which(text: str) -> Which:
    if text and text not in Which:
        raise FilterError(_("There is no such list."))
    return Which(text or Which.OPENED)


def _opened(which: Which) -> Callable[..., Page[Row]]:
    def read(
        request: PageRequest, workspace: Workspace, head: MemberHead, after: str | None
    ) -> Page[Row]:
        filters: Any = {"member_ids": [head.member.pk], **_OPENED[which]}
        return _plain(thread_list(request.user, workspace, ThreadFilters(**filters), PAGE, after))

    return read


def _of_others(which: Which) -> Callable[..., Page[Row]]:
    def read(
        _request: PageRequest, _workspace: Workspace, head: MemberHead, after: str | None
    ) -> Page[Row]:
        return _plain(others_page(head.asked, _OF_OTHERS[which], PAGE, after))

    return read


def _answered(
    request: PageRequest, workspace: Workspace, head: MemberHead, after: str | None
) -> Page[Row]:
    answers = answers_of(request.user, head.asked, window_of(request, workspace))
    page = answered_page(answers, PAGE, after)
    rows = [Row(one.thread, one.taken) for one in page.items]
    return Page(rows, page.cursors, page.has_more)


def _plain(page: Page[Thread]) -> Page[Row]:
    return Page([Row(thread) for thread in page.items], page.cursors, page.has_more)


_READ: Mapping[Which, Callable[..., Page[Row]]] = {
    **{one: _opened(one) for one in _OPENED},
    **{one: _of_others(one) for one in _OF_OTHERS},
    Which.ANSWERED: _answered,
}
