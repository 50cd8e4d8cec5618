"""Store accounts as a script tells them: by their versions, with what it knows of addresses.

What wins: rules A1, A5 and A6 of docs/explanation/what-wins-when.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.erasure.digests import (
    ErasedPeople,
    erasures_hold_off,
    login_text,
    mail_texts,
)
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import Identity, IdentityKind

# Older than anything that is told: an account that is known by its id alone changes nothing.
_KNOWN_BY_ID = datetime(1970, 1, 1, tzinfo=UTC)

_ID_COLUMNS = {"external_id": "text"}
_LOCK = """
SELECT i.id FROM {rows}
JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                       AND i.external_id = r.external_id
ORDER BY i.external_id FOR NO KEY UPDATE OF i
"""
_COLUMNS = {
    "external_id": "text",
    "email": "text",
    "is_verified": "boolean",
    "links": "jsonb",
    "version_at": "timestamptz",
    "is_versioned": "boolean",
}
# A change of `updated_at` makes the account due to be compared. A newer version of the same has to
# be remembered, too: one between the two may come later.
_TELL = """
UPDATE members_identity i
SET email = new.email, is_email_verified = new.is_verified, links = new.links,
    version_at = greatest(i.version_at, new.version_at),
    updated_at = CASE WHEN new.is_same THEN i.updated_at ELSE now() END
FROM (
    SELECT told.*, (told.email, told.is_verified, told.links)
                   IS NOT DISTINCT FROM (i.email, i.is_email_verified, i.links) AS is_same
    FROM (
        SELECT i.id, coalesce(r.email, i.email) AS email, r.version_at, r.is_versioned,
               CASE WHEN r.email IS NULL THEN i.is_email_verified
                    ELSE r.is_verified AND r.email <> '' END AS is_verified,
               CASE WHEN r.links IS NULL THEN i.links
                    ELSE ARRAY(SELECT jsonb_array_elements_text(r.links)) END AS links
        FROM {rows}
        JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                               AND i.external_id = r.external_id
        WHERE i.version_at <= r.version_at
    ) told JOIN members_identity i ON i.id = told.id
) new
WHERE i.id = new.id AND (NOT new.is_same OR (new.is_versioned AND i.version_at < new.version_at))
"""


@dataclass(frozen=True, slots=True)
class FedPerson:
    """What is told of one account.

    Args:
        email, links: None where nothing is told of them, and what is stored stays.
        is_email_verified: whether the platform knows that the address is theirs.
    """

    account: IdentityRecord
    email: str | None = None
    is_email_verified: bool = False
    links: Sequence[str] | None = None


def people_feed(
    workspace_id: int, provider: str, people: Iterable[FedPerson], *, told_at: datetime
) -> set[str]:
    """Store the accounts of PEOPLE, inside the caller's transaction.

    Args:
        people: each account once.
        told_at: the version of those that have none, by our clock.

    Returns: the external ids of those that are left out, because they show the address or the
        username of somebody who was erased.
    """
    erasures_hold_off(workspace_id)
    told = {one.account.external_id: one for one in people}
    erased = accounts_of_erased(
        workspace_id,
        provider,
        {key: (one.account.username, one.email or "") for key, one in told.items()},
    )
    kept = [one for key, one in sorted(told.items()) if key not in erased]
    server = {"workspace": workspace_id, "provider": provider}
    fetch_all(_LOCK, server, Rows(_ID_COLUMNS, [(one.account.external_id,) for one in kept]))
    identities_apply(
        workspace_id=workspace_id,
        provider=provider,
        records=[one.account for one in kept],
        seen_at=told_at,
    )
    execute(_TELL, server, Rows(_COLUMNS, [_row(one, told_at) for one in kept]))
    return erased


def _row(one: FedPerson, told_at: datetime) -> tuple[object, ...]:
    version = one.account.version_at
    return (
        *(one.account.external_id, one.email, one.is_email_verified),
        *(None if one.links is None else list(one.links), version or told_at, version is not None),
    )


def accounts_of_erased(
    workspace_id: int, provider: str, shown: dict[str, tuple[str, str]]
) -> set[str]:
    """Return which new accounts show what somebody showed who was erased.

    An account that was erased itself is none of them: its emptied row stands for it. Neither is one
    that is stored: whoever erased the other has not erased it. Call `erasures_hold_off` before.

    Args:
        shown: external id -> the username and the address of the account, '' for none.
    """
    erased = ErasedPeople(workspace_id)
    if not erased:
        return set()
    stored = Identity.objects.filter(
        workspace=workspace_id, provider=provider, external_id__in=list(shown)
    )
    known = {*erased.accounts(provider, shown), *stored.values_list("external_id", flat=True)}
    keys = sorted(shown.keys() - known)
    texts = {
        number: [login_text(provider, shown[key][0]), *mail_texts(shown[key][1]), *mail_texts(key)]
        for number, key in enumerate(keys)
    }
    return {keys[number] for number in erased.among(texts)}


def account_by_id(external_id: str) -> IdentityRecord:
    """Return the record of an account of which nothing is told but its id."""
    return IdentityRecord(external_id, IdentityKind.USER, external_id, version_at=_KNOWN_BY_ID)
