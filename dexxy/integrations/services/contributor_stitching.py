"""Compare the accounts that changed with those they may belong to: links, and suggestions.

Set-based and incremental: accounts are found by the values they show, and only those are compared
again that share one with an account that changed. So it does not matter in what batches they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import transaction

from dexxy.integrations.services.contributor_identity import (
    COMPARED_AT_MOST,
    Decision,
    Evidence,
    decide,
)
from dexxy.integrations.services.contributor_rules import Candidate
from dexxy.integrations.services.contributor_traits import Account, shared_keys
from dexxy.members import matching
from dexxy.members.components import merges_lock
from dexxy.members.linking import Link
from dexxy.members.matching import ShownAccount
from dexxy.members.suggestions import Suggested, suggestions_apply
from dexxy.messages.people import people_link, people_unlink

log = structlog.get_logger()

# Accounts of one transaction: more cost memory, fewer are compared more often.
BATCH = 20_000
Pair = tuple[int, int]


@dataclass(slots=True)
class Stitched:
    """What a run compared and found."""

    accounts: int = 0
    pairs: int = 0
    links: int = 0
    suggestions: int = 0


@dataclass(slots=True)
class _Known:
    """The accounts of a batch and around it, each read and folded once."""

    home: dict[int, int] = field(default_factory=dict)
    candidate: dict[int, Candidate] = field(default_factory=dict)

    def add(self, accounts: Sequence[ShownAccount]) -> None:
        for account in accounts:
            self.home[account.id] = account.home_member_id
            self.candidate[account.id] = Candidate.of(Account(*account.shown))

    def values(self, ids: Sequence[int]) -> dict[int, frozenset[str]]:
        return {pk: shared_keys(self.candidate[pk].traits) for pk in ids}


def contributors_stitch(*, workspace_id: int, batch: int = BATCH) -> Stitched:
    """Link and suggest until no account of a workspace is left that changed.

    Args:
        batch: how many accounts are one transaction.
    """
    done = Stitched()
    while _stitch_batch(workspace_id, batch, done):
        pass
    if done.accounts:
        log.info("people stitched", workspace_id=workspace_id, accounts=done.accounts)
    return done


@transaction.atomic
def _stitch_batch(workspace_id: int, limit: int, done: Stitched) -> bool:
    merges_lock(workspace_id)
    due = matching.accounts_due(workspace_id, limit=limit)
    if not due:
        return False
    changed = [account.id for account in due]
    people_unlink(workspace_id, changed)
    known = _Known()
    known.add(due)
    keys = matching.keys_replace(workspace_id, known.values(changed))
    pairs = matching.pairs_around(
        workspace_id, keys=keys, changed=changed, at_most=COMPARED_AT_MOST
    )
    around = {pk for pair in pairs for pk in pair}
    known.add(matching.accounts_by_id(around - known.home.keys()))
    holders = matching.holders_around(workspace_id, known.values(sorted(around)))
    _apply(workspace_id, known.home, dict(_decided(pairs, known, holders)), done)
    matching.compared_note(due)
    done.accounts += len(due)
    return True


def _decided(
    pairs: set[Pair], known: _Known, holders: Mapping[str, int]
) -> Iterator[tuple[Pair, Decision | None]]:
    for first, second in pairs:
        yield (
            (first, second),
            decide(known.candidate[first], known.candidate[second], holders),
        )


def _apply(
    workspace_id: int,
    home: Mapping[int, int],
    decisions: Mapping[Pair, Decision | None],
    done: Stitched,
) -> None:
    links, suggested, withdrawn = [], [], []
    for (one, other), decision in decisions.items():
        first, second = sorted((home[one], home[other]))
        if decision is None:
            withdrawn.append((first, second))
            continue
        evidence = [_row(reason) for reason in decision.evidence]
        if decision.is_automatic:
            links.append(Link(first, second, decision.confidence, evidence))
            withdrawn.append((first, second))
        else:
            suggested.append(Suggested(first, second, decision.confidence, evidence))
    suggestions_apply(workspace_id, made=suggested, withdrawn=withdrawn)
    people_link(workspace_id, links)
    done.pairs += len(decisions)
    done.links += len(links)
    done.suggestions += len(suggested)


def _row(evidence: Evidence) -> dict[str, str | float]:
    weight = round(evidence.weight, 2)
    return {"rule": evidence.rule, "weight": weight, "sentence": evidence.sentence}
