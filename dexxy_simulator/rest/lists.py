"""Lists of the REST API: filtered, sorted, cut into pages that are numbered.

https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal, json_response

ItemT = TypeVar("ItemT")
PER_PAGE: Final = 30
MOST_PER_PAGE: Final = 100
BEYOND_PAGES: Final = (
    "Pagination with the page parameter is not supported for large datasets, "
    "please use cursor based pagination (after/before)"
)


def page_of(
    exchange: Exchange,
    items: Iterable[ItemT],
    write: Callable[[Any, ItemT], Any],
    *,
    limit: int | None = None,
    names_cursors: bool = False,
    within: tuple[str, dict[str, Any]] | None = None,
) -> Response:
    """Cut a list to the asked page and write it, with the addresses of the others in `Link`.

    Args:
        limit: the number of rows up to which pages are numbered; the rest `Link` alone reaches.
        names_cursors: `Link` leads on by a number and by a cursor, which wins.
        within: the name under which the rows stand in an object, and what else that says.
    """
    found = list(items)
    size = min(number_asked(exchange, "per_page", PER_PAGE), MOST_PER_PAGE)
    page = number_asked(exchange, "page", 1)
    if limit is not None and page * size > limit:
        raise Refusal(422, BEYOND_PAGES)
    after = exchange.request.args.get("after")
    has_cursors = names_cursors or limit is not None
    start = _offset(after) if has_cursors and after else (page - 1) * size
    page = start // size + 1
    rows = [write(exchange.urls, item) for item in found[start : start + size]]
    if limit is not None and len(found) > limit:
        link = _link_after(exchange, start + size) if start + size < len(found) else ""
    else:
        following = start + size if names_cursors else None
        link = _link(exchange, page, max(1, -(-len(found) // size)), following)
    body: Any = rows
    if within is not None:
        body = {"total_count": len(found), **within[1], within[0]: rows}
    return json_response(body, headers={"Link": link} if link else None)


def refuse_filters(exchange: Exchange, *names: str) -> None:
    """Refuse what the endpoint would filter by and the simulator does not: it ignores nothing."""
    for name in names:
        if name in exchange.request.args:
            raise Refusal(501, f"The simulator does not filter by {name}.")


def since(exchange: Exchange, items: Iterable[ItemT]) -> list[ItemT]:
    """Keep what was updated after the asked time or, depending on the dialect, at it."""
    text = exchange.request.args.get("since")
    if not text:
        return list(items)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(422, "Validation Failed") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not exchange.dialect.since_is_inclusive:
        return [item for item in items if _time(item, "updated_at") > moment]
    return [item for item in items if _time(item, "updated_at") >= moment]


def is_since_epoch(exchange: Exchange) -> bool:
    """Tell whether everything since 1970 is wanted."""
    return exchange.request.args.get("since", "").startswith("1970-01-01T00:00:00")


def ordered(
    exchange: Exchange,
    items: Iterable[ItemT],
    *,
    default: str = "created",
    sorts: Collection[str] = ("created", "updated", "comments"),
    descending: bool,
) -> list[ItemT]:
    """Sort by what the endpoint knows, in the asked direction or that of the endpoint."""
    sort = exchange.request.args.get("sort", default)
    direction = exchange.request.args.get("direction", "desc" if descending else "asc")
    keys: dict[str, Callable[[Any], Any]] = {
        "created": lambda item: (item.created_at, _rank(item)),
        "updated": lambda item: (item.updated_at, _rank(item)),
        "comments": lambda item: (len(item.comments), _rank(item)),
        "popularity": lambda item: (len(item.comments), _rank(item)),
        "long-running": lambda item: (item.created_at, _rank(item)),
        "full_name": lambda item: (item.name_with_owner.lower(),),
        "pushed": lambda item: (item.pushed_at or item.created_at, _rank(item)),
    }
    if sort not in sorts or direction not in ("asc", "desc"):
        raise Refusal(422, "Validation Failed")
    if exchange.dialect.equal_times_descend and direction == "asc":
        items = sorted(items, key=_rank, reverse=True)
        return sorted(items, key=lambda item: keys[sort](item)[0])
    return sorted(items, key=keys[sort], reverse=direction == "desc")


def in_state(exchange: Exchange, threads: Iterable[ItemT]) -> list[ItemT]:
    """Keep the open, the closed or all threads; the default is the open ones."""
    state = exchange.request.args.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise Refusal(422, "Validation Failed")
    return [
        thread
        for thread in threads
        if state == "all" or getattr(thread, "closed") is (state == "closed")  # noqa: B009
    ]


def _rank(item: Any) -> int:
    """What decides between equal times: in lists of threads the id of the issue."""
    number: int = getattr(item, "issue_id", item.database_id)
    return number


def _time(item: object, name: str) -> datetime:
    moment: datetime = getattr(item, name)
    return moment


def number_asked(exchange: Exchange, name: str, default: int) -> int:
    """Return a number above zero that the client asks for, else the default."""
    text = exchange.request.args.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default


def _offset(after: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(after))
    except ValueError as error:
        raise Refusal(422, "Validation Failed") from error


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _link_after(exchange: Exchange, offset: int) -> str:
    """Lead on by a cursor, as GitHub does in lists whose page numbers end."""
    arguments = exchange.request.args.to_dict()
    arguments.pop("page", None)
    arguments["after"] = _cursor(offset)
    root = f"{exchange.urls.html}{exchange.request.path}"
    return f'<{root}?{urlencode(arguments)}>; rel="next"'


def _link(exchange: Exchange, page: int, last: int, following: int | None) -> str:
    """Lead to the other pages by their numbers, and to the next by a cursor if it has one."""
    pages = {}
    if page > 1:
        pages["prev"] = min(page - 1, last)
    if page < last:
        pages |= {"next": page + 1, "last": last}
    if page > 1:
        pages["first"] = 1
    root = f"{exchange.urls.html}{exchange.request.path}"
    arguments = exchange.request.args.to_dict()
    arguments.pop("after", None)
    cursors = {} if following is None else {"next": {"after": _cursor(following)}}
    return ", ".join(
        f"<{root}?{urlencode({**arguments, **cursors.get(relation, {}), 'page': number})}>; "
        f'rel="{relation}"'
        for relation, number in pages.items()
    )
