"""What the templates of people and organizations draw."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dexxy.web.search.grammar import qualifier_text
from dexxy.web.wording.evidence import in_words

register = template.Library()


@register.filter
def tag_query(tag: str) -> str:
    """Write the query of the address that lists who has a tag."""
    return f"?{urlencode({'q': qualifier_text('tag', tag)})}"


@register.filter
def evidence(reason: Mapping[str, Any]) -> str:
    """Say what speaks for two accounts' being one person's, or against it."""
    return in_words(reason)


# Of the drawing, in its own units: a step to the right for each week, and the room for a line.
_STEP, _TOP, _BOTTOM = 6, 2, 18


@register.simple_tag
def spark(weeks: Sequence[int] | None) -> SafeString:
    """Draw how much somebody said and did in each week, the oldest first.

    The numbers stand beside it, so it is hidden from who hears the page.
    """
    counts = list(weeks or ()) or [0] * 12
    most = max(counts)
    points = [
        f"{_STEP * index} {_BOTTOM - (_BOTTOM - _TOP) * count / max(most, 1):.1f}"
        for index, count in enumerate(counts)
    ]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} 20" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="M{}"/></svg>',
        _STEP * (len(counts) - 1),
        " L".join(points),
    )
