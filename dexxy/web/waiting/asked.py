"""What an address asks of the queue: a list, and a search."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from dexxy.common.errors import BadInputError
from dexxy.messages.waiting.lists import QueueFilters, Tab
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import queue_filters
from dexxy.web.search.qualifiers import Where


def search_in(query: Mapping[str, str]) -> Query:
    """Read the search of an address."""
    return Query.parse(query.get("q", ""), Where.WAITING)


def filters_in(query: Mapping[str, str]) -> QueueFilters:
    """Read the list and the search of an address.

    Raises:
        BadInputError: it names a list that does not exist.
    """
    try:
        tab = Tab(query.get("tab") or Tab.ALL.value)
    except ValueError as error:
        raise BadInputError(_("There is no such list.")) from error
    return queue_filters(search_in(query), tab)
