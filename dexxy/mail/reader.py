"""For whom a mail is written: their zone and their language."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.reader import UTC, zone_names


def zone_of(user: User, workspace: Workspace) -> ZoneInfo:
    """Return the time zone of USER, else that of WORKSPACE."""
    name = user.time_zone or workspace.time_zone
    return ZoneInfo(name if name in zone_names() else UTC)


@contextmanager
def written_for(user: User | None, workspace: Workspace) -> Iterator[None]:
    """Let texts be in the language, and times in the time zone, of who reads them.

    Args:
        user: None for somebody who has no account yet.
    """
    language = (user and user.language) or workspace.language or settings.LANGUAGE_CODE
    zone = zone_of(user, workspace) if user else ZoneInfo(workspace.time_zone)
    with translation.override(language), timezone.override(zone):
        yield
