"""What the templates need to show a message."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import is_admin, workspaces
from dexxy.integrations.services.github.connecting import app_registration
from dexxy.integrations.services.github.connecting.connection import Connection, github_connection
from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind
from dexxy.web import markdown
from dexxy.web.picture_urls import picture_url
from dexxy.web.rows import excerpts
from dexxy.web.wording import feed_lines, people, threads, times
from dexxy.web.written.addresses import is_of_the_web

register = template.Library()


@register.filter
def rendered(body: str, bodies: markdown.Bodies) -> markdown.Rendered:
    """Render a body as one of a page's."""
    return bodies.render(body)


@register.filter
def platform(provider: str) -> str:
    """Name the platform of an account."""
    return people.platform(provider)


@register.filter
def platform_alone(provider: str) -> str:
    """Name the platform of an account, whatever its server."""
    return people.platform(provider.partition(":")[0])


@register.filter
def verb_alone(message: Message) -> str:
    """Say what the author did, where the thread is known."""
    return feed_lines.verb_alone(message)


@register.filter
def said(message: Message) -> str:
    """Say what the author did, where the words follow."""
    return feed_lines.said(message)


@register.filter
def hidden_as(reason: str) -> str:
    """Name what GitHub says of a message that is hidden there."""
    return str(feed_lines.HIDDEN_AS.get(reason.lower(), reason.lower()))


@register.filter
def excerpt(message: Message) -> str:
    """Return the beginning of a body as one line."""
    return excerpts.excerpt(message.body)


@register.filter
def icon_of(message: Message) -> str:
    """Name the picture of what happened."""
    return feed_lines.icon(message)


@register.filter
def day_name(moment: datetime) -> str:
    """Name a day in a word where there is one."""
    return times.day(moment, timezone.now())[0]


@register.filter
def day_written(moment: datetime) -> str:
    """Write a day that has a name out, and others not twice."""
    return times.day(moment, timezone.now())[1]


@register.filter
def kind_label(kind: str) -> str:
    """Name a kind of threads."""
    return str(threads.KIND_LABELS[ThreadKind(kind)])


@register.filter
def message_label(kind: str) -> str:
    """Name a kind of messages."""
    return str(feed_lines.MESSAGE_LABELS[MessageKind(kind)])


@register.filter
def kind_of_one(kind: str) -> str:
    """Name the kind of one thread."""
    return threads.kind_of_one(ThreadKind(kind))


@register.filter
def name_on_github(name: str) -> str:
    """Name a permission as GitHub's pages do."""
    return app_registration.name_on_github(name)


@register.filter
def state_label(thread: Thread) -> str:
    """Say how a thread stands."""
    return threads.state_label(thread)


@register.filter
def lasting(span: timedelta) -> str:
    """Say roughly how long something takes."""
    return times.lasting(span)


@register.filter
def web_url(url: str) -> str:
    """Let through only what a browser may open: addresses come from other people's servers."""
    return url if is_of_the_web(url) else ""


@register.filter
def avatar_url(url: str) -> str:
    """Ask GitHub for a small picture: the full ones of a page would be a megabyte."""
    if is_of_the_web(url) and urlsplit(url).hostname == "avatars.githubusercontent.com":
        url = f"{url}{'&' if '?' in url else '?'}s=72"
    return picture_url(url)


@register.filter(is_safe=True)
def sentence_case(words: str) -> str:
    """Write a heading, label or button of allauth's, which Capitalises Each Word, as ours are.

    Only English does that: in German each noun has a capital.
    """
    is_english = (get_language() or "en").startswith("en")
    return words.strip().capitalize() if is_english else words.strip()


@register.simple_tag
def workspaces_of(viewer: User) -> list[Workspace]:
    """List where a viewer can go."""
    return list(workspaces(viewer))


@register.simple_tag
def may_administer(viewer: User, workspace: Workspace) -> bool:
    """Say whether a viewer is an admin of a workspace."""
    return is_admin(viewer, workspace)


@register.simple_tag
def connection_of(viewer: User, workspace: Workspace) -> Connection | None:
    """Return what a workspace reads GitHub with."""
    return github_connection(viewer, workspace)


@register.simple_tag
def when(moment: datetime) -> SafeString:
    """Show how long ago something was, with the exact time to read."""
    return _time(moment, times.ago(moment, timezone.now()))


@register.simple_tag
def age(moment: datetime) -> SafeString:
    """Show in a column how long ago something was, with the exact time to read."""
    return _time(moment, times.age(moment, timezone.now()))


@register.simple_tag
def date(moment: datetime) -> SafeString:
    """Show the date of something, with the exact time to read."""
    return _time(moment, times.date(moment, timezone.now()))


@register.simple_tag
def at(moment: datetime) -> SafeString:
    """Show when something was to the minute, with the exact time to read."""
    return _time(moment, times.at(moment, timezone.now()))


@register.simple_tag
def under_its_day(moment: datetime) -> SafeString:
    """Show when something was where its day stands above, with the exact time to read."""
    return _time(moment, times.under_its_day(moment, timezone.now()))


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """Show the time of day of something soon, with the exact time to read."""
    return _time(moment, times.clock(moment))


def _time(moment: datetime, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        times.exactly(moment),
        words,
    )


@register.filter
def at_key(found: Mapping[Any, Any] | None, key: Any) -> Any:
    """Return what a mapping has under a key that is no name."""
    return found.get(key) if found else None


@register.simple_tag
def query(parameters: QueryDict, **changes: Any) -> str:
    """Write the query of an address with other parameters; None or '' takes one away."""
    changed = parameters.copy()
    for name, value in changes.items():
        if value in (None, ""):
            changed.pop(name, None)
        else:
            changed[name] = str(value)
    return f"?{changed.urlencode()}"
