"""The page of figures, one figure, its table as CSV, and the lists behind its numbers."""

from collections.abc import Sequence
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.common.sql import TooSlowError
from dexxy.members.models import Member
from dexxy.members.who_may_see import members_by_id
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.figures.organizations import organizations_of_nobody
from dexxy.messages.figures.periods import CUSTOM, NAMED, USUAL
from dexxy.messages.models import Thread
from dexxy.messages.selectors import threads_by_id
from dexxy.sources.selectors import visible_sources
from dexxy.web.insights import keeping, words
from dexxy.web.insights.asking import read_asked
from dexxy.web.insights.cards import Asked, Card
from dexxy.web.insights.catalogue import CARDS, OVERVIEW, SECTIONS
from dexxy.web.insights.keeping import PEOPLE, STATE, Kept, KeptRows, card_of, rows_of
from dexxy.web.insights.reference import language_of, reference
from dexxy.web.pages import PageRequest, wants_part, workspace_page
from dexxy.web.saved.gone import what_is_gone


@workspace_page
def insights(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show all figures: each loads itself, or all at once with `?all=1`."""
    context: dict[str, Any] = {"workspace": workspace, "section": "insights"}
    context |= {"sources": visible_sources(request.user, workspace), "kinds": words.KINDS.items()}
    context |= {"periods": [*NAMED, CUSTOM], "given": request.GET}
    try:
        asked = read_asked(request.user, workspace, request.GET, timezone.now())
    except BadInputError as error:
        context["error"] = str(error)
        return render(request, "web/insights/page.html", context, status=400)
    context |= _of_time(asked)
    if request.GET.get("all") == "1":
        return _all(request, asked, context)
    context |= {"sections": SECTIONS, "overview": OVERVIEW}
    return render(request, "web/insights/page.html", context)


@workspace_page
def one_figure(request: PageRequest, workspace: Workspace, figure: str) -> HttpResponse:
    """Show one figure: as a card of the page, or as a page to send to somebody."""
    card = _card(figure)
    asked = _asked(request, workspace, card)
    if wants_part(request, f"c-{card.slug}"):
        return _part(request, asked, card)
    context = {"workspace": workspace, "section": "insights", **_of_time(asked)}
    context |= {"sources": visible_sources(request.user, workspace), "kinds": words.KINDS.items()}
    kept, is_counting = card_of(asked, card)
    if kept is not None:
        context["shown"] = _shown(request, asked, card, kept, is_counting)
    context |= {"card": card, "kept": kept}
    return render(request, "web/insights/figure.html", context)


@workspace_page
def how_counted(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the reference of all figures."""
    context: dict[str, Any] = {"workspace": workspace, "section": "insights"}
    language = language_of(get_language() or "")
    context |= {"reference": reference(language), "language": language}
    return render(request, "web/insights/how.html", context)


@workspace_page
def figure_csv(request: PageRequest, workspace: Workspace, figure: str) -> HttpResponse:
    """Send the table of a figure for a spreadsheet; it waits for it as long as for any page."""
    card = _card(figure)
    asked = _asked(request, workspace, card)
    try:
        table = card.draw(asked).table
    except TooSlowError:
        context = {"workspace": workspace, "section": "insights", "card": card, **_of_time(asked)}
        return render(request, "web/insights/too_slow.html", context, status=503)
    days = f"{asked.period.first.isoformat()}-{asked.period.last.isoformat()}"
    name = f"{workspace.slug}-{card.slug}-{days}.csv"
    response = HttpResponse(table.csv() if table else "", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@workspace_page
def figure_rows(request: PageRequest, workspace: Workspace, figure: str, rows: str) -> HttpResponse:
    """Show the threads or people that a number of a figure counts."""
    card = _card(figure)
    asked = _asked(request, workspace, card)
    found, is_counting = rows_of(asked, card, rows, _after(request))
    context: dict[str, Any] = {"workspace": workspace, "section": "insights", **_of_time(asked)}
    context |= {"card": card, "rows": found, "is_counting": is_counting}
    context["address"] = asked.address("insights_figure", card.slug)
    if found is None:
        return render(request, "web/insights/rows_counting.html", context)
    if found.is_too_slow:
        return render(request, "web/insights/too_slow.html", context, status=503)
    if found.total is None:
        raise Http404("That figure has no such list.")
    context |= {"first": found.after + 1, "items": _items(asked, found)}
    return render(request, "web/insights/rows.html", context)


def _all(request: PageRequest, asked: Asked, context: dict[str, Any]) -> HttpResponse:
    """Show all figures on one page: what takes too long for that completes it when it is ready."""
    until = monotonic() + keeping.PATIENCE_FOR_ALL
    of_cards = {
        slug: asked if card.usual == USUAL else _asked(request, asked.workspace, card)
        for slug, card in CARDS.items()
    }
    found = {
        slug: card_of(of_cards[slug], card, patience=until - monotonic())
        for slug, card in CARDS.items()
    }
    shown = {slug: _shown(request, asked, CARDS[slug], *one) for slug, one in found.items()}
    context |= {
        "sections": [(name, [shown[card.slug] for card in cards]) for name, cards in SECTIONS],
        "overview": shown[OVERVIEW.slug],
        "is_counting": any(kept is None for kept, _ in found.values()),
    }
    return render(request, "web/insights/all.html", context)


def _part(request: PageRequest, asked: Asked, card: Card) -> HttpResponse:
    """Answer with a card, or with nothing new where the browser has what is kept."""
    kept, is_counting = card_of(asked, card)
    if is_counting and request.GET.get("have") == _counted_at(kept):
        return HttpResponse(status=204)
    return HttpResponse(_shown(request, asked, card, kept, is_counting))


def _counted_at(kept: Kept | None) -> str:
    return kept.counted_at.isoformat() if kept else ""


def _shown(
    request: PageRequest, asked: Asked, card: Card, kept: Kept | None, is_counting: bool
) -> SafeString:
    """Show a card that is kept, or that it is being counted."""
    context: dict[str, Any] = {"workspace": asked.workspace, "card": card, "kept": kept}
    context["query_string"] = asked.query_string
    context |= {"have": urlencode({**asked.query, "have": _counted_at(kept)}, doseq=True)}
    if kept is None:
        return render_to_string("web/insights/counting.html", context, request)
    known = members_by_id(asked.viewer, asked.workspace, [pk for pk, _beside in kept.people])
    names = {member.pk: member for member in known}
    context["people"] = [(names[pk], said) for pk, said in kept.people if pk in names]
    people = render_to_string("web/insights/people.html", context, request)
    state = render_to_string("web/insights/state.html", context, request) if is_counting else ""
    html = kept.html.replace(PEOPLE, people).replace(STATE, state)
    # It was rendered by our own template.
    return mark_safe(html)  # noqa: S308  # nosec B308, B703


def _asked(request: PageRequest, workspace: Workspace, card: Card) -> Asked:
    """Return what a card is asked for."""
    now = timezone.now()
    return read_asked(request.user, workspace, request.GET, now, usual=card.usual)


def _card(slug: str) -> Card:
    if slug not in CARDS:
        raise Http404("There is no such figure.")
    return CARDS[slug]


def _of_time(asked: Asked) -> dict[str, Any]:
    """Return what the heads of the pages say about the time."""
    before = asked.period.shifted(-1)
    is_old = timezone.now() - asked.window.now > words.STALE
    return {
        "asked": asked,
        "days": words.between(asked.period),
        "days_before": words.between(before, year=asked.period.last.year),
        "earlier": before,
        "later": asked.period.shifted(1) if asked.period.until <= timezone.now() else None,
        "is_old": is_old,
        "zone": asked.window.zone,
        "query_string": asked.query_string,
        "gone": _gone(asked),
    }


def _gone(asked: Asked) -> list[str]:
    """Say what is counted alone that is not there any more."""
    filters = asked.filters
    if not (filters.source_ids or filters.organizations):
        return []
    sources = list(visible_sources(asked.viewer, asked.workspace))
    nobody = organizations_of_nobody(asked.viewer, asked.workspace, filters.organizations)
    kept = ThreadFilters(source_ids=filters.source_ids)
    return what_is_gone(kept, sources, organizations=nobody)


def _items(asked: Asked, rows: KeptRows) -> Sequence[tuple[Thread | Member, str]]:
    """Return the rows of a page of a list, each with what stands beside it."""
    read = members_by_id if rows.is_people else threads_by_id
    ids = [pk for pk, _beside in rows.items]
    known = {one.pk: one for one in read(asked.viewer, asked.workspace, ids)}
    return [(known[pk], beside) for pk, beside in rows.items if pk in known]


def _after(request: PageRequest) -> int:
    text = request.GET.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Http404(_("There is no such page."))
    return int(text)
