"""The lines of the feed, of which a page has a hundred.

They are written here and not in a template: to resolve and include its parts for each line took
most of the time of a page.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.feed.marks import NO_MARKS, Marks
from dexxy.messages.models import Message
from dexxy.web.rows import excerpts
from dexxy.web.templatetags.dexxy import avatar_url, hidden_as, under_its_day
from dexxy.web.templatetags.frame import hue, initials
from dexxy.web.wording import feed_lines

register = template.Library()

_NONE = SafeString("")


@register.simple_tag
def avatar(name: str = "", url: str = "", pk: int | None = None, size: str = "") -> SafeString:
    """Draw somebody's picture, over the first letters of their name.

    Args:
        url: of the picture, as `avatar_url` returns it.
        pk: theirs, which chooses the colour.
        size: `l` or `xl`; otherwise it is as high as a line.
    """
    return _avatar(name or "?", url, hue(pk), size)


@register.simple_tag
def author_avatar(author: Identity | None, size: str = "") -> SafeString:
    """Draw the picture of whoever wrote something; None is an account that is gone."""
    if author is None:
        return avatar(size=size)
    name = author.member.display_name or author.username
    return avatar(name, avatar_url(author.avatar_url), author.member_id, size)


@register.simple_tag(takes_context=True)
def author_name(context: Mapping[str, Any], author: Identity | None) -> SafeString:
    """Name whoever wrote something, with the way to their page."""
    if author is None:
        return format_html('<b title="{}">{}</b>', _("The account is gone"), _("ghost"))
    member = author.member
    if member.erased_at:
        return format_html('<b title="{}">{}</b>', _("The team erased this person"), member)
    address = reverse("member", args=[context["workspace"].slug, author.member_id])
    is_bot = member.is_bot or author.kind == IdentityKind.BOT
    kind = _("bot") if is_bot else ""
    return _name(address, author.username, member.display_name or author.username, kind)


@register.simple_tag(takes_context=True)
def said_line(
    context: Mapping[str, Any], message: Message, unread: Collection[int], marks: Marks = NO_MARKS
) -> SafeString:
    """Write what somebody said or did, below the name of its thread.

    Args:
        unread: the ids of messages that the reader has not read.
        marks: what is told at the name of whoever said it.
    """
    words, verb = excerpts.excerpt(message.body), feed_lines.said(message)
    is_unread = message.pk in unread
    looks = f"said{'' if words else ' is-event'}{' is-unread' if is_unread else ''}"
    address = reverse(
        "thread_message", args=[context["workspace"].slug, message.thread_id, message.pk]
    )
    return format_html(
        '<li class="{}" id="m{}">{}<p class="line clip">{}{}{} <a href="{}">{}{}</a></p>{}</li>',
        looks,
        message.pk,
        author_avatar(message.author),
        format_html('<span class="hidden">{} </span>', _("Unread:")) if is_unread else _NONE,
        author_name(context, message.author),
        _mark(message, marks),
        address,
        format_html("<i>{}</i> ", verb) if verb else _NONE,
        _words(message, words, verb),
        under_its_day(message.occurred_at),
    )


def _mark(message: Message, marks: Marks) -> SafeString:
    if message.pk in marks.by_team:
        return format_html(' <span class="tag is-team">{}</span>', _("Team"))
    if message.author and message.author.member_id in marks.new:
        return format_html(' <span class="tag is-new">{}</span>', _("New"))
    return _NONE


def _words(message: Message, words: str, verb: str) -> SafeString:
    if reason := message.details.get("minimized"):
        hidden = _("hidden on GitHub as %(reason)s") % {"reason": hidden_as(reason)}
        return format_html("<i>{}</i>", hidden)
    if words:
        return format_html("<q><bdi>{}</bdi></q>", words)
    return format_html("<i>{}</i>", _("without words")) if message.body or not verb else _NONE


# A page has the same few people again and again.
@lru_cache(maxsize=2048)
def _avatar(name: str, url: str, look: str, size: str) -> SafeString:
    picture = format_html('<img src="{}" alt="" loading="lazy">', url) if url else _NONE
    looks = f"avatar {look}{f' is-{size}' if size else ''}"
    return format_html(
        '<span class="{}" aria-hidden="true">{}{}</span>', looks, initials(name), picture
    )


@lru_cache(maxsize=2048)
def _name(address: str, login: str, name: str, kind: str) -> SafeString:
    tag = format_html(' <span class="tag">{}</span>', kind) if kind else _NONE
    return format_html(
        '<a class="strong" href="{}" title="{}"><bdi>{}</bdi></a>{}', address, login, name, tag
    )
