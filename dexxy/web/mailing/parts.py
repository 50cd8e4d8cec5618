"""What mails are made of: sections with lines, as plain text and as HTML for mail clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language


@dataclass(frozen=True)
class Line:
    """A line of a section.

    Args:
        address: where it leads; '' where it leads nowhere.
        beside: what else is said of it.
    """

    text: str
    address: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a heading.

    Args:
        more: a line that leads to what is not shown.
    """

    heading: str
    lines: Sequence[Line]
    more: Line | None = None


@dataclass(frozen=True)
class Sheet:
    """A whole mail.

    Args:
        why: why it was sent.
        choices: the page on which that is changed; '' where there is none.
        ends_by: the address that ends such mails; '' where there is nothing to end.
    """

    heading: str
    words: Sequence[str] = ()
    sections: Sequence[Section] = ()
    why: str = ""
    choices: str = ""
    ends_by: str = ""

    def as_text(self) -> str:
        """Write it as plain text."""
        return render_to_string("web/mail/sheet.txt", {"sheet": self}).strip() + "\n"

    def as_html(self) -> str:
        """Write it as HTML: tables and inline styles, nothing remote, no script."""
        return render_to_string("web/mail/sheet.html", {"sheet": self, "language": get_language()})


def address_of(name: str, *parts: object) -> str:
    """Return the whole address of a page, for who reads it outside of Dexxy."""
    base = urlsplit(settings.DEXXY_BASE_URL)
    return f"{base.scheme}://{base.netloc}{reverse(name, args=parts)}"


def in_one_line(text: str) -> str:
    """Return what somebody wrote without what would begin another line."""
    return " ".join(text.split())
