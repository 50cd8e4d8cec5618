"""Profiles of people, a hundred a request, for accounts not yet read or read long ago."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dexxy.integrations.services.github_messages import text
from dexxy.integrations.services.github_queries import PAGE_LIMIT, PEOPLE
from dexxy.integrations.services.github_reading import Reading, documented
from dexxy.members.ingest import profiles_apply
from dexxy.members.models import Identity
from dexxy.members.records import ProfileRecord

READ_AGAIN_AFTER = timedelta(days=30)


def waiting(reading: Reading) -> list[Identity]:
    """Return the accounts whose profiles are due."""
    due = Q(profile_read_at=None) | Q(profile_read_at__lt=timezone.now() - READ_AGAIN_AFTER)
    identities = Identity.objects.filter(
        due, workspace_id=reading.place.workspace_id, provider=reading.place.provider
    )
    return list(identities.exclude(node_id="").order_by("profile_read_at", "pk")[:PAGE_LIMIT])


def read(reading: Reading, identities: list[Identity]) -> None:
    """Read and store the profiles of IDENTITIES.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    # An account that is gone is missing from the answer, and is not asked for again soon.
    ids = [identity.node_id for identity in identities]
    answer = reading.query(PEOPLE, {"ids": ids}, may_miss=["nodes.*"], is_smallest=True)
    with documented("profiles"):
        records = [_profile(node) for node in answer.data["nodes"] if node and "login" in node]
    with reading.storing():
        profiles_apply(
            workspace_id=reading.place.workspace_id,
            provider=reading.place.provider,
            asked_for=[identity.pk for identity in identities],
            records=records,
            read_at=answer.asked_at,
        )
        reading.count(people=len(records))


def _profile(node: dict[str, Any]) -> ProfileRecord:
    return ProfileRecord(
        external_id=str(node["databaseId"]),
        company=text(node.get("company")),
        location=text(node.get("location")),
        bio=text(node.get("bio") or node.get("description")),
    )
