"""Decide whether two accounts are one person's (identity stitching, or record linkage). Pure.

Two accounts are compared only if they share a value. The more accounts share it, the less it
weighs, and a value that very many share is ignored. So a common name or a shared mailbox does not
flood the team with suggestions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log

from dexxy.integrations.services.contributors.comparing.suggestion_rules import (
    DOUBTS,
    RULES,
    Candidate,
    Rule,
)

# A value that more accounts share does not cause any comparison.
COMPARED_AT_MOST = 30
# If more accounts share a value, even a strong rule makes no automatic link: a mailbox or a web
# address of so many accounts belongs to a group.
STRONG_AT_MOST = 4
# Log-odds that two accounts which share a value are one person's, before any evidence.
PRIOR = -5.2
# The least confidence of a suggestion.
CUT = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for (or, if the weight is negative, against) two accounts being one person's.

    Args:
        rule: name of the Rule or Doubt.
        weight: log-odds.
        sentence: the reason, for people to read.
    """

    rule: str
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the evidence says about two accounts.

    Args:
        confidence: probability that they are one person's, from 0 to 1.
        is_automatic: whether to link them without asking anybody.
        evidence: the agreements first, then the doubts.
    """

    confidence: float
    is_automatic: bool
    evidence: Sequence[Evidence]


def decide(a: Candidate, b: Candidate, holders: Mapping[str, int]) -> Decision | None:
    """Weigh the evidence for and against A and B being one person's.

    Args:
        holders: number of accounts in the workspace that show each value which A and B share.

    Returns: None if the evidence is too weak for a suggestion.
    """
    shared = a.traits.keys() & b.traits.keys()
    # An upper bound, which is cheap: with log-odds below zero, the confidence stays below CUT.
    at_most = sum(_at_most(a.traits[value], b.traits[value], holders[value]) for value in shared)
    if PRIOR + at_most < 0:
        return None
    agreements = _agreements(a, b, shared, holders)
    doubts = [doubt for doubt in DOUBTS if doubt.holds(a.account, b.account)]
    odds = PRIOR + sum(weight for *_, weight in agreements) + sum(doubt.weight for doubt in doubts)
    confidence = 1 / (1 + exp(-odds))
    is_automatic = any(
        rule.is_strong and holders[value] <= STRONG_AT_MOST for rule, value, _ in agreements
    )
    if confidence < CUT and not is_automatic:
        return None
    about = {"a": a.account, "b": b.account}
    reasons = [
        Evidence(rule.name, weight, rule.sentence.format(value=_shown(value), **about))
        for rule, value, weight in agreements
    ]
    against = [Evidence(d.name, d.weight, d.sentence.format(**about)) for d in doubts]
    return Decision(confidence, is_automatic, [*reasons, *against])


def _agreements(
    a: Candidate, b: Candidate, shared: Iterable[str], holders: Mapping[str, int]
) -> list[tuple[Rule, str, float]]:
    """Return for each group of rules (`Rule.about`) the first that holds.

    Returns: (rule, the value it holds for, its weight), in the order of RULES. If a rule holds for
        several values, the rarest of them counts.
    """
    best: dict[str, tuple[int, int, str]] = {}
    for value in shared:
        for index in _applicable(a.traits[value], b.traits[value]):
            rule, count = RULES[index], holders[value]
            known = best.get(rule.about)
            if (known is None or (index, count, value) < known) and (
                rule.holds is None or rule.holds(a.account, b.account)
            ):
                best[rule.about] = (index, count, value)
    return [
        (RULES[index], value, _weight(RULES[index], count))
        for index, count, value in sorted(best.values())
    ]


@cache
def _applicable(mine: int, yours: int) -> Sequence[int]:
    """Return the indexes in RULES of the rules that apply to a shared value.

    Args:
        mine: roles of the value in the first account, as flags of Facet.
        yours: roles of the value in the second account.
    """
    return [index for index, rule in enumerate(RULES) if rule.matches(mine, yours)]


@cache
def _at_most(mine: int, yours: int, holders: int) -> float:
    """Return an upper bound of what a shared value can weigh, given its roles as in _applicable."""
    most: dict[str, float] = {}
    for rule in (RULES[index] for index in _applicable(mine, yours)):
        most[rule.about] = max(most.get(rule.about, 0), _weight(rule, holders))
    return sum(most.values())


def _weight(rule: Rule, holders: int) -> float:
    # Not below zero: a value that many accounts share is no evidence, but also no counter-evidence.
    return max(0.0, rule.weight - rule.discount * log(max(1, holders - 1)))


def _shown(value: str) -> str:
    """Return VALUE without its prefix, for people to read."""
    return value.partition(":")[2]
