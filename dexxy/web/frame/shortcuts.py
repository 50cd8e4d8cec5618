"""The keys of the keyboard: one list, which the script, the dialog and the help read."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Workspace


@dataclass(frozen=True)
class Shortcut:
    """What a key does.

    Args:
        keys: pressed one after the other; one with two names in it is a chord, such as `Ctrl K`.
        url_name: the page of the workspace that it leads to; '' if it does something else.
    """

    keys: Sequence[str]
    does: str | Promise
    url_name: str = ""


@dataclass(frozen=True)
class ShortcutGroup:
    """Keys that belong together."""

    name: str | Promise
    shortcuts: Sequence[Shortcut]


SHORTCUTS: Sequence[ShortcutGroup] = (
    ShortcutGroup(
        _("Everywhere"),
        (
            Shortcut(("Ctrl K",), _("Search, or jump to anything")),
            Shortcut(("/",), _("Search this list")),
            Shortcut(("?",), _("Show these shortcuts")),
            Shortcut(("Esc",), _("Close what is open")),
        ),
    ),
    ShortcutGroup(
        _("Go to"),
        (
            Shortcut(("g", "w"), _("Waiting"), "waiting"),
            Shortcut(("g", "f"), _("Feed"), "feed"),
            Shortcut(("g", "t"), _("Threads"), "threads"),
            Shortcut(("g", "p"), _("People"), "people"),
            Shortcut(("g", "o"), _("Organizations"), "organizations"),
            Shortcut(("g", "i"), _("Insights"), "insights"),
            Shortcut(("g", "r"), _("Repositories"), "repositories"),
            Shortcut(("g", "s"), _("Settings"), "settings_general"),
        ),
    ),
    ShortcutGroup(
        _("In a list"),
        (
            Shortcut(("j",), _("Next row")),
            Shortcut(("k",), _("Row before")),
            Shortcut(("o",), _("Open the row")),
            Shortcut(("x",), _("Select the row")),
            Shortcut(("Shift X",), _("Select up to the row")),
            Shortcut(("z",), _("Undo the last")),
        ),
    ),
    ShortcutGroup(
        _("In Waiting"),
        (
            Shortcut(("e",), _("No answer needed")),
            Shortcut(("s",), _("Snooze")),
            Shortcut(("a",), _("Assign")),
            Shortcut(("i",), _("Assign to me")),
        ),
    ),
    ShortcutGroup(
        _("In a thread"),
        (
            Shortcut(("n",), _("Next waiting")),
            Shortcut(("u",), _("Back to the list")),
            Shortcut(("g", "h"), _("Open on GitHub")),
        ),
    ),
    ShortcutGroup(
        _("In Insights"),
        (
            Shortcut(("[",), _("Older period")),
            Shortcut(("]",), _("Newer period")),
        ),
    ),
    ShortcutGroup(
        _("In Suggestions"),
        (
            Shortcut(("y",), _("Same person")),
            Shortcut(("n",), _("Different people")),
            Shortcut(("u",), _("Undo the last")),
        ),
    ),
)


def addresses_of_keys(workspace: Workspace) -> dict[str, str]:
    """Return the second key of each way that begins with `g` -> where it leads."""
    ways = (one for group in SHORTCUTS for one in group.shortcuts if one.url_name)
    return {one.keys[-1]: reverse(one.url_name, args=[workspace.slug]) for one in ways}
