"""What the templates of the queue need."""

from datetime import datetime, timedelta

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dexxy.accounts.models import Workspace
from dexxy.members.models import Member
from dexxy.messages.models import Standing, Thread
from dexxy.web.waiting import words
from dexxy.web.waiting.position import address_of_queue
from dexxy.web.wording import times

register = template.Library()

# How long somebody is new: docs/reference/figures.md, New Contributors.
_NEW = timedelta(days=30)


@register.simple_tag
def waited(since: datetime | None) -> SafeString:
    """Show how long somebody has waited, with the exact time since when."""
    if since is None:
        return SafeString()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        since.isoformat(),
        times.exactly(since),
        words.waited(since, timezone.now()),
    )


@register.filter
def look_of_wait(since: datetime, workspace: Workspace) -> str:
    """Write how the age of a wait looks: as late, as one to be seen to, or as any."""
    age = timezone.now() - since
    if age > timedelta(days=workspace.late_after):
        return " is-late"
    return " is-soon" if age > timedelta(days=workspace.attention_after) else ""


@register.simple_tag
def from_queue(query: QueryDict) -> str:
    """Write the query of a row's address, which says from which list it is opened."""
    return address_of_queue(query)


@register.filter
def reason(standing: Standing) -> str:
    """Say why it is the team's turn."""
    return words.reason(standing)


@register.filter
def is_new_person(member: Member | None) -> bool:
    """Say whether the first act of somebody was in the last 30 days."""
    first = member.first_seen_at if member else None
    return first is not None and timezone.now() - first < _NEW


@register.filter
def short_place(thread: Thread) -> str:
    """Say where a thread is, without the owner of its repository: there is little room."""
    name = thread.source.name.rpartition("/")[2]
    return name if thread.external_id else f"{name} #{thread.number}"
