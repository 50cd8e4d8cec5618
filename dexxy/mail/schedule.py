"""When digests are due, in the time zone of who gets them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from dexxy.mail.models import Digest, MailKind, MailPreference, OutgoingMail
from dexxy.mail.reader import zone_of


def last_moment(
    now: datetime, zone: ZoneInfo, digest: Digest, *, weekday: int, hour: int
) -> datetime:
    """Return the last moment up to NOW at which a digest was due.

    An hour that a change of clocks leaves out is the one after it; of one that comes twice, the
    first counts.
    """
    day = now.astimezone(zone).date() + timedelta(days=1)
    while True:
        at = datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
        is_its_day = digest == Digest.DAILY or day.weekday() == weekday
        if is_its_day and at <= now:
            return at
        day -= timedelta(days=1)


def digests_queue(now: datetime | None = None) -> int:
    """Make the digests that are due: of several moments that were missed, the last one.

    Returns: how many.
    """
    now = now or timezone.now()
    wanted = MailPreference.objects.exclude(digest=Digest.NEVER)
    wanted = wanted.filter(membership__user__is_active=True)
    known = wanted.select_related("membership__user", "membership__workspace")
    return sum(_queue(preference, now) for preference in known.iterator())


def _queue(preference: MailPreference, now: datetime) -> bool:
    membership, digest = preference.membership, Digest(preference.digest)
    zone = zone_of(membership.user, membership.workspace)
    chosen = {"weekday": preference.weekday, "hour": preference.hour}
    at = last_moment(now, zone, digest, **chosen)
    if at <= preference.digest_after:
        return False
    before = last_moment(at - timedelta(seconds=1), zone, digest, **chosen)
    with transaction.atomic():
        mine = MailPreference.objects.filter(pk=preference.pk, digest_after__lt=at)
        if not mine.update(digest_after=at, updated_at=timezone.now()):
            return False
        # After an outage nobody reads the digests of all its days.
        earlier = OutgoingMail.objects.unsent().filter(
            workspace=membership.workspace, user=membership.user, kind=MailKind.DIGEST
        )
        earlier.update(given_up_at=timezone.now(), error="")
        OutgoingMail.objects.get_or_create(
            workspace=membership.workspace,
            user=membership.user,
            kind=MailKind.DIGEST,
            period=at.astimezone(zone).date().isoformat(),
            defaults={"since": before},
        )
    return True
