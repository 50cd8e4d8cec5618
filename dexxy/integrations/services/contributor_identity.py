"""Stitch identities: compare accounts that changed with others, and store links and suggestions.

It is incremental: an account is compared only with accounts that share a value with it, and only
if one of the two changed or the number of accounts with that value did. So the result does not
depend on the batches in which the accounts came. Stitching is idempotent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import structlog
from django.db import transaction

from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.services.contributors.comparing.suggestion_decision import (
    COMPARED_AT_MOST,
    Decision,
    Evidence,
    decide,
)
from dexxy.integrations.services.contributors.comparing.suggestion_rules import Candidate
from dexxy.integrations.services.contributors.comparing.traits import Account, traits
from dexxy.members.merges import accounts_to_compare
from dexxy.members.merges.accounts_to_compare import Pair, ShownAccount
from dexxy.members.merges.components import merges_lock
from dexxy.members.merges.links import Link
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.summaries import summaries_due_of_accounts
from dexxy.people.merging import people_link, people_meet, people_unlink

log = structlog.get_logger()

# Accounts in one transaction. Each takes about 4 kB of memory; smaller batches compare pairs more
# often.
BATCH = 100_000
# Accounts whose keys are written by one statement.
CHUNK = 5000


@dataclass(slots=True)
class Stitched:
    """How many accounts and pairs were compared, and how many links and suggestions were stored."""

    accounts: int = 0
    pairs: int = 0
    links: int = 0
    suggestions: int = 0


def contributors_stitch(*, workspace_id: int, batch: int = BATCH) -> Stitched:
    """Compare all accounts of a workspace that changed since they were last compared.

    Args:
        workspace_id: of the workspace.
        batch: number of accounts in one transaction.

    Returns: the counts of all batches together.
    """
    done = Stitched()
    while not asked_to_stop.is_set() and _stitch_batch(workspace_id, batch, done):
        pass
    if done.accounts:
        log.info("people stitched", workspace_id=workspace_id, accounts=done.accounts)
    return done


def _stitch_batch(workspace_id: int, limit: int, done: Stitched) -> bool:
    """Compare one batch; a batch that is interrupted stays due and is compared again.

    Returns: whether any account was due.
    """
    due = accounts_to_compare.accounts_due(workspace_id, limit=limit)
    if not due:
        return False
    people_unlink(workspace_id, due)
    people_meet(workspace_id, due)
    versions = _compare(workspace_id, due, done)
    # In a transaction of its own: a transaction locks accounts once only, in the order of their
    # keys (docs/adr/0015), and the one that stores the links has done so already.
    accounts_to_compare.compared_note(versions)
    # Who is new, or shows another organization, is listed so.
    summaries_due_of_accounts(workspace_id, due)
    done.accounts += len(due)
    return True


@transaction.atomic
def _compare(workspace_id: int, due: Sequence[int], done: Stitched) -> dict[int, datetime]:
    """Compare the accounts in DUE with all that share a value, and store the decisions.

    Returns: id -> `updated_at` of each account in DUE, as it was compared.
    """
    merges_lock(workspace_id)
    touched, versions = _renew_keys(workspace_id, due)
    before = accounts_to_compare.pairs_suggested(workspace_id, touched)
    pairs = before | accounts_to_compare.pairs_sharing(
        workspace_id, touched, at_most=COMPARED_AT_MOST
    )
    around = {pk for pair in pairs for pk in pair}
    known = _read(around, accounts_to_compare.holders_around(workspace_id, around))
    _apply(workspace_id, known, dict(_decided(pairs, known)), before, done)
    done.pairs += len(pairs)
    return versions


def _renew_keys(
    workspace_id: int, due: Sequence[int]
) -> tuple[accounts_to_compare.Touched, dict[int, datetime]]:
    """Replace the match keys of the accounts in DUE by those of the values that they show now.

    Returns: the accounts and keys that this touched, and id -> `updated_at` of each account.
    """
    lost, versions = set[int](), dict[int, datetime]()
    for chunk in _chunks(accounts_to_compare.accounts_read(due)):
        values = {account.id: traits(Account(*account.shown)) for account in chunk}
        lost |= accounts_to_compare.keys_replace(workspace_id, values)
        versions |= {account.id: account.updated_at for account in chunk}
    return accounts_to_compare.Touched(list(due), list(lost)), versions


@dataclass(frozen=True, slots=True)
class _Known:
    """The accounts to compare.

    Args:
        home: account id -> id of its home member.
        candidate: account id -> the account, with only those traits that another account shares.
        holders: value -> number of accounts in the workspace that show it.
    """

    home: dict[int, int]
    candidate: dict[int, Candidate]
    holders: dict[str, int]


def _read(ids: Iterable[int], counts: Mapping[int, int]) -> _Known:
    """Read the accounts with IDS.

    Args:
        counts: match key -> number of accounts that have it; keys of one account are missing.
    """
    known = _Known({}, {}, {})
    for account in accounts_to_compare.accounts_read(ids):
        candidate = Candidate.of(Account(*account.shown))
        shared = {}
        for value, facets in candidate.traits.items():
            if count := counts.get(accounts_to_compare.key_of(value)):
                shared[value] = facets
                known.holders[value] = count
        known.home[account.id] = account.home_member_id
        known.candidate[account.id] = replace(candidate, traits=shared)
    return known


def _decided(pairs: Iterable[Pair], known: _Known) -> Iterator[tuple[Pair, Decision]]:
    for first, second in pairs:
        decision = decide(known.candidate[first], known.candidate[second], known.holders)
        if decision:
            yield (first, second), decision


def _apply(
    workspace_id: int,
    known: _Known,
    decisions: Mapping[Pair, Decision],
    before: Iterable[Pair],
    done: Stitched,
) -> None:
    """Store the decisions, and withdraw earlier suggestions that no decision repeats.

    Args:
        before: pairs that have a suggestion now.
    """
    links, suggested = [], []
    for pair, decision in decisions.items():
        first, second = _homes(pair, known.home)
        evidence = [_row(reason) for reason in decision.evidence]
        if decision.is_automatic:
            links.append(Link(first, second, decision.confidence, evidence))
        else:
            suggested.append(Suggested(first, second, decision.confidence, evidence))
    remaining = {(one.first, one.second) for one in suggested}
    withdrawn = {_homes(pair, known.home) for pair in before} - remaining
    suggestions_apply(workspace_id, made=suggested, withdrawn=withdrawn)
    people_link(workspace_id, links)
    done.links += len(links)
    done.suggestions += len(suggested)


def _homes(pair: Pair, home: Mapping[int, int]) -> Pair:
    first, second = sorted((home[pair[0]], home[pair[1]]))
    return first, second


def _row(evidence: Evidence) -> dict[str, str | float]:
    weight = round(evidence.weight, 2)
    return {"rule": evidence.rule, "weight": weight, "sentence": evidence.sentence}


def _chunks(accounts: Iterator[ShownAccount]) -> Iterator[list[ShownAccount]]:
    while chunk := list(islice(accounts, CHUNK)):
        yield chunk
