"""The views that stand beside every page."""

from collections.abc import Mapping
from typing import Any

from django import template

from dexxy.web.pinned import Pinned, pinned_of

register = template.Library()


@register.simple_tag(takes_context=True)
def pinned_views(context: Mapping[str, Any]) -> list[Pinned]:
    """Return the pinned views of the workspace that a page is of."""
    return pinned_of(context["request"].user, context["workspace"])
