"""Who may be one person: pure rules over what two accounts show.

Two accounts are compared if they have a value in common, all others never are; and the more
accounts have it, the less it says. So neither a common name nor a shared machine floods anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log

from dexxy.integrations.services.contributors.rules import DOUBTS, RULES, Candidate, Rule

# A value that more accounts have is no reason to compare them.
COMPARED_AT_MOST = 30
# A mailbox or a link that more accounts have is a shared one, whatever it looks like.
STRONG_AT_MOST = 4
# What stands against any two accounts before the evidence.
PRIOR = -5.2
# Suggestions below this confidence are not made.
CUT = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason why two accounts may be one person's or, with a negative weight, may not."""

    rule: str
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the evidence says about two accounts.

    Args:
        confidence: from 0 to 1.
        is_automatic: whether the evidence is strong enough to make them one without asking.
    """

    confidence: float
    is_automatic: bool
    evidence: Sequence[Evidence]


def decide(a: Candidate, b: Candidate, holders: Mapping[str, int]) -> Decision | None:
    """Weigh all that speaks for and against A and B being one person's.

    Args:
        holders: how many accounts have each value that both show.

    Returns: None where the evidence would not even make a suggestion.
    """
    shared = a.traits.keys() & b.traits.keys()
    at_most = sum(_at_most(a.traits[value], b.traits[value], holders[value]) for value in shared)
    if PRIOR + at_most < 0:
        return None
    found = _agreements(a, b, shared, holders)
    doubts = [doubt for doubt in DOUBTS if doubt.holds(a.account, b.account)]
    odds = PRIOR + sum(weight for _, _, weight in found) + sum(doubt.weight for doubt in doubts)
    confidence = 1 / (1 + exp(-odds))
    is_automatic = any(
        rule.is_strong and holders[value] <= STRONG_AT_MOST for rule, value, _ in found
    )
    if confidence < CUT and not is_automatic:
        return None
    about = {"a": a.account, "b": b.account}
    reasons = [
        Evidence(rule.name, weight, rule.sentence.format(value=_shown(value), **about))
        for rule, value, weight in found
    ]
    against = [Evidence(d.name, d.weight, d.sentence.format(**about)) for d in doubts]
    return Decision(confidence, is_automatic, [*reasons, *against])


def _agreements(
    a: Candidate, b: Candidate, shared: Iterable[str], holders: Mapping[str, int]
) -> list[tuple[Rule, str, float]]:
    """Return the first rule about each thing that holds, with the rarest value and its weight."""
    found: dict[str, tuple[int, int, str]] = {}
    for value in shared:
        for place in _met(a.traits[value], b.traits[value]):
            rule, count = RULES[place], holders[value]
            known = found.get(rule.about)
            if (known is None or (place, count, value) < known) and (
                rule.holds is None or rule.holds(a.account, b.account)
            ):
                found[rule.about] = (place, count, value)
    return [
        (RULES[place], value, _weight(RULES[place], count))
        for place, count, value in sorted(found.values())
    ]


@cache
def _met(mine: int, yours: int) -> Sequence[int]:
    """Return the places of the rules that are met by a value had as MINE and as YOURS."""
    return [place for place, rule in enumerate(RULES) if rule.matches(mine, yours)]


@cache
def _at_most(mine: int, yours: int, holders: int) -> float:
    """Return the most that a value had as MINE and as YOURS can weigh."""
    most: dict[str, float] = {}
    for rule in (RULES[place] for place in _met(mine, yours)):
        most[rule.about] = max(most.get(rule.about, 0), _weight(rule, holders))
    return sum(most.values())


def _weight(rule: Rule, holders: int) -> float:
    # What everybody has says nothing; it does not speak against them.
    return max(0.0, rule.weight - rule.discount * log(max(1, holders - 1)))


def _shown(value: str) -> str:
    return value.partition(":")[2]
