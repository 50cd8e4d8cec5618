"""What a filter names that is not there any more."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dexxy.members.models import Member
from dexxy.messages.feed.filters import FeedFilters, ThreadFilters
from dexxy.sources.models import Source


def what_is_gone(
    filters: FeedFilters | ThreadFilters,
    sources: Sequence[Source],
    members: Sequence[Member] = (),
    organizations: Sequence[str] = (),
) -> list[str]:
    """Say of a filter that keeps nothing what it names in vain.

    Args:
        sources: all that the workspace has.
        members: those of the filter that the workspace has.
        organizations: those of the filter that nobody works at.
    """
    notices = []
    if set(filters.source_ids) - {source.pk for source in sources}:
        notices.append(_("A repository of this filter is not connected any more."))
    known = {part for one in sources for part in _called(one.name)}
    notices += [
        _("No repository called %(name)s is connected.") % {"name": name}
        for name in filters.source_names
        if name.lower().strip("/") not in known
    ]
    there = {member.pk for member in members if member.erased_at is None}
    if set(filters.member_ids) - there:
        notices.append(_("A person of this filter was erased, or is not there any more."))
    notices += [_("No profile names %(name)s.") % {"name": name} for name in organizations]
    return notices


def _called(name: str) -> tuple[str, str]:
    return name.lower(), name.lower().rpartition("/")[2]
