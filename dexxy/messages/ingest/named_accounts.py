"""Accounts that threads and messages name beside an author: who was erased is not named again."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from dexxy.members.erasure.digests import Erased, ErasedPeople
from dexxy.messages.ingest.records import UNSET, MessageRecord, SourceKey, ThreadRecord

# What stands for an account that was erased.
NOBODY = {"id": "", "login": ""}


def accounts_erased(
    source: SourceKey,
    threads: Iterable[ThreadRecord],
    messages: Iterable[MessageRecord],
    *,
    erased: Erased,
) -> Set[str]:
    """Return which of the accounts that some records name were erased.

    Args:
        erased: as `erasures_hold_off` returns it.
    """
    if not erased.anybody:
        return frozenset()
    asked = {one["id"] for thread in threads for one in _assignees(thread)}
    asked |= {str(one["id"]) for message in messages if (one := _account(message))}
    if not asked:
        return frozenset()
    return ErasedPeople(source.workspace_id).accounts(source.provider, asked).keys()


def thread_without(thread: ThreadRecord, erased: Set[str]) -> ThreadRecord:
    """Return THREAD with nobody in the place of the ERASED accounts."""
    if not any(one["id"] in erased for one in _assignees(thread)):
        return thread
    shown = (NOBODY if one["id"] in erased else one for one in _assignees(thread))
    return replace(thread, assignees=tuple(shown))


def message_without(message: MessageRecord, erased: Set[str]) -> MessageRecord:
    """Return MESSAGE with nobody in the place of the ERASED accounts."""
    account = _account(message)
    if account is None or account["id"] not in erased:
        return message
    return replace(message, details={**message.details, "subject": {**account, **NOBODY}})


def _assignees(thread: ThreadRecord) -> Sequence[Mapping[str, str]]:
    return () if thread.assignees is UNSET else thread.assignees


def _account(message: MessageRecord) -> Mapping[str, object] | None:
    subject = message.details.get("subject")
    if isinstance(subject, Mapping) and subject["type"] == "account":
        return subject
    return None
