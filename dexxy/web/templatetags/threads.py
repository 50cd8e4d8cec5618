"""What the lists of threads show."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dexxy.messages import thread_table
from dexxy.messages.models import Thread
from dexxy.web.wording import numbers, times

register = template.Library()


@register.simple_tag
def waiting_for(since: datetime) -> SafeString:
    """Say for how long somebody has waited, in days however many they are."""
    passed = timezone.now() - since
    words = times.age(since, timezone.now()) if passed < timedelta(days=1) else f"{passed.days} d"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        since.isoformat(),
        times.exactly(since),
        _("Waiting %(age)s") % {"age": words},
    )


@register.filter
def waits_since(thread: Thread) -> datetime | None:
    """Return since when somebody in a thread waits for the team."""
    return thread_table.waits_since(thread)


@register.filter
def counted(number: int) -> str:
    """Write how many there are; of more than anybody counts, that there are more."""
    most = thread_table.MOST_COUNTED
    return numbers.number(number) if number <= most else f"{numbers.number(most)}+"
