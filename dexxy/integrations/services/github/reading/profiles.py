"""Profiles of people, many a request, for accounts not yet read or read long ago."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q
from django.utils import timezone

from dexxy.integrations.models import Credential, RequestKind
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import people_document
from dexxy.integrations.services.github.api.values import key, text
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.members.ingest.accounts import profiles_apply
from dexxy.members.ingest.records import ProfileRecord
from dexxy.members.models import Identity
from dexxy.messages.ingest.refetch_reasons import authors_gone

log = structlog.get_logger()

READ_AGAIN_AFTER = timedelta(days=30)
# One that GitHub kept back, without saying that the account is gone.
TRIED_AGAIN_AFTER = timedelta(days=1)
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
    """Read and store the profiles of IDENTITIES, those that GitHub shows.

    Nothing else waits for a profile: one that cannot be read by itself is left for later.

    Returns: whether others may be read in this run.

    Raises:
        DexxyError: nobody's can be read now.
    """
    # An account that is gone is missing from the answer, and is not asked for again soon.
    ids = [identity.node_id for identity in identities]
    try:
        answer = _ask(reading, ids)
    except errors.AccessDeniedError as error:
        log.warning("profiles not read", error=str(error))
        return False
    except errors.QueryTooHeavyError:
        reading.sizes.failed(RequestKind.PEOPLE, len(identities))
        if len(identities) > 1:
            return True
        # One alone cannot be read: so may all others be, and they can wait for a run.
        _try_again([identities[0].pk], timezone.now())
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
        authors_gone(reading.source.workspace_id, _gone(identities, answer))
        _try_again(_kept_back(identities, answer), answer.asked_at)
        reading.count(people=len(records))
    reading.sizes.passed(RequestKind.PEOPLE, len(ids), answer, got=len(ids))
    return True


def _gone(identities: Sequence[Identity], answer: Answer) -> list[int]:
    """Return the accounts that GitHub does not know any more."""
    missed = answer.gaps.missed
    return [one.pk for index, one in enumerate(identities) if f"nodes.{index}" in missed]


def _kept_back(identities: Sequence[Identity], answer: Answer) -> list[int]:
    """Return the accounts that GitHub knows, as far as it says, and does not show."""
    gone = set(_gone(identities, answer))
    shown = answer.data["nodes"]
    return [
        one.pk
        for one, node in zip(identities, shown, strict=False)
        if node is None and one.pk not in gone
    ]


def _try_again(accounts: Sequence[int], read_at: datetime) -> None:
    """Let profiles be due again soon."""
    due_at = read_at - READ_AGAIN_AFTER + TRIED_AGAIN_AFTER
    Identity.objects.filter(pk__in=accounts).update(profile_read_at=due_at)


def _ask(reading: Reading, ids: list[str]) -> Answer:
    """Ask for profiles, and for their addresses until GitHub says that the token may not see them.

    Some tokens lose the whole answer by that, others the one field of each person:
    https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    A whole answer may be refused for another reason, which passes: so it is the addresses only if
    it comes without them, and again not with them.
    """
    credential = Credential.objects.get(installations=reading.repository.installation)
    if not credential.shows_emails:
        return _ask_once(reading, ids, with_email=False)
    answer, rest = _with_emails(reading, ids), None
    if answer is None:
        rest = _ask_once(reading, ids, with_email=False)
        answer = _with_emails(reading, ids)
    if answer and not any(path.endswith(".email") for path in answer.gaps.refused):
        return answer
    Credential.objects.filter(pk=credential.pk).update(shows_emails=False)
    return rest or _ask_once(reading, ids, with_email=False)


def _with_emails(reading: Reading, ids: list[str]) -> Answer | None:
    """Ask for profiles with their addresses; None where GitHub shows nothing of them."""
    with suppress(errors.AccessDeniedError):
        return _ask_once(reading, ids, with_email=True)
    return None


def _ask_once(reading: Reading, ids: list[str], *, with_email: bool) -> Answer:
    return reading.query(
        people_document(with_email=with_email),
        {"ids": ids},
        may_lack=["nodes.*"],
        is_smallest=len(ids) == 1,
    )


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
