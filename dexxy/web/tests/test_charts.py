"""Charts are shapes with plain numbers, whose words say what they show."""

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from dexxy.web.charts.heat import heat
from dexxy.web.charts.plot import Series, beside, lines, stacked
from dexxy.web.charts.scale import thinned, top_of
from dexxy.web.charts.shares import shares


def drawn(chart: object) -> str:
    with override("de"):
        return render_to_string(chart.template, {"chart": chart})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (11, 20), (289, 400), (0.5, 2), (45, 50)]
)
def test_a_scale_ends_at_a_round_number(highest: float, top: float) -> None:
    assert top_of([highest]) == top


def test_bars_stand_beside_each_other_on_the_ground() -> None:
    chart = beside(
        [Series("now", "c1", [2, 4]), Series("before", "c3", [None, 1])], ["Mon", "Tue"], "Up.", str
    )

    assert [(bar.look, bar.y, bar.height) for bar in chart.bars] == [
        ("c1", "60.0", "60.0"),
        ("c1", "0.0", "120.0"),
        ("c3", "90.0", "30.0"),
    ]
    html = drawn(chart)
    assert 'role="img" aria-label="Up."' in html
    assert "<title>Tue, before: 1</title>" in html
    assert "style=" not in html


def test_stacked_parts_have_a_gap_between_them() -> None:
    chart = stacked([Series("a", "c1", [1]), Series("b", "c2", [1])], ["Mon"], "Both.", str)

    assert [(bar.y, bar.height) for bar in chart.bars] == [("60.0", "60.0"), ("0.0", "58.0")]


def test_a_line_is_broken_where_there_is_no_number() -> None:
    [line] = lines([Series("a", "c1", [1, 2, None, 2])], list("abcd"), "Line.", str).lines

    assert line.path == "M65.0 60.0 L195.0 0.0 M455.0 0.0"
    assert line.dots == [("455.0", "0.0", "d, a: 2")]


def test_of_many_labels_some_are_left_blank() -> None:
    assert thinned(str(n) for n in range(16)) == [str(n) if n % 3 == 0 else "" for n in range(16)]


def test_the_busiest_hour_is_darkest_and_a_quiet_one_is_not_white() -> None:
    chart = heat("Mondays.", ["Mon"], {(1, 9): 100, (1, 10): 1}, "acts")

    assert [cell.level for cell in chart.cells[8:12]] == [0, 4, 1, 0]
    assert "<title>Mon 9:00: 100 acts</title>" in drawn(chart)


def test_shares_are_of_the_whole_and_lead_to_their_rows() -> None:
    html = drawn(shares("Parts.", [("Merged", 1, "25 %", "/x/"), ("Open", 3, "", "")], 4))

    assert 'width="25.0"' in html
    assert '<a href="/x/">1</a>' in html
