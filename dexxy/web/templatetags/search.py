"""What the templates of the search need."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dexxy.messages.models import Message
from dexxy.web.frame import keyboard
from dexxy.web.frame.shortcuts import addresses_of_keys
from dexxy.web.search import marks
from dexxy.web.search.box import SearchBox
from dexxy.web.search.grammar import qualifier_text

register = template.Library()


@register.filter
def marked(text: object, found: re.Pattern[str] | None) -> SafeString:
    """Mark in a text what was searched for."""
    return marks.marked(str(text), found)


@register.simple_tag
def marked_excerpt(message: Message, found: re.Pattern[str] | None) -> SafeString:
    """Show a line of a message with the first match in it, marked."""
    return marks.marked(marks.excerpt_of(message.body, found), found)


@register.simple_tag
def narrowed(box: SearchBox, name: str, value: object) -> str:
    """Return the address of the same list with one more qualifier."""
    return box.address(box.query.with_term(qualifier_text(name, str(value))))


@register.simple_tag
def found_number(count: int | None, most: int) -> str:
    """Write how many results there are; beyond MOST nobody counts."""
    if count is None:
        return _("many")
    return f"{intcomma(most)}+" if count > most else str(intcomma(count))


@register.simple_tag(takes_context=True)
def keys(context: Mapping[str, Any]) -> str:
    """Return as JSON where the keys behind `g` lead; '' where the reader switched keys off."""
    request, workspace = context.get("request"), context.get("workspace")
    if request is None or workspace is None or not keyboard.is_on(request):
        return ""
    return json.dumps(addresses_of_keys(workspace))


@register.simple_tag(takes_context=True)
def keys_are_on(context: Mapping[str, Any]) -> bool:
    """Say whether keys of one letter do something for the reader."""
    return "request" in context and keyboard.is_on(context["request"])
