"""Who takes part, in the words of the definitions: see `vectors.py`."""

from dataclasses import replace

import pytest

from dexxy.accounts.models import User
from dexxy.members.models import Member
from dexxy.messages.figures.concentration import absence_factor, elephant_factor, fewest_for_half
from dexxy.messages.figures.people import (
    contributors,
    conversion_rate,
    inactive_contributors,
    new_contributors,
    occasional_contributors,
)
from dexxy.messages.figures.scope import FigureFilters
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.tests.vectors import Case, tell, vectors
from dexxy.sources.models import Source
from tests.factories import make_source


@pytest.fixture
def told(vector: str, alice: User, source: Source) -> Case:
    return tell(vector, alice, source)


@vectors("""
    I A opens 0, A' says 1, b1 says 2, g says 3, T closes 4; now 9 => people 2, team 1, ghosts 1
    I A opens 0, B says 9; now 20, window 0 9 => people 1
    I A opens 0, B hides 1; now 9 => people 1
    P A opens 0, B wraps 1; now 9 => people 1
    D A opens 0, g closes 1; now 9 => people 1, ghosts 0
    I A opens 0, T says 1, T says 6; now 9, team T from 5 => people 2, team 1
""")
def test_contributors(told: Case) -> None:
    found = contributors(*told.asked)

    people, ghosts = len(found.people), found.ghost_messages
    assert told.agrees(people=people, team=found.team, ghosts=ghosts)


@vectors("""
    I A opens 0, B says 12 | I A opens 11; window 10 20 => new 1
    I A' opens 0 | I A opens 12 | I b1 opens 13 | I g opens 14; window 10 20 => new 0
    I T opens 0, A says 10, B says 20; window 10 20 => new 1
    I A opens 0, B hides 1, B says 11; window 10 20 => new 1
""")
def test_new_contributors(told: Case) -> None:
    found = new_contributors(*told.asked)

    assert told.agrees(new=len(found.people or ()))


@vectors("I A opens 10; window 5 20 => new 0")
def test_who_is_known_in_another_source_is_not_new(told: Case) -> None:
    other = replace(told.teller, source=make_source(workspace=told.source.workspace))
    other.tell("I A opens 0")
    found = new_contributors(*told.asked, filters=FigureFilters(source_ids=[told.source.pk]))

    assert told.agrees(new=len(found.people or ()))


@vectors("""
    I A opens 0, A says 1, A closes 2 | I B opens 0 | I B opens 1 | I B opens 2; now 9 => occasional 1, of 2, new 2
    I A opens 0 | I A opens 1 | I A opens 400d; now 401d => occasional 1, of 1, new 0
    I A opens 0 | I A' opens 1 | I A opens 2; now 9 => occasional 0, of 1
""")  # noqa: E501
def test_occasional_contributors(told: Case) -> None:
    found = occasional_contributors(*told.asked)

    assert told.agrees(occasional=found.ratio.part, of=found.ratio.of, new=len(found.new))
    assert found.ratio.of == len(found.occasional) + len(found.regular)


@vectors("""
    I A opens 0d | I A opens 1d | I A opens 2d | I B opens 0d | I B opens 1d | I B opens 2d, B says 50d; now 100d => inactive 1, of 2
    I A opens 0d | I A opens 1d; now 100d => inactive 0, of 0
    I A opens 0d, A' says 99d | I A opens 1d | I A opens 2d; now 100d => inactive 0, of 1
""")  # noqa: E501
def test_inactive_contributors(told: Case) -> None:
    found = inactive_contributors(*told.asked)

    assert told.agrees(inactive=found.ratio.part, of=found.ratio.of)


@vectors("I A opens 0d | I A opens 1d | I A opens 2d; now 100d => inactive 0, of 0")
def test_who_is_erased_has_not_gone_quiet(told: Case) -> None:
    Member.objects.filter(display_name="A").update(erased_at=told.window.now)
    found = inactive_contributors(*told.asked)

    assert told.agrees(inactive=found.ratio.part, of=found.ratio.of)


@vectors("""
    I A opens 0d | P A opens 9d, T merges 10d | I B opens 1d; now 300d => converted 1, of 2, recent 0
    P A opens 0d, T merges 181d | I B opens 200d; now 300d => converted 0, of 1, recent 1
    I A opens 0d | P A' opens 1d, T merges 2d | P b1 opens 0d, T merges 1d; now 300d => converted 1, of 1
    P A opens 0d, T merges 180d; now 180d => converted 1, of 1, recent 0
    P T opens 0d, T merges 1d; now 300d => converted 0, of 0
""")  # noqa: E501
def test_conversion_rate(told: Case) -> None:
    found = conversion_rate(*told.asked).converted

    assert found is not None
    recent = len(found.recent)
    assert told.agrees(converted=found.ratio.part, of=found.ratio.of, recent=recent)


@vectors("""
    I A opens 0d, A says 5d | I B opens 1d | I T opens 0d, B says 91d; now 300d => back 1, of 2, recent 0
    I A opens 0d | I T opens 0d, A says 91d | I B opens 250d; now 300d => back 0, of 1, recent 1
""")  # noqa: E501
def test_newcomers_who_came_back(told: Case) -> None:
    found = conversion_rate(*told.asked).came_back

    assert found is not None
    recent = len(found.recent)
    assert told.agrees(back=found.ratio.part, of=found.ratio.of, recent=recent)


def test_nobody_is_new_before_all_is_read(alice: User, source: Source) -> None:
    viewer, workspace, window = tell("I A opens 0; now 300d", alice, source).asked
    window = replace(window, has_history=False)

    assert shown(new_contributors(viewer, workspace, window)).people is None
    conversion = shown(conversion_rate(viewer, workspace, window))
    assert (conversion.converted, conversion.came_back) == (None, None)


@pytest.mark.parametrize(
    ("counts", "factor"),
    [([1000, 202, 90, 33, 332, 343, 42, 433], 2), ([5, 5, 5, 5], 2), ([7], 1), ([], None)],
)
def test_the_fewest_for_half(counts: list[int], factor: int | None) -> None:
    assert fewest_for_half(counts) == factor


@vectors("""
    I A opens 0, A' says 1, B says 2, b1 says 3, b1 says 4, g says 5; now 9 => factor 1, people 2, acts 3
""")  # noqa: E501
def test_contributor_absence_factor(told: Case) -> None:
    found = absence_factor(*told.asked)

    assert told.agrees(factor=found.factor, people=len(found.people), acts=found.acts)
    assert shown(found).factor is None


@vectors("""
    I A opens 0, B says 1, C says 2, A says 3; now 9, org A x, org B y, org C z => factor 1, organisations 3, known 100
    I A opens 0, B says 1, C says 2; now 9, org A x => factor none, known 33
    I A opens 0, B says 1, C says 2, D says 3; now 9, org A x, org B y => factor 1, organisations 2, known 50
    I A opens 0, B says 1, C says 2; now 9, org A Acme, org B acme, org C z => factor 1, organisations 2
""")  # noqa: E501
def test_elephant_factor(told: Case) -> None:
    found = elephant_factor(*told.asked)

    known = int(found.known.percent or 0)
    organisations = len(found.organizations)
    assert told.agrees(factor=found.factor, organisations=organisations, known=known)
