"""Feeds for readers: what a member sees of a page, at a secret address.

Whoever has the address reads it without signing in: it says nothing to others where it comes from,
is kept by no cache between, and ends with the membership.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dexxy.accounts.models import ListPage, User, Workspace
from dexxy.accounts.reader import read_in
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.common.pages import LARGEST_PAGE, Page
from dexxy.common.sql import TooSlowError, deadline
from dexxy.members.segments import Segment
from dexxy.messages.member_activity.heard import members_heard_in
from dexxy.messages.models import Message, Thread
from dexxy.messages.selectors import feed_page, thread_list
from dexxy.messages.waiting.queue import WaitingThread, queue_page
from dexxy.outgoing.feed_addresses import (
    FeedAddressNotFoundError,
    ReadTooOftenError,
    feed_address_open,
)
from dexxy.outgoing.models import FeedAddress
from dexxy.outgoing.privacy import keeps_private_in, sources_that_may_leave
from dexxy.people.directory import Person, people_page
from dexxy.web.directory.people import read_listed, read_sort
from dexxy.web.feed import feed_asked
from dexxy.web.markdown import Bodies
from dexxy.web.pages import LONGEST_PAGE_SECONDS
from dexxy.web.threads.table import threads_selected
from dexxy.web.waiting.asked import filters_in
from dexxy.web.wording import feed_lines, threads, times
from dexxy.web.written.references import Home

# Of one feed; and how many pages of a list are looked at for them.
MOST_ENTRIES, _MOST_PAGES = 50, 5
# No XML can have them. https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What a reader shows; pictures come through us, to whoever is signed in.
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h3", "h4", "h5", "h6"),
    *("hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "strong", "sub", "sup", "table"),
    *("tbody", "td", "th", "thead", "tr", "ul"),
}


@dataclass(frozen=True)
class Entry:
    """One thing of a feed.

    Args:
        pk: the id of its address here, which tells it from others for ever.
        html: what it says, sanitised.
    """

    pk: str
    title: str
    address: str
    author: str
    html: str
    published_at: datetime
    updated_at: datetime


def feed_name(page: ListPage) -> str:
    """Name the feed of all that a page shows."""
    names = {
        ListPage.WAITING: _("Waiting"),
        ListPage.FEED: _("Feed"),
        ListPage.THREADS: _("Threads"),
        ListPage.PEOPLE: _("New people"),
    }
    return names[page]


@require_safe
def feed_atom(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with the feed that the secret in the address opens."""
    try:
        found = feed_address_open(slug, request.GET.get("key", ""))
        with deadline(LONGEST_PAGE_SECONDS):
            response = _answer(request, found)
    except (FeedAddressNotFoundError, NotFoundError) as error:
        raise Http404(str(error)) from error
    except ReadTooOftenError as error:
        response = _refused(str(error), 429)
        response["Retry-After"] = "60"
    except BadInputError as error:
        response = _refused(str(error), 400)
    except TooSlowError as error:
        response = _refused(str(error), 503)
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, found: FeedAddress) -> HttpResponse:
    user, workspace = found.membership.user, found.membership.workspace
    read_in(workspace, user)
    entries = _ENTRIES[ListPage(found.page)](user, workspace, QueryDict(_query(found)))
    updated_at = max((one.updated_at for one in entries), default=workspace.created_at)
    content = _written(found, workspace, entries, updated_at)
    etag = quote_etag(sha256(content).hexdigest())
    response = HttpResponse(content, content_type="application/atom+xml; charset=utf-8")
    response["ETag"], response["Last-Modified"] = etag, http_date(updated_at.timestamp())
    # The time says nothing of what is gone: only the tag does.
    return get_conditional_response(request, etag=etag, response=response) or response


def _query(found: FeedAddress) -> str:
    """Return which part of its page a feed has, as the page's address says it."""
    if found.view is not None:
        return found.view.query
    # Of people those who are new: a list of everybody has no end at which to see somebody.
    return f"segment={Segment.NEW.value}" if found.page == ListPage.PEOPLE else ""


def _refused(message: str, status: int) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")


class _Feed(Atom1Feed):
    """A feed that says when it changed, also where it has nothing."""

    updated_at: datetime

    def latest_post_date(self) -> datetime:
        return self.updated_at


def _written(
    found: FeedAddress, workspace: Workspace, entries: Sequence[Entry], updated_at: datetime
) -> bytes:
    name = found.view.name if found.view else feed_name(ListPage(found.page))
    page = "" if found.page == ListPage.WAITING else f"{found.page}/"
    home = _address(workspace, page)
    feed = _Feed(
        title=_plain(f"{name} · {workspace.name}"),
        link=f"{home}?{_query(found)}" if _query(found) else home,
        description=None,
        language=get_language(),
        # Not the address itself: a reader shows it, and shares it.
        feed_url=None,
        feed_guid=f"{home}#feed-{found.pk}",
    )
    feed.updated_at = updated_at
    for one in entries:
        feed.add_item(
            title=_plain(one.title),
            link=one.address,
            description=_plain(one.html),
            unique_id=one.pk,
            author_name=_plain(one.author),
            pubdate=one.published_at,
            updateddate=one.updated_at,
        )
    return feed.writeString("utf-8").encode()


def _of_feed(viewer: User, workspace: Workspace, query: QueryDict) -> list[Entry]:
    filters = feed_asked(query)
    bodies = Bodies()
    return [
        _of_message(workspace, one, bodies)
        for one in _kept(
            workspace, lambda after: feed_page(viewer, workspace, filters, LARGEST_PAGE, after)
        )
    ]


def _of_threads(viewer: User, workspace: Workspace, query: QueryDict) -> list[Entry]:
    selected = threads_selected(query)
    found: Iterator[Thread] = _kept(
        workspace,
        lambda after: thread_list(
            viewer, workspace, selected.filters, LARGEST_PAGE, after, tab=selected.tab
        ),
    )
    return [
        _of_thread(workspace, one, one.last_activity_at, threads.state_label(one)) for one in found
    ]


def _of_waiting(viewer: User, workspace: Workspace, query: QueryDict) -> list[Entry]:
    """Return those who began to wait last: the queue itself has them at its end."""
    filters = filters_in({name: query.get(name, "") for name in query})
    rows: Iterator[WaitingThread] = _kept(
        workspace,
        lambda after: queue_page(viewer, workspace, filters, LARGEST_PAGE, after),
        most=_MOST_PAGES * LARGEST_PAGE,
    )
    newest = sorted(rows, key=lambda row: row.standing.since, reverse=True)[:MOST_ENTRIES]
    return [
        _of_thread(
            workspace,
            row.thread,
            row.standing.since,
            _("Waits for an answer since {time}.").format(time=times.exactly(row.standing.since)),
            part=f"#waits-{row.standing.since:%Y%m%d%H%M%S}",
        )
        for row in newest
    ]


def _of_people(viewer: User, workspace: Workspace, query: QueryDict) -> list[Entry]:
    """Return the people of a view in its order."""
    listed = read_listed(query)
    sort, found, after = read_sort(query, listed), list[Person](), None
    for _number in range(_MOST_PAGES):
        page = people_page(viewer, workspace, listed, sort, LARGEST_PAGE, after)
        found += _who_may_be_told(viewer, workspace, page.items)
        if not page.has_more or len(found) >= MOST_ENTRIES:
            break
        after = page.end
    return [_of_person(workspace, one) for one in found[:MOST_ENTRIES]]


def _who_may_be_told(
    viewer: User, workspace: Workspace, people: Sequence[Person]
) -> Sequence[Person]:
    """Leave out those of whom nothing is known but what stays in."""
    if not keeps_private_in(viewer, workspace):
        return people
    may_leave = [source.pk for source in sources_that_may_leave(workspace)]
    heard = members_heard_in(viewer, workspace, [one.pk for one in people], may_leave)
    return [one for one in people if one.pk in heard]


def _of_person(workspace: Workspace, person: Person) -> Entry:
    address = _address(workspace, f"people/{person.pk}/")
    member, names = person.member, [one.username for one in person.overview.accounts]
    seen_at = member.first_seen_at or member.created_at
    says = [", ".join(names), _("First seen {time}.").format(time=times.exactly(seen_at))]
    return Entry(
        pk=address,
        title=str(member),
        address=address,
        author=str(member),
        html=_cleaned("<br>".join(escape(one) for one in says if one)),
        published_at=seen_at,
        updated_at=seen_at,
    )


_ENTRIES: dict[ListPage, Callable[[User, Workspace, QueryDict], list[Entry]]] = {
    ListPage.FEED: _of_feed,
    ListPage.THREADS: _of_threads,
    ListPage.WAITING: _of_waiting,
    ListPage.PEOPLE: _of_people,
}


def _kept(
    workspace: Workspace, read: Callable[[str | None], Page[Any]], most: int = MOST_ENTRIES
) -> Iterator[Any]:
    """Yield what may leave of a list, page by page, up to MOST.

    Args:
        read: returns the page behind a cursor.
    """
    may_leave = {source.pk for source in sources_that_may_leave(workspace)}
    after: str | None = None
    left = most
    for _number in range(_MOST_PAGES):
        page = read(after)
        for item in page.items:
            if _source_of(item) in may_leave and left:
                left -= 1
                yield item
        if not (page.has_more and left):
            return
        after = page.end


def _source_of(item: Any) -> int:
    thread = item.thread if isinstance(item, WaitingThread) else item
    return int(thread.source_id)


def _of_message(workspace: Workspace, message: Message, bodies: Bodies) -> Entry:
    thread, source = message.thread, message.source
    address = _address(workspace, f"threads/{thread.pk}/m/{message.pk}/")
    home = Home(source.url, source.name)
    who = str(message.author.member) if message.author else _("Somebody")
    verb = feed_lines.verb_alone(message)
    return Entry(
        pk=address,
        title=f"{who} {verb}: {thread.place} {thread.title}",
        address=address,
        author=who,
        html=_cleaned(bodies.render(message.body, home).html) if message.body else "",
        published_at=message.occurred_at,
        updated_at=message.edited_at or message.occurred_at,
    )


def _of_thread(
    workspace: Workspace, thread: Thread, at: datetime, says: str, part: str = ""
) -> Entry:
    address = _address(workspace, f"threads/{thread.pk}/")
    return Entry(
        pk=f"{address}{part}",
        title=f"{thread.place} {thread.title}",
        address=address,
        author=str(thread.author.member) if thread.author else _("Somebody"),
        html=_cleaned(says),
        published_at=at if part else thread.opened_at,
        updated_at=at,
    )


def _cleaned(html: str) -> str:
    # Loaded where it is needed: most processes clean nothing.
    import nh3

    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _plain(text: str) -> str:
    return _NO_XML.sub("", text)


def _address(workspace: Workspace, path: str) -> str:
    return f"{settings.DEXXY_BASE_URL}/w/{workspace.slug}/{path}"
