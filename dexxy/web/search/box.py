"""The search field of a page: its text, its chips, and the menu of what can be typed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from dexxy.web.search.grammar import Query, Term
from dexxy.web.search.qualifiers import Qualifier, qualifiers_of

# What belongs to one page of a list, and not to what is searched.
_OF_A_PAGE = ("after", "before", "around", "day", "q")


@dataclass(frozen=True)
class SearchBox:
    """What `web/components/search.html` shows.

    Args:
        query: the search.
        placeholder: what stands in an empty field.
        kept: names and values of other parameters of the address that stay, such as the tab.
    """

    query: Query
    placeholder: str
    kept: Sequence[tuple[str, str]] = ()

    @property
    def chips(self) -> Sequence[Term]:
        """The parts of the search that are chips."""
        return self.query.filters

    @property
    def suggestions(self) -> Iterator[tuple[Qualifier, str]]:
        """Yield what can be typed here, with the query of the address that has its example."""
        for qualifier in qualifiers_of(self.query.where):
            yield qualifier, self.address(self.query.with_term(qualifier.example))

    @property
    def cleared(self) -> str:
        """The query of the address without any search."""
        return self.address("")

    def address(self, text: str) -> str:
        """Return the query of the address of the same list with another search."""
        parameters = QueryDict(mutable=True)
        for name, value in self.kept:
            parameters.appendlist(name, value)
        if text:
            parameters["q"] = text
        return f"?{parameters.urlencode()}"


def search_box(parameters: QueryDict, query: Query, placeholder: str) -> SearchBox:
    """Return the search field of a page.

    Args:
        parameters: those of its address; all but the place in the list are kept.
        query: the search in them.
        placeholder: what stands in an empty field.
    """
    kept = [
        (name, value)
        for name, values in parameters.lists()
        if name not in _OF_A_PAGE
        for value in values
        if value and isinstance(value, str)
    ]
    return SearchBox(query, placeholder, kept)
