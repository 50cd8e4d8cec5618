"""Where one can go from every page: one list, which the sidebar, the bar and the page More show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.health import SyncHealth, sync_health
from dexxy.messages.waiting.summary import queue_number
from dexxy.outgoing.endpoints import workspaces_with_trouble


class Area(Flag):
    """Where a destination is offered besides the page More, which has what is not in the bar."""

    SIDEBAR = auto()  # its upper part
    FOOT = auto()  # the lower part of the sidebar
    BAR = auto()  # at the bottom of a phone: four, and More
    MORE = 0


@dataclass(frozen=True)
class Destination:
    """A page of a workspace that one can always go to.

    Args:
        icon: of static/dexxy/icons.svg.
        url_name: of an address that takes the slug of the workspace alone.
        section: what the pages that belong to it call their `section`.
    """

    name: str | Promise
    icon: str
    url_name: str
    section: str
    area: Area


DESTINATIONS = (
    Destination(_("Waiting"), "waiting", "waiting", "waiting", Area.SIDEBAR | Area.BAR),
    Destination(_("Feed"), "feed", "feed", "feed", Area.SIDEBAR | Area.BAR),
    Destination(_("Threads"), "threads", "threads", "threads", Area.SIDEBAR | Area.BAR),
    Destination(_("People"), "people", "people", "people", Area.SIDEBAR | Area.BAR),
    Destination(_("Organizations"), "org", "organizations", "organizations", Area.SIDEBAR),
    Destination(_("Insights"), "insights", "insights", "insights", Area.SIDEBAR),
    Destination(_("Repositories"), "repo", "repositories", "repositories", Area.FOOT),
    Destination(_("Settings"), "settings", "settings_general", "settings", Area.FOOT),
)


@dataclass(frozen=True)
class Link:
    """A destination as one page shows it."""

    to: Destination
    address: str
    is_current: bool
    count: int | None


@dataclass(frozen=True)
class Frame:
    """What every page of a workspace shows around its content.

    Args:
        has_disabled_endpoint: whether nothing is sent to an endpoint that took nothing for long;
            that is for admins.
    """

    workspaces: Sequence[Workspace]
    health: SyncHealth
    sidebar: Sequence[Link]
    foot: Sequence[Link]
    bar: Sequence[Link]
    more: Sequence[Link]
    has_disabled_endpoint: bool


def frame_of(viewer: User, workspace: Workspace, section: str) -> Frame:
    """Put together the frame of a page of WORKSPACE; it costs five queries.

    Args:
        section: that of the page, or ''.
    """
    health = sync_health(viewer, workspace)
    counts = {"repositories": health.repositories, "waiting": queue_number(viewer, workspace)}
    links = _links(workspace, section, counts)
    mine, in_trouble = workspaces_with_trouble(viewer)
    return Frame(
        workspaces=mine,
        health=health,
        sidebar=[link for link in links if Area.SIDEBAR in link.to.area],
        foot=[link for link in links if Area.FOOT in link.to.area],
        bar=[link for link in links if Area.BAR in link.to.area],
        more=[link for link in links if Area.BAR not in link.to.area],
        has_disabled_endpoint=workspace.pk in in_trouble,
    )


def _links(workspace: Workspace, section: str, counts: Mapping[str, int]) -> list[Link]:
    """Let each destination lead into WORKSPACE.

    Args:
        counts: what stands beside a destination, by its section.
    """
    return [
        Link(
            to=to,
            address=reverse(to.url_name, args=[workspace.slug]),
            is_current=to.section == section,
            count=counts.get(to.section),
        )
        for to in DESTINATIONS
    ]
