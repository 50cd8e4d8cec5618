"""Measures how well people are stitched, on populations that the rules were not tuned on.

A pair of accounts is right if both are one person's. Suggestions are counted together with
automatic links: what a team would get that accepts all of them. The peers see names and
addresses, which is what they are made for. The rules have texts, so that the settings are needed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rich.console import Console
from rich.table import Table

from benchmarks.people_peer import gambit_groups
from benchmarks.population import HELD_OUT_SEEDS, population
from benchmarks.population_people import Account as Invented
from dexxy.integrations.services.contributors.comparing.suggestion_decision import (
    COMPARED_AT_MOST,
    CUT,
    decide,
)
from dexxy.integrations.services.contributors.comparing.suggestion_rules import Candidate
from dexxy.integrations.services.contributors.comparing.traits import Account

# The peer compares everybody with everybody: more than this takes it too long.
BESIDE_PEERS, LARGE = 500, 5000
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs that a method found, by what it would do with them."""

    automatic: set[Pair]
    suggested: set[Pair]


@dataclass(slots=True)
class Score:
    """Pairs found, pairs found rightly, and pairs there are."""

    found: int = 0
    right: int = 0
    true: int = 0

    def add(self, pairs: Iterable[Pair], people: Sequence[Invented], true: int) -> None:
        wanted = [people[a].person == people[b].person for a, b in pairs]
        self.found, self.right = self.found + len(wanted), self.right + sum(wanted)
        self.true += true

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.true) if self.true else 1


def by_our_rules(people: Sequence[Invented]) -> Found:
    """Compare those who share a value, as the service does, without a database."""
    candidates = [Candidate.of(_shown(one)) for one in people]
    blocks = defaultdict(list)
    for place, candidate in enumerate(candidates):
        for value in candidate.traits:
            blocks[value].append(place)
    holders = {value: len(block) for value, block in blocks.items()}
    found = Found(set(), set())
    for pair in _pairs(block for block in blocks.values() if len(block) <= COMPARED_AT_MOST):
        decision = decide(candidates[pair[0]], candidates[pair[1]], holders)
        if decision:
            (found.automatic if decision.is_automatic else found.suggested).add(pair)
    # Who is linked to one is linked to all that one is linked to.
    automatic = _closure(found.automatic)
    return Found(automatic, found.suggested - automatic)


def by_exact_email(people: Sequence[Invented]) -> Found:
    """Merge whoever shows one address, as many importers do."""
    blocks = defaultdict(list)
    for place, one in enumerate(people):
        if one.email:
            blocks[one.email.lower()].append(place)
    return Found(_pairs(blocks.values()), set())


def by_gambit(people: Sequence[Invented]) -> Found:
    """Ask gambit-disambig, with its own settings."""
    return Found(_pairs(gambit_groups([(one.name, one.email) for one in people])), set())


def _shown(one: Invented) -> Account:
    return Account(
        provider=one.provider,
        external_id=one.external_id,
        username=one.username,
        name=one.name,
        email=one.email,
        is_email_verified=one.is_email_verified,
        kind=one.kind,
        url=one.url,
        links=one.links,
    )


def _pairs(groups: Iterable[Sequence[int]]) -> set[Pair]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


def _closure(pairs: Iterable[Pair]) -> set[Pair]:
    group: dict[int, set[int]] = {}
    for a, b in pairs:
        joined = group.get(a, {a}) | group.get(b, {b})
        group.update(dict.fromkeys(joined, joined))
    return _pairs([sorted(one) for one in group.values()])


def _true_pairs(people: Sequence[Invented]) -> set[Pair]:
    accounts = defaultdict(list)
    for place, one in enumerate(people):
        accounts[one.person].append(place)
    return _pairs(accounts.values())


METHODS: dict[str, Callable[[Sequence[Invented]], set[Pair]]] = {
    "Dexxy, automatic": lambda people: by_our_rules(people).automatic,
    "Dexxy, with suggestions": lambda people: _all(by_our_rules(people)),
    "gambit-disambig": lambda people: _all(by_gambit(people)),
    "exact e-mail": lambda people: _all(by_exact_email(people)),
}
# What the peer was not made for.
SHARED = {"shared_address", "role_address", "machine", "bot", "organization"}


def beside_peers(*, on_their_ground: bool) -> Table:
    """Compare the methods on populations that the slowest of them can handle.

    Args:
        on_their_ground: only accounts that show a name and an address, as those of commits do, and
            none of those that share one.
    """
    scores = {name: Score() for name in METHODS}
    for seed in HELD_OUT_SEEDS:
        people = population(seed, people=BESIDE_PEERS)
        if on_their_ground:
            people = [one for one in people if one.name and one.email and one.group not in SHARED]
        true = len(_true_pairs(people))
        for name, method in METHODS.items():
            scores[name].add(method(people), people, true)
    who = "with name and address of their own" if on_their_ground else "of every class"
    title = f"Stitching, beside peers: {len(HELD_OUT_SEEDS)} times {BESIDE_PEERS} people, {who}"
    table = _table(title, "pairs", "precision", "recall", "F1")
    for name, score in scores.items():
        shares = (score.precision, score.recall, score.f1)
        table.add_row(name, str(score.found), *map(_share, shares))
    return table


def by_class() -> Table:
    """Show precision and recall of each class of people, in populations of usual size."""
    scores: Mapping[str, tuple[Score, Score]] = defaultdict(lambda: (Score(), Score()))
    for seed in HELD_OUT_SEEDS:
        people = population(seed, people=LARGE)
        found, true = by_our_rules(people), _true_pairs(people)
        for place, pairs in enumerate((found.automatic, _all(found))):
            groups = {name: Score() for name in Counter(one.group for one in people)}
            for name in ("all", *groups):
                mine = [pair for pair in pairs if _touches(pair, name, people)]
                wanted = sum(_touches(pair, name, people) for pair in true)
                scores[name][place].add(mine, people, wanted)
    title = f"Stitching, by class: {len(HELD_OUT_SEEDS)} times {LARGE} people, cut at {CUT}"
    table = _table(
        title,
        "pairs",
        "automatic",
        "precision",
        "recall",
        "with suggestions",
        "precision",
        "recall",
    )
    for name, (automatic, everything) in sorted(scores.items(), key=lambda item: item[0] != "all"):
        table.add_row(name, str(automatic.true), *_cells(automatic), *_cells(everything))
    return table


def _touches(pair: Pair, group: str, people: Sequence[Invented]) -> bool:
    """Tell whether a pair counts for a class; a wrong one counts for both of its people's."""
    return group in {"all", people[pair[0]].group, people[pair[1]].group}


def _all(found: Found) -> set[Pair]:
    return found.automatic | found.suggested


def _cells(score: Score) -> tuple[str, str, str]:
    recall = _share(score.recall) if score.true else "-"
    return str(score.found), _share(score.precision) if score.found else "-", recall


def _share(number: float) -> str:
    return f"{number:.4f}"


def _table(title: str, *columns: str) -> Table:
    table = Table("", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def main() -> None:
    for table in (by_class(), *(beside_peers(on_their_ground=on) for on in (False, True))):
        Console().print(table)


if __name__ == "__main__":
    main()
