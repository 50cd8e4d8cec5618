"""Who wrote: accounts are stored first, and the words of erased people are left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dexxy.members.erasure.digests import Erased, erasures_hold_off
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.ingest.records import SourceKey


@dataclass(frozen=True, slots=True)
class Authors:
    """Accounts that are stored, and who was erased.

    Args:
        ids: external id -> primary key of the identity.
    """

    ids: Mapping[str, int]
    erased: Erased


def authors_apply(
    source: SourceKey, authors: Iterable[IdentityRecord | None], *, asked_at: datetime
) -> Authors:
    """Store the accounts of AUTHORS, before the transaction locks any thread.

    Args:
        authors: None stands for an account that is gone.
    """
    erased = erasures_hold_off(source.workspace_id)
    ids = identities_apply(
        workspace_id=source.workspace_id,
        provider=source.provider,
        records=(author for author in authors if author is not None),
        seen_at=asked_at,
    )
    return Authors(ids, erased)


def author_id(author: IdentityRecord | None, authors: Authors) -> int | None:
    """Return the primary key of AUTHOR's identity; None for an account that is gone."""
    return None if author is None else authors.ids[author.external_id]
