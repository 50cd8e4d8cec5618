"""How the sync of a workspace is doing, in a few words."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.integrations.health import SyncHealth
from dexxy.web.wording.times import ago, clock


def health_state(health: SyncHealth) -> str:
    """Name how the sync of a workspace is doing: bad, warn, off, busy or good."""
    if not health.repositories:
        return "good" if health.fed else "off"
    if health.failing or health.overdue:
        return "bad"
    if health.paused_until:
        return "warn"
    return "busy" if health.reading else "good"


def health_line(health: SyncHealth) -> str:
    """Say in a few words how the sync of a workspace is doing."""
    if not health.repositories:
        return _fed_line(health) if health.fed else _("No repository connected")
    if health.failing:
        words = ngettext(
            "{number} repository needs you", "{number} repositories need you", health.failing
        )
        return words.format(number=intcomma(health.failing))
    if health.overdue:
        words = ngettext(
            "{number} repository overdue", "{number} repositories overdue", health.overdue
        )
        return words.format(number=intcomma(health.overdue))
    if health.paused_until:
        return _("Rate limit until {time}").format(time=clock(health.paused_until))
    if health.reading:
        words = ngettext(
            "Syncing {number} repository", "Syncing {number} repositories", health.reading
        )
        return words.format(number=intcomma(health.reading))
    if health.synced_at is None:
        return _("Paused")
    return _("Up to date, {time}").format(time=ago(health.synced_at, timezone.now()))


def _fed_line(health: SyncHealth) -> str:
    if health.fed_at is None:
        return _("Fed by scripts")
    return _("Fed by scripts, {time}").format(time=ago(health.fed_at, timezone.now()))
