"""The accounts of a member, and why they are one person's."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from dexxy.accounts.models import Workspace
from dexxy.members.merges.selectors import member_merges, member_merges_undone
from dexxy.members.merges.suggestion_list import suggestion_page
from dexxy.messages.member_activity.page import member_head
from dexxy.web.member.activity import head_context
from dexxy.web.member.suggestions import suggestions_shown
from dexxy.web.pages import PageRequest, workspace_page

_SUGGESTIONS = 20


@workspace_page
def member_accounts(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show the accounts of a member, with the evidence, and what was taken back."""
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk:
        return redirect("member_accounts", workspace.slug, head.member.pk)
    suggestions = suggestion_page(request.user, workspace, _SUGGESTIONS, member_id=pk)
    merges = member_merges(request.user, workspace, pk)
    just_merged = request.GET.get("merged")
    context = {
        **head_context(workspace, head, "accounts"),
        "merges": merges,
        "just_merged": next((one for one in merges if str(one.pk) == just_merged), None),
        "undone": member_merges_undone(request.user, workspace, pk),
        "suggestions": suggestions_shown(suggestions.items),
    }
    return render(request, "web/member/accounts.html", context)
