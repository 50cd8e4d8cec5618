"""The menu beside a search field: links that add a qualifier, for who types nothing."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from dexxy.sources.models import Source
from dexxy.web.search.box import SearchBox
from dexxy.web.search.grammar import qualifier_text

# The title of a group, and in it how each link reads, where it leads, and whether it holds already.
Menu = Sequence[tuple[str, Sequence[tuple[str, str, bool]]]]
# More are typed.
_MOST_SOURCES = 20


def filter_menu(
    box: SearchBox, sources: Iterable[Source], labels: Iterable[str], *, has_types: bool
) -> Menu:
    """Return what can be added to a search of threads, or of what was said in them.

    Args:
        labels: those that are offered, in their order.
        has_types: whether the list is of messages, which have a type.
    """
    repositories = [(one.name, qualifier_text("repo", one.name)) for one in sources]
    kinds = [
        (_("Issues"), "kind:issue"),
        (_("Pull requests"), "kind:pr"),
        (_("Discussions"), "kind:discussion"),
    ]
    types = [
        (_("Opened"), "type:opened"),
        (_("Comments"), "type:comment"),
        (_("Reviews"), "type:review"),
        (_("Closed"), "type:closed"),
        (_("Merged"), "type:merged"),
    ]
    states = [
        (_("Open"), "is:open"),
        (_("Waiting"), "is:waiting"),
        (_("Unanswered"), "is:unanswered"),
        (_("Unread"), "is:unread"),
        (_("Assigned to me"), "assignee:me"),
        (_("Without bots"), "-is:bot"),
    ]
    groups = [
        (_("Repository"), repositories[:_MOST_SOURCES]),
        (_("Kind"), kinds),
        (_("Label"), [(one, qualifier_text("label", one)) for one in labels]),
        (_("What was done"), types if has_types else []),
        (_("How the thread stands"), states),
    ]
    return [(title, [_link(box, *one) for one in links]) for title, links in groups]


def _link(box: SearchBox, words: str, term: str) -> tuple[str, str, bool]:
    text = box.query.with_term(term)
    return words, box.address(text), text == box.query.text
