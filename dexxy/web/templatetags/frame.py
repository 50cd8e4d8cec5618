"""What the templates of the frame and of the components need."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dexxy.accounts.first_run import may_create_workspace
from dexxy.accounts.selectors import is_admin
from dexxy.integrations.health import SyncHealth
from dexxy.mail.preferences import mail_is_configured
from dexxy.messages.models import Thread, ThreadKind, ThreadState
from dexxy.web.frame import setting_pages
from dexxy.web.frame.navigation import Frame, frame_of
from dexxy.web.frame.setting_pages import SettingLink
from dexxy.web.frame.theme import Theme, theme_of
from dexxy.web.signing_in.ways import Way, ways
from dexxy.web.waiting import words
from dexxy.web.wording import health as of_health
from dexxy.web.wording import threads

register = template.Library()

_HUES = 6


@register.simple_tag(takes_context=True)
def frame(context: Mapping[str, Any]) -> Frame | None:
    """Return the frame of a page of a workspace; other pages, and who is signed out, have none."""
    request, workspace = context.get("request"), context.get("workspace")
    if request is None or workspace is None or not request.user.is_authenticated:
        return None
    return frame_of(request.user, workspace, context.get("section", ""))


@register.simple_tag(takes_context=True)
def setting_links(context: Mapping[str, Any]) -> list[tuple[str | Promise, list[SettingLink]]]:
    """Return where one can go from a page of the settings."""
    current = context["request"].resolver_match.url_name
    workspace = context["workspace"]
    return setting_pages.setting_links(
        workspace,
        context.get("setting", current),
        is_admin=is_admin(context["request"].user, workspace),
        is_operator=context["request"].user.is_staff,
    )


@register.simple_tag
def is_demo() -> bool:
    """Say whether this is the demo: it has pages of its own, and one can start for real from it."""
    return bool(settings.DEXXY_DEMO)


@register.simple_tag(takes_context=True)
def new_workspace(context: Mapping[str, Any]) -> bool:
    """Say whether the reader may make another workspace."""
    return may_create_workspace(context["request"].user)


@register.simple_tag(takes_context=True)
def theme(context: Mapping[str, Any]) -> Theme:
    """Return the scheme that the reader chose."""
    return theme_of(context["request"]) if "request" in context else Theme.SYSTEM


@register.simple_tag
def themes() -> list[tuple[str, str]]:
    """Return the schemes that can be chosen, with how they read."""
    return [(theme.value, str(theme.label)) for theme in Theme]


@register.simple_tag
def sign_in_ways() -> list[Way]:
    """Return where people can sign in beside here."""
    return ways()


@register.simple_tag
def sends_mail() -> bool:
    """Say whether this Dexxy sends mails."""
    return mail_is_configured()


@register.simple_tag
def as_json(value: Any) -> str:
    """Write VALUE for a script, into an attribute."""
    return json.dumps(value)


@register.simple_tag
def icon(name: str, label: str = "", look: str = "") -> SafeString:
    """Draw a picture of static/dexxy/icons.svg.

    Args:
        label: what it says where it stands alone; beside words it is hidden from screen readers.
        look: a class that colours it.
    """
    return _drawn(f"{static('dexxy/icons.svg')}#{name}", str(label), look)


# A page has hundreds of them.
@lru_cache(maxsize=2048)
def _drawn(at: str, label: str, look: str) -> SafeString:
    classes = f"icon i-{look}" if look else "icon"
    if not label:
        return format_html(
            '<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, at
        )
    return format_html(
        '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, at
    )


@register.simple_tag
def thread_icon(thread: Thread) -> SafeString:
    """Draw the picture of a thread, with its kind and state in colour and in words."""
    look = thread.state
    if thread.state == ThreadState.OPEN and thread.kind == ThreadKind.DISCUSSION:
        look = thread.kind
    return icon(threads.thread_icon(thread), threads.thread_label(thread), look)


@register.filter
def initials(name: str) -> str:
    """Shorten a name to what stands in an avatar: the first letters of its first and last word."""
    words = name.split() or ["?"]
    return "".join(word[0] for word in (words if len(words) < 2 else [words[0], words[-1]])).upper()


@register.filter
def counted(number: int) -> str:
    """Write how many there are, as far as they are counted."""
    return words.counted(number)


@register.filter
def hue(pk: int | None) -> str:
    """Choose the colour of an avatar, the same for a person everywhere."""
    return f"a{pk % _HUES + 1}" if pk else ""


@register.filter
def health_state(health: SyncHealth) -> str:
    """Name the look of the dot of the health line."""
    return of_health.health_state(health)


@register.simple_tag
def health_words(health: SyncHealth) -> str:
    """Say in a few words how the sync of a workspace is doing."""
    return of_health.health_line(health)
