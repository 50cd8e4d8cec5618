"""Who may be one person: pure rules over what two accounts show.

Two accounts are compared if they have a value in common, all others never are; and the more
accounts have it, the less it says. So neither a common name nor a shared machine floods anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from dexxy.integrations.services.contributor_rules import DOUBTS, RULES, Candidate, Rule

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
        holders: how many accounts have each value, where these two are not the only ones.

    Returns: None where the evidence would not even make a suggestion.
    """
    if not (a.traits and b.traits):
        return None
    found = _agreements(a, b, holders)
    doubts = [doubt for doubt in DOUBTS if doubt.holds(a.account, b.account)]
    odds = PRIOR + sum(weight for _, _, weight in found) + sum(doubt.weight for doubt in doubts)
    confidence = 1 / (1 + exp(-odds))
    is_automatic = any(
        rule.is_strong and holders.get(value, 2) <= STRONG_AT_MOST for rule, value, _ in found
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
    a: Candidate, b: Candidate, holders: Mapping[str, int]
) -> list[tuple[Rule, str, float]]:
    """Return the first rule about each thing that holds, with the rarest value and its weight."""
    found: dict[str, tuple[Rule, str, float]] = {}
    for rule in RULES:
        if rule.about not in found and (values := rule.values(a, b)):
            value = min(values, key=lambda value: (holders.get(value, 2), value))
            others = max(1, holders.get(value, 2) - 1)
            # What everybody has says nothing; it does not speak against them.
            weight = max(0.0, rule.weight - rule.discount * log(others))
            found[rule.about] = (rule, value, weight)
    return list(found.values())


def _shown(value: str) -> str:
    return value.partition(":")[2]
