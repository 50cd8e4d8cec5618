"""The numbers of a member as the page shows them, each with the address of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.messages.figures.outcomes import Durations
from dexxy.messages.member_activity.counts import Counts
from dexxy.messages.models import ThreadKind
from dexxy.web.wording import numbers, times

# Nouns begin with a capital in some languages: a label in small letters is none of theirs.
_WITHIN_A_SENTENCE = {
    ThreadKind.ISSUE: gettext_lazy("issues"),
    ThreadKind.PULL_REQUEST: gettext_lazy("pull requests"),
    ThreadKind.DISCUSSION: gettext_lazy("discussions"),
}


@dataclass(frozen=True)
class Number:
    """One number.

    Args:
        detail: what stands below it.
        address: where its rows are; '' where there are none.
    """

    label: str
    value: str
    detail: str
    address: str


def numbers_of(
    slug: str, pk: int, counts: Counts, answers: Mapping[ThreadKind, Durations]
) -> list[Number]:
    """Return the six numbers of a member; two of them are others for one of the team.

    Args:
        slug, pk: of the workspace, and of the member.
    """
    page = reverse("member", args=[slug, pk])
    threads = reverse("member_threads", args=[slug, pk])
    return [
        Number(
            _("Messages"),
            _n(counts.messages),
            _("%(n)s in 90 days") % {"n": _n(counts.recent)},
            f"{page}#activity",
        ),
        Number(_("Threads"), _n(counts.opened), _kinds(counts), threads),
        _merged(counts, threads),
        Number(
            _("Reviews"),
            _n(counts.reviews),
            ngettext("in %(n)s pull request", "in %(n)s pull requests", counts.reviewed)
            % {"n": _n(counts.reviewed)},
            f"{page}?kind=review#activity",
        ),
        *_with_others(counts, answers, threads),
    ]


def _kinds(counts: Counts) -> str:
    issues, pulls, discussions = (counts.opened_of(kind) for kind in ThreadKind)
    said = [
        (issues, ngettext("%(n)s issue", "%(n)s issues", issues)),
        (pulls, ngettext("%(n)s pull request", "%(n)s pull requests", pulls)),
        (discussions, ngettext("%(n)s discussion", "%(n)s discussions", discussions)),
    ]
    parts = [words % {"n": _n(number)} for number, words in said if number]
    return ", ".join(parts) or _("none opened")


def _merged(counts: Counts, threads: str) -> Number:
    opened = counts.opened_of(ThreadKind.PULL_REQUEST)
    return Number(
        _("Pull requests merged"),
        _n(counts.merged),
        _("of %(n)s") % {"n": _n(opened)},
        f"{threads}?list=merged",
    )


def _with_others(
    counts: Counts, answers: Mapping[ThreadKind, Durations], threads: str
) -> list[Number]:
    if counts.helped is not None:
        return [
            _of_others(_("Helped others"), counts.helped, f"{threads}?list=helped"),
            _answers(answers, f"{threads}?list=answered"),
        ]
    return [
        _of_others(_("Answered others"), counts.answered or 0, f"{threads}?list=replied"),
        _of_others(_("Closed or merged"), counts.ended or 0, f"{threads}?list=ended"),
    ]


def _of_others(label: str, number: int, address: str) -> Number:
    detail = ngettext("thread of somebody else", "threads of others", number)
    return Number(label, _n(number), detail, address)


def _answers(answers: Mapping[ThreadKind, Durations], address: str) -> Number:
    """Say how fast the team answers: per kind, for kinds differ; too few are listed instead."""
    told = [(kind, one) for kind, one in answers.items() if one.median is not None]
    told.sort(key=lambda pair: -pair[1].n)
    total = sum(one.n for one in answers.values())
    if not told:
        return Number(_("We answer in"), "—", _too_few(answers, total), address if total else "")
    (kind, main), *others = told
    details = [_("median of %(n)s %(kind)s, 12 months") % {"n": main.n, "kind": _of(kind)}]
    details += [f"{_of(one)}: {_lasting(found)}" for one, found in others]
    return Number(_("We answer in"), _lasting(main), "; ".join(details), address)


def _too_few(answers: Mapping[ThreadKind, Durations], total: int) -> str:
    if not total:
        return _("no thread in 12 months")
    if any("median" not in one.withheld and one.n for one in answers.values()):
        return _("not yet half of %(n)s") % {"n": total}
    done = sum(one.done for one in answers.values())
    return _("%(done)s of %(n)s answered") % {"done": done, "n": total}


def _lasting(found: Durations) -> str:
    return times.lasting(found.median) if found.median is not None else "—"


def _of(kind: ThreadKind) -> str:
    return str(_WITHIN_A_SENTENCE[kind])


def _n(number: int) -> str:
    return numbers.number(number)
