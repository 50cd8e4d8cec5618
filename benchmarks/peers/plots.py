"""Bars as SVG pictures, in the style of the documentation's: readable on light and on dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, MARGIN, NAMES, BAR, GAP = 782, 16, 216, 18, 10
PLACE_OF_FIGURES = 92
INK, MUTED, OURS, OTHERS = "#17191d", "#4f5661", "#2b5bd7", "#848b97"


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length in any unit, and what is written at its end."""

    name: str
    value: float
    label: str
    is_ours: bool = False


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Draw bars below each other, the longest over the whole width."""
    most = max((row.value for row in rows), default=0) or 1
    room = WIDTH - 2 * MARGIN - NAMES - PLACE_OF_FIGURES
    height = 2 * MARGIN + 24 + len(rows) * (BAR + GAP)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 12}" fill="{INK}" font-weight="bold">'
        f"{escape(title)}</text>",
    ]
    top, left = MARGIN + 30, MARGIN + NAMES
    for place, row in enumerate(rows):
        y, length = top + place * (BAR + GAP), max(1.0, row.value / most * room)
        weight = ' font-weight="bold"' if row.is_ours else ""
        drawn += [
            f'<text x="{left - 8}" y="{y + 13}" fill="{INK}" text-anchor="end"{weight}>'
            f"{escape(row.name)}</text>",
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3" '
            f'fill="{OURS if row.is_ours else OTHERS}"/>',
            f'<text x="{left + length + 6:.1f}" y="{y + 13}" fill="{MUTED}">'
            f"{escape(row.label)}</text>",
        ]
    return "\n".join([*drawn, "</svg>\n"])
