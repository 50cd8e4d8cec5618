"""Profiles of people, many a request, for accounts not yet read or read long ago."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from dexxy.integrations.models import RequestKind
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import people_document
from dexxy.integrations.services.github.api.values import key, text
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.members.ingest.accounts import profiles_apply
from dexxy.members.ingest.records import ProfileRecord
from dexxy.members.models import Identity

READ_AGAIN_AFTER = timedelta(days=30)
_LINK = re.compile(r"https?://[^\s<>\"')]+")
_DUE_FIRST = F("profile_read_at").asc(nulls_first=True)


def waiting(reading: Reading) -> list[Identity]:
    """Return as many accounts whose profiles are due as one request asks for, new ones first."""
    limit = reading.sizes.to_ask(RequestKind.PEOPLE)
    due = Q(profile_read_at=None) | Q(profile_read_at__lt=timezone.now() - READ_AGAIN_AFTER)
    identities = Identity.objects.filter(
        due, workspace_id=reading.source.workspace_id, provider=reading.source.provider
    )
    return list(identities.exclude(node_id="").order_by(_DUE_FIRST, "pk")[:limit])


def read(reading: Reading, identities: list[Identity]) -> bool:
    """Read and store the profiles of IDENTITIES. Returns False if GitHub would not show them all.

    Nothing else waits for a profile: one that cannot be read by itself is left for later.

    Raises:
        DexxyError: nobody's can be read now.
    """
    # An account that is gone is missing from the answer, and is not asked for again soon.
    ids = [identity.node_id for identity in identities]
    try:
        answer = _ask(reading, ids)
    except errors.QueryTooHeavyError:
        reading.sizes.failed(RequestKind.PEOPLE, len(identities))
        if len(identities) == 1:
            Identity.objects.filter(pk=identities[0].pk).update(profile_read_at=timezone.now())
        return False
    records = _profiles(answer)
    with reading.storing():
        profiles_apply(
            workspace_id=reading.source.workspace_id,
            provider=reading.source.provider,
            asked_for=[identity.pk for identity in identities],
            records=records,
            read_at=answer.asked_at,
        )
        reading.count(people=len(records))
    reading.sizes.passed(RequestKind.PEOPLE, len(ids), answer, got=len(ids))
    return True


def _ask(reading: Reading, ids: list[str]) -> Answer:
    """Ask for profiles, and for their e-mail addresses as long as the token may see them."""
    while True:
        document = people_document(with_email=reading.shows_emails)
        try:
            return reading.query(
                document, {"ids": ids}, may_miss=["nodes.*"], is_smallest=len(ids) == 1
            )
        except errors.AccessDeniedError:
            # Tokens without `user:email` lose the whole answer, not the field alone:
            # https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
            if not reading.shows_emails:
                raise
            reading.shows_emails = False


def _profiles(answer: Answer) -> list[ProfileRecord]:
    """Return the profiles that can be read.

    Raises:
        UnexpectedAnswerError: there are several, and none of them can.
    """
    records: list[ProfileRecord] = []
    with answer_shape("profiles"):
        shown = [node for node in answer.data["nodes"] if node and "login" in node]
        for node in shown:
            with suppress(*errors.UNKNOWN_SHAPE):
                records.append(_profile(node))
        if len(shown) > 1 and not records:
            _profile(shown[0])
    return records


def _profile(node: dict[str, Any]) -> ProfileRecord:
    bio = text(node.get("bio") or node.get("description"))
    return ProfileRecord(
        external_id=key(node["databaseId"]),
        company=text(node.get("company")),
        location=text(node.get("location")),
        bio=bio,
        # GitHub shows no address that is not verified:
        # https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
        email=text(node["email"]) if "email" in node else None,
        links=tuple(_links(node, bio)),
    )


def _links(node: dict[str, Any], bio: str) -> Iterator[str]:
    if website := text(node.get("websiteUrl")):
        yield website
    if twitter := text(node.get("twitterUsername")):
        yield f"https://twitter.com/{twitter}"
    yield from _LINK.findall(bio)
