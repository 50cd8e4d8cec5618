"""What the templates about a member need."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dexxy.messages.figures.outcomes import Outcome, Taken
from dexxy.web.wording import times

register = template.Library()


@register.simple_tag
def since(moment: datetime) -> SafeString:
    """Say for how long something lasts, with the exact time of its beginning to read."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        times.exactly(moment),
        times.lasting(timezone.now() - moment),
    )


@register.simple_tag
def outcome(taken: Taken) -> str:
    """Say how long a thread took until it was answered, or what became of it instead."""
    if taken.took is None:
        return _("closed without an answer")
    words = {
        Outcome.DONE: _("answered after %(time)s"),
        Outcome.OPEN: _("no answer for %(time)s"),
        Outcome.WITHDRAWN: _("closed by its author after %(time)s, before an answer"),
    }
    return words[taken.outcome] % {"time": times.lasting(taken.took)}
