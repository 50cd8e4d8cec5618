"""What may be spent of GitHub's limits, and on what: each constant of that is here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.models import Credential
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.refusals import server_time, until_reset

_POINTS_LEFT = gettext_noop(
    "The last tenth of your {size} points of GitHub's for this hour is left to you."
    " Dexxy goes on at {time} UTC."
)
_REQUESTS_LEFT = gettext_noop(
    "The last tenth of your {size} requests of GitHub's for this hour is left to you."
    " Dexxy goes on at {time} UTC."
)
# Below this, what is left of the hour's points belongs to what is new.
POINTS_FOR_NEWS = 1000
# Half of the least that GitHub gives for an hour: below it, only what is new is read again.
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
POINTS_FOR_REREADING = 2500
# A person's limit is that of all their programs: this part of it is left to them.
LEFT_TO_PERSON = 1 / 10


# What sweeps may spend in an hour, of all repositories of a credential together: a tenth of the
# least that GitHub gives, however much it gives.
POINTS_FOR_SWEEPS = 500


def sweep_room(credential_id: int | None) -> int:
    """Return how many points sweeps may still spend in this hour with a credential."""
    assert credential_id is not None, "who reads has a credential"
    credential = Credential.objects.get(pk=credential_id)
    ends_at = credential.sweep_hour_ends_at
    is_over = ends_at is None or ends_at <= timezone.now()
    return POINTS_FOR_SWEEPS if is_over else POINTS_FOR_SWEEPS - credential.sweep_points


@dataclass(frozen=True, slots=True)
class Limit:
    """What GitHub gives a credential for an hour, of REST's requests or GraphQL's points.

    Args:
        remaining: what was left when GitHub last answered.
        ends_at: when that hour is over, by our clock.
    """

    size: int
    remaining: int
    ends_at: datetime


def limit_of(headers: httpx.Headers) -> tuple[str, Limit] | None:
    """Read a limit, under GitHub's name for it; None where the server has none.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    size = headers.get("x-ratelimit-limit", "")
    remaining = headers.get("x-ratelimit-remaining", "")
    now = timezone.now()
    left = until_reset(headers, server_time(headers) or now)
    if left is None or not (size.isdecimal() and remaining.isdecimal()):
        return None
    # By a clock that is far ahead of ours the hour was over ages ago: it is over.
    left = max(timedelta(0), min(left, timedelta(hours=1)))
    return headers.get("x-ratelimit-resource", ""), Limit(int(size), int(remaining), now + left)


def limits_stored(limits: Mapping[str, Limit]) -> dict[str, list[Any]]:
    """Return limits as their credential keeps them."""
    return {
        name: [limit.size, limit.remaining, limit.ends_at.isoformat()]
        for name, limit in limits.items()
    }


def limits_read(credential_id: int | None) -> dict[str, Limit]:
    """Return what GitHub told last of the limits of a credential, whoever had asked."""
    assert credential_id is not None, "who reads has a credential"
    stored = Credential.objects.filter(pk=credential_id).values_list("limits", flat=True).first()
    return {
        name: Limit(size, remaining, datetime.fromisoformat(ends_at))
        for name, (size, remaining, ends_at) in (stored or {}).items()
    }


def leave_to_person(limits: Mapping[str, Limit], resource: str) -> None:
    """Look whether a person's limit may be spent on reading.

    Args:
        limits: what GitHub told last, by its names.
        resource: which of them the next request counts to.

    Raises:
        RateLimitedError: what is left of it is theirs, until the hour is over.
    """
    limit = limits.get(resource)
    if limit is None or limit.ends_at <= timezone.now():
        return
    if limit.remaining <= limit.size * LEFT_TO_PERSON:
        sentence = _POINTS_LEFT if resource == "graphql" else _REQUESTS_LEFT
        told = sentence.format(size=limit.size, time=f"{limit.ends_at:%H:%M:%S}")
        raise errors.RateLimitedError(told, limit.ends_at)
