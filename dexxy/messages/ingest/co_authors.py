"""Store who wrote the commits of merged pull requests."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dexxy.members.erasure.digests import ErasedPeople, mail_texts
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import Identity
from dexxy.messages.ingest.authors import author_id, authors_apply
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.stored_threads import threads_lock
from dexxy.messages.models import CoAuthor, Thread

# GitHub's address of an account that shows no other begins with the account's number.
# https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
_NUMBERED = re.compile(r"(\d+)\+[^@]+@users\.noreply\..+")


@dataclass(frozen=True, slots=True)
class CoAuthorRecord:
    """Whom a commit names as one of its authors.

    Args:
        account: None where the server knows none with that address.
        email: in lower case.
    """

    account: IdentityRecord | None
    name: str
    email: str


def co_authors_apply(
    source: SourceKey, found: Mapping[int, Sequence[CoAuthorRecord]], *, asked_at: datetime
) -> None:
    """Store the authors of threads, inside the caller's transaction.

    Whoever opened a thread is no co-author of it, and of whom was erased nothing is kept.

    Args:
        found: thread -> all authors of its commits; in the place of those that were stored before.
    """
    records = [record for of_thread in found.values() for record in of_thread]
    accounts = authors_apply(source, (one.account for one in records), asked_at=asked_at)
    nameless = [one for one in records if one.account is None]
    known, erased = _known(source, nameless), _erased(source, nameless)
    threads_lock(found)
    openers = dict(Thread.objects.filter(pk__in=found).values_list("pk", "author_id"))
    rows: dict[tuple[int, object], CoAuthor] = {}
    for thread, of_thread in found.items():
        for one in of_thread:
            account = author_id(one.account, accounts) or known.get(one.email)
            is_new = one.email not in erased if account is None else account != openers[thread]
            if is_new:
                rows[thread, account or one.email] = CoAuthor(
                    workspace_id=source.workspace_id,
                    thread_id=thread,
                    account_id=account,
                    name="" if account else one.name,
                    email="" if account else one.email,
                )
    CoAuthor.objects.filter(thread__in=found).delete()
    CoAuthor.objects.bulk_create(rows.values())
    Thread.objects.filter(pk__in=found).update(co_authors_read_at=timezone.now())


def _known(source: SourceKey, nameless: Iterable[CoAuthorRecord]) -> dict[str, int]:
    """Return the stored accounts that addresses belong to: by their profile, or by their number."""
    emails = {one.email for one in nameless if one.email}
    accounts = Identity.objects.filter(workspace=source.workspace_id, provider=source.provider)
    by_profile = accounts.filter(is_email_verified=True, email__in=emails)
    known = dict(by_profile.values_list("email", "pk"))
    numbers = {found[1]: email for email in emails if (found := _NUMBERED.fullmatch(email))}
    by_number = accounts.filter(external_id__in=numbers).values_list("external_id", "pk")
    return known | {numbers[number]: pk for number, pk in by_number}


def _erased(source: SourceKey, nameless: Sequence[CoAuthorRecord]) -> set[str]:
    """Return the addresses of people who were erased."""
    texts = {number: mail_texts(one.email) for number, one in enumerate(nameless)}
    return {nameless[number].email for number in ErasedPeople(source.workspace_id).among(texts)}
