"""For whom a mail is written: their zone and their language."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.reader import UTC, zone_names


def zone_of(user: User, workspace: Workspace | None) -> ZoneInfo:
    """Return the time zone of USER, else that of WORKSPACE."""
    name = user.time_zone or (workspace.time_zone if workspace else UTC)
    return ZoneInfo(name if name in zone_names() else UTC)


@contextmanager
def written_for(user: User | None, workspace: Workspace | None) -> Iterator[None]:
    """Let texts be in the language, and times in the time zone, of who reads them.

    Args:
        user: None for somebody who has no account yet.
        workspace: None for somebody who is in none.
    """
    language = (user and user.language) or (workspace and workspace.language)
    zone = zone_of(user, workspace) if user else ZoneInfo(workspace.time_zone if workspace else UTC)
    language = language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone):
        yield
