"""Events as messages that people read in Slack, Discord and Mattermost.

What others wrote is text and nothing else there: it calls nobody, and formats nothing.

https://docs.slack.dev/messaging/formatting-message-text
https://discord.com/developers/docs/resources/webhook#execute-webhook
https://developers.mattermost.com/integrate/webhooks/incoming/
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.outgoing.events import EventType
from dexxy.outgoing.models import Endpoint, EndpointKind
from dexxy.outgoing.payloads import address_of_home

# Events that become one message, of which so many get a line.
MOST_AT_ONCE, MOST_LINES = 100, 15
LONGEST_TITLE, LONGEST_EXCERPT = 200, 200
# Behind an @ it calls nobody: a character without a width.
_APART = "\u200b"
_MARKS = re.compile(r"([\\*_~`|>\[\]()#<])")

_LINES = {
    EventType.THREAD_OPENED: gettext_lazy("{who} opened {thread}"),
    EventType.THREAD_CLOSED: gettext_lazy("{who} closed {thread}"),
    EventType.THREAD_MERGED: gettext_lazy("{who} merged {thread}"),
    EventType.THREAD_REOPENED: gettext_lazy("{who} reopened {thread}"),
    EventType.THREAD_ANSWERED: gettext_lazy("{who} chose the answer in {thread}"),
    EventType.THREAD_DELETED: gettext_lazy("{thread} is gone"),
    EventType.MESSAGE_CREATED: gettext_lazy("{who} wrote in {thread}"),
    EventType.MESSAGE_EDITED: gettext_lazy("A message of {who} was edited in {thread}"),
    EventType.MESSAGE_DELETED: gettext_lazy("A message is gone from {thread}"),
    EventType.MEMBER_NEW: gettext_lazy("{who} is new here: {thread}"),
    EventType.MEMBER_FIRST_THREAD: gettext_lazy("{who} opened their first thread: {thread}"),
    EventType.WAITING_STARTED: gettext_lazy("{opener} waits for an answer in {thread}"),
    EventType.WAITING_LATE: gettext_lazy("{opener} has waited for {hours} in {thread}"),
    EventType.WAITING_ENDED: gettext_lazy("{opener} waits no longer in {thread}"),
}
# Those under which the start of what was written stands.
_QUOTED = frozenset(
    {
        EventType.THREAD_OPENED,
        EventType.MESSAGE_CREATED,
        EventType.MESSAGE_EDITED,
        EventType.MEMBER_NEW,
        EventType.MEMBER_FIRST_THREAD,
    }
)


@dataclass(frozen=True)
class _Dialect:
    """How a chat wants its messages.

    Args:
        longest: characters that it takes.
        plain: makes text of what others wrote.
        link: makes a link of a plain text and an address.
        field: of the request, which holds the text.
        besides: its other fields.
    """

    longest: int
    plain: Callable[[str], str]
    link: Callable[[str, str], str]
    field: str
    besides: Mapping[str, Any]


def chat_body(endpoint: Endpoint, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is sent to a chat for some events, the oldest first: one message.

    Args:
        endpoint: read with its workspace, whose language the message has.
    """
    dialect = _DIALECTS[EndpointKind(endpoint.kind)]
    with translation.override(endpoint.workspace.language or "en"):
        lines = [_line(dialect, event) for event in events[:MOST_LINES]]
        text = _fitting(dialect, endpoint, lines, len(events))
    return {dialect.field: text, **dialect.besides}


def _fitting(dialect: _Dialect, endpoint: Endpoint, lines: Sequence[str], total: int) -> str:
    """Put so many lines together as fit, and say how many more there are."""
    for shown in range(len(lines), 0, -1):
        more = total - shown
        told = list(lines[:shown])
        if more:
            rest = ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more}
            told.append(dialect.link(rest, address_of_home(endpoint.workspace)))
        text = "\n".join(told)
        if len(text) <= dialect.longest:
            return text
    return lines[0][: dialect.longest]


def _line(dialect: _Dialect, event: Mapping[str, Any]) -> str:
    data, kind = event["data"], EventType(event["type"])
    if kind is EventType.TEST:
        sent_by = dialect.plain(_shortened(data["sentBy"], LONGEST_TITLE))
        return _("A test from Dexxy, sent by {who}.").format(who=sent_by)
    thread, message = data["thread"], data.get("message", {})
    title = _shortened(thread["title"], LONGEST_TITLE)
    number = f" #{thread['number']}" if thread["number"] is not None else ""
    name = f"{thread['repository']['name']}{number} {title}"
    says = str(_LINES[kind]).format(
        who=_who(dialect, message.get("author")),
        opener=_who(dialect, thread["author"]),
        thread=dialect.link(dialect.plain(name), message.get("url") or thread["url"]),
        hours=_hours(data.get("wait", {}).get("hours", 0)),
    )
    excerpt = _shortened(message.get("body", ""), LONGEST_EXCERPT) if kind in _QUOTED else ""
    return f"{says}\n> {dialect.plain(excerpt)}" if excerpt else says


def _hours(number: int) -> str:
    if number >= 48:
        days = number // 24
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    return ngettext("%(count)s hour", "%(count)s hours", number) % {"count": number}


def _who(dialect: _Dialect, person: Mapping[str, Any] | None) -> str:
    if person is None:
        return _("Somebody")
    return dialect.plain(_shortened(person["name"] or person["login"], LONGEST_TITLE))


def _shortened(text: str, longest: int) -> str:
    words = " ".join(text[: 10 * longest].split())
    return words if len(words) <= longest else f"{words[:longest].rstrip()}…"


def _slack_plain(text: str) -> str:
    # Whatever calls somebody there stands in angle brackets.
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, entity)
    return text.replace("@", f"@{_APART}")


def _slack_link(text: str, url: str) -> str:
    address = _slack_plain(url).replace("|", "%7C").replace(_APART, "")
    return f"<{address}|{text}>"


def _markdown_plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text).replace("@", f"@{_APART}")


def _markdown_link(text: str, url: str) -> str:
    address = re.sub(r"[()<>\s]", lambda sign: f"%{ord(sign[0]):02X}", url)
    return f"[{text}]({address})"


_DIALECTS = {
    EndpointKind.SLACK: _Dialect(
        # It cuts what is longer than 40,000, and asks for far less.
        longest=4000,
        plain=_slack_plain,
        link=_slack_link,
        field="text",
        besides={"unfurl_links": False, "unfurl_media": False},
    ),
    EndpointKind.DISCORD: _Dialect(
        longest=2000,
        plain=_markdown_plain,
        link=_markdown_link,
        field="content",
        # It calls nobody, whatever the text says; and shows no previews.
        besides={"allowed_mentions": {"parse": []}, "flags": 4},
    ),
    EndpointKind.MATTERMOST: _Dialect(
        longest=4000,
        plain=_markdown_plain,
        link=_markdown_link,
        field="text",
        besides={},
    ),
}
