"""In random communities, each figure equals what a look at every message says.

The looks are written anew from the definitions, in loops over all rows, and share nothing with the
statements but the estimator.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from math import sqrt
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dexxy.accounts.models import User
from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.changes.followers import changed_since
from dexxy.messages.figures import (
    concentration,
    durations,
    flow,
    flow_trend,
    people,
    reach,
    rhythm,
    trends,
)
from dexxy.messages.figures.activity import activity
from dexxy.messages.figures.cohort import FOLLOWER
from dexxy.messages.figures.estimator import Observation, quantile
from dexxy.messages.figures.keeping import times_keep
from dexxy.messages.figures.outcomes import Durations, Outcome
from dexxy.messages.figures.scope import EVERYTHING, FigureFilters, Window
from dexxy.messages.figures.steps import window_before
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Change, Follower, Message, Release, Thread, ThreadKind
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.sources.models import Source
from tests.factories import make_release, make_source

SEEDS = [0, 1, 14, 16, 17, 22]
PEOPLE = ["A", "A'", "B", "C", "D", "E", "T", "U", "b1", "b2", "g", "m"]
VERBS = {
    "I": ["says", "says", "hides", "closes", "reopens", "fixes", "commits"],
    "P": [
        *("says", "hides", "approves", "wraps", "lines"),
        *("closes", "commits", "reopens", "merges", "readies", "drafts"),
    ],
    **{kind: ["says", "says", "chooses", "closes"] for kind in "DQN"},
}
SAID = {"opened", "comment", "reply", "review", "review_comment"}
ENDS = {"closed", "merged"}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONE = "Europe/Berlin"


def story(random: Random) -> str:
    """Make up a thread: a few acts at few different hours, so that some are at the same time."""
    kind = random.choice("IIPPDQN")
    hour = random.randrange(0, 24 * 500)
    acts = [f"{random.choice(PEOPLE)} opens {hour}"]
    if random.random() < 0.1:
        hour -= 30
    for _ in range(random.randrange(6)):
        hour += random.choice([0, 1, 5, 24, 24 * 20, 24 * 100])
        acts.append(f"{random.choice(PEOPLE)} {random.choice(VERBS[kind])} {hour}")
        if acts[-1].split()[1] in {"merges", "chooses"}:
            break
    return f"{kind} {', '.join(acts)}"


@dataclass
class Act:
    at: datetime
    pk: int
    kind: str
    who: int | None
    is_bot: bool
    is_said: bool
    in_feed: bool
    is_work: bool
    is_approval: bool

    @property
    def is_person(self) -> bool:
        return self.who is not None and not self.is_bot

    @property
    def is_act(self) -> bool:
        return self.is_person and self.in_feed and self.is_said


@dataclass
class Told:
    """A thread as a naive look has it."""

    pk: int
    source: int
    kind: str
    row: Thread
    opener: int | None
    is_bot: bool
    is_ghost: bool
    is_imported: bool
    acts: list[Act]

    @property
    def drafting(self) -> list[Act]:
        return [act for act in self.acts if act.kind in {"ready", "drafted"}]

    @property
    def is_draft(self) -> bool:
        if self.drafting:
            return self.drafting[-1].kind == "drafted"
        # Of what no message tells, the thread itself does.
        return self.row.state_reason == "draft"

    @property
    def start(self) -> datetime:
        """When somebody begins to wait: a draft is not waited for."""
        was_draft = bool(self.drafting) and self.drafting[0].kind == "ready"
        return self.drafting[0].at if was_draft else self.row.opened_at

    def state_at(self, at: datetime) -> Act | None:
        """Return what closed it, if it was closed just before AT."""
        last = None
        for act in self.acts:
            if act.at < at and act.kind in {*ENDS, "reopened"}:
                last = act
        return last if last and last.kind in ENDS else None


class Look:
    """A look at every message of a workspace."""

    def __init__(self, window: Window, filters: FigureFilters, team: dict[int, datetime]) -> None:
        self.window, self.team = window, team
        self.messages = defaultdict(list)
        for m in Message.objects.filter(is_archived=False).select_related("author__member"):
            self.messages[m.thread_id].append(m)
        releases = Release.objects.filter(is_archived=False, source__is_archived=False)
        if filters.source_ids:
            releases = releases.filter(source__in=filters.source_ids)
        self.releases = list(
            releases.order_by("published_at", "pk").values_list("pk", "published_at")
        )
        shown = Thread.objects.shown().select_related("author__member")
        self.all = [self._told(thread) for thread in shown]
        self.threads = [
            one
            for one in self.all
            if one.source in (filters.source_ids or [one.source])
            and (not filters.kinds or one.kind in filters.kinds)
        ]

    def _told(self, thread: Thread) -> Told:
        acts = []
        for m in self.messages[thread.pk]:
            hidden = m.details.get("minimized")
            account = m.author
            acts.append(
                Act(
                    at=m.occurred_at,
                    pk=m.pk,
                    kind=m.kind,
                    who=account.member_id if account else None,
                    is_bot=bool(account and account.member.is_bot),
                    is_said=hidden in (None, "resolved", "outdated", "duplicate"),
                    in_feed=m.in_feed,
                    is_approval=m.details.get("state") == "APPROVED",
                    is_work=m.details.get("subject", {}).get("type") in ("commit", "pull_request"),
                )
            )
        acts = sorted(
            (act for act in acts if act.at <= self.window.now), key=lambda a: (a.at, a.pk)
        )
        opener = thread.author
        return Told(
            pk=thread.pk,
            source=thread.source_id,
            kind=thread.kind,
            row=thread,
            opener=opener.member_id if opener else None,
            is_bot=bool(opener and opener.member.is_bot),
            is_ghost=opener is None or opener.kind == IdentityKind.MANNEQUIN,
            is_imported=any(act.at < thread.opened_at for act in acts if act.in_feed),
            acts=acts,
        )

    def is_team(self, who: int | None, at: datetime) -> bool:
        return who in self.team and self.team[who] <= at

    def inside(self, at: datetime) -> bool:
        return self.window.since <= at < self.window.until and at <= self.window.now

    def cohort(self, kind: str, *, with_team: bool = False) -> list[Told]:
        return [
            one
            for one in self.threads
            if one.kind == kind
            and self.inside(one.row.opened_at)
            and not (one.is_bot or one.is_ghost or one.is_imported or one.is_draft)
            and (with_team or not self.is_team(one.opener, one.row.opened_at))
        ]

    def waits(
        self, cohort: Sequence[Told], event: Callable[[Told], datetime | None]
    ) -> dict[str, object]:
        """Return the figures of a duration."""
        counts: Counter[str] = Counter()
        observed = []
        for one in cohort:
            at, start = event(one), one.start
            if at is not None and at < start:
                continue  # while it was a draft
            end = one.state_at(at or self.window.now + HOUR)
            is_unknown = end is not None and end.who is None and one.kind == "discussion"
            if end is not None and (end.who == one.opener or (is_unknown and at is None)):
                counts["withdrawn"] += 1
                waited = max(timedelta(0), end.at - start)
                observed.append(Observation(waited, has_happened=False))
            elif at is not None:
                counts["done"] += 1
                observed.append(Observation(at - start, has_happened=True))
            elif end is not None:
                counts["never"] += 1
                observed.append(Observation(None, has_happened=False))
            else:
                counts["open"] += 1
                observed.append(Observation(self.window.now - start, has_happened=False))
        found = {name: counts[name] for name in ("done", "open", "never", "withdrawn")}
        return {**found, "n": sum(found.values()), "median": quantile(observed, 0.5)}

    def answers(self, one: Told, *, team: bool = False) -> datetime | None:
        """Return the first word, or merge, of somebody else, or what they closed an issue with."""
        for act in self.others(one):
            is_word = act.kind in SAID - {"opened"} and act.in_feed and act.is_said
            is_fix = one.kind == "issue" and act.kind == "closed" and act.is_work
            is_answer = is_word or act.kind == "merged" or is_fix
            if is_answer and (not team or self.is_team(act.who, act.at)):
                return act.at
        return None

    def others(self, one: Told) -> list[Act]:
        return [act for act in one.acts if act.is_person and act.who != one.opener]

    def reviewed(self, one: Told) -> datetime | None:
        for act in self.others(one):
            if act.kind == "merged" or (act.kind in {"review", "review_comment"} and act.is_said):
                return act.at
        return None

    def owed_since(self, one: Told) -> tuple[datetime, datetime] | None:
        """Walk by the rules of waiting: return since when the team owes the next word, if it does.

        Returns: with when the opener last asked for it.
        """
        opened = one.row.opened_at
        if one.is_bot or one.is_ghost or self.is_team(one.opener, opened):
            return None
        drafting = one.drafting
        is_draft = drafting[0].kind == "ready" if drafting else one.is_draft
        since = before = None if is_draft else (opened, opened)
        late: tuple[datetime, datetime] | None = None
        ended: datetime | None = None
        for act in one.acts:
            is_team = act.is_person and self.is_team(act.who, act.at)
            is_opener = act.is_person and act.who == one.opener and not is_team
            if act.kind == "opened" or not act.is_said:
                continue
            if act.kind in {"closed", "merged", "answered"}:
                before, since, late, ended = before if ended else since, None, None, act.at
            elif act.kind == "reopened":
                if not act.is_person:
                    since = late or before
                elif is_team or is_draft:
                    since = None
                else:
                    since = (since[0] if since else act.at, act.at)
                late, ended = None, None
            elif act.kind == "ready":
                is_draft = False
                since = None if ended else (since[0] if since else act.at, act.at)
            elif act.kind == "drafted":
                is_draft, since = True, None
            elif is_team and act.kind in SAID:
                is_owed = act.is_approval and ended is None and not is_draft
                since, late = (act.at, act.at) if is_owed else None, None
            elif is_opener and act.kind in SAID and ended is not None:
                if act.at - ended <= 30 * DAY:
                    late = (late[0] if late else act.at, act.at)
            elif is_opener and act.kind in SAID and not is_draft:
                since = (since[0] if since else act.at, act.at)
        return since if one.row.state == "open" else None

    def organizations(self) -> dict[int | None, str]:
        """Return the company of each member: their own profile's, else another account's."""
        found: dict[int | None, str] = {}
        accounts = Identity.objects.select_related("home_member").order_by("home_member_id")
        for is_own in (True, False):
            for account in accounts:
                company = account.home_member.company
                if company and (account.home_member_id == account.member_id) is is_own:
                    found.setdefault(account.member_id, company)
        return found

    def acts(self, threads: Sequence[Told], since: datetime, until: datetime) -> list[Act]:
        return [a for one in threads for a in one.acts if a.is_act and since <= a.at < until]


class Community:
    """A random community in two sources, and what is asked about it."""

    def __init__(self, seed: int, viewer: User, source: Source) -> None:
        random = Random(seed)
        employed = {"A": "Acme", "B": "Other", "C": "Acme"}
        teller = Teller(source, {"T": BEGIN + 250 * DAY, "U": BEGIN}, employed)
        if (imported := teller.person("m")) is not None:
            imported.kind = IdentityKind.MANNEQUIN
            imported.save()
        stories = [story(random) for _ in range(80)]
        teller.tell(" | ".join(stories[:60]))
        teller.source = make_source(workspace=source.workspace)
        teller.tell(" | ".join(stories[60:]))
        teller.source = make_source(workspace=source.workspace, is_archived=True)
        teller.tell("I A opens 1, T closes 2")
        gone = {"is_archived": True, "archived_reason": "deleted"}
        words = Message.objects.filter(kind__in=SAID - {"opened"}).order_by("pk")
        deleted = [message.pk for message in words if random.random() < 0.1]
        Message.objects.filter(pk__in=deleted).update(**gone)
        threads_settle(list(Thread.objects.values_list("pk", flat=True)))
        for number in range(40):
            release = make_release(source=[source, teller.source][number % 10 == 0])
            release.published_at = BEGIN + random.randrange(24 * 500) * HOUR
            release.is_archived = number % 7 == 0
            release.archived_reason = "deleted" if release.is_archived else ""
            release.save()
        since = BEGIN + random.randrange(300) * DAY
        until = since + random.choice([100, 200, 400]) * DAY
        now = max(until, BEGIN + random.choice([400, 700]) * DAY)
        self.window = Window(since=since, until=until, now=now, zone=ZONE)
        self.filters = random.choice([EVERYTHING, FigureFilters(source_ids=[source.pk])])
        self.asked = (viewer, source.workspace, self.window, self.filters)
        team = {}
        for name, joined in teller.team.items():
            account = teller.people.get(name)
            if account is not None and joined is not None:
                team[account.member_id] = joined
        self.look = Look(self.window, self.filters, team)


def numbers(found: Durations) -> dict[str, object]:
    names = ("done", "open", "never", "withdrawn", "n", "median")
    return {name: getattr(found, name) for name in names}


def check_first_responses_of_anybody_and_of_the_team(community: Community) -> None:
    look = community.look
    anybody = durations.time_to_first_response(*community.asked)
    team = durations.team_response_time(*community.asked)

    for kind in ThreadKind:
        cohort = look.cohort(kind)
        assert numbers(anybody[kind]) == look.waits(cohort, look.answers)
        assert numbers(team[kind]) == look.waits(cohort, lambda one: look.answers(one, team=True))


def check_the_threads_know_their_first_responses(community: Community) -> None:
    look = community.look

    for one in look.all:
        at = one.row.first_response_at
        assert look.answers(one) == (at if at is not None and at <= look.window.now else None)


def check_closings_and_ages(community: Community) -> None:
    look, now = community.look, community.window.now
    found = durations.time_to_close(*community.asked)[ThreadKind.ISSUE]
    ended = {one.pk: one.state_at(now + HOUR) for one in look.threads}
    cohort = look.cohort("issue", with_team=True)
    closed = [
        one
        for one in look.threads
        if one.kind == "issue"
        and not (one.is_bot or one.is_ghost or one.is_imported)
        and (end := ended[one.pk])
        and look.inside(end.at)
    ]

    took = [end.at - one.row.opened_at for one in closed if (end := ended[one.pk])]
    assert found.opened.durations.done == sum(bool(ended[one.pk]) for one in cohort)
    assert found.opened.durations.n == len(cohort)
    assert {one.thread_id for one in found.closed.durations.threads} == {one.pk for one in closed}
    assert found.closed.durations.median == quantile((Observation(t, True) for t in took), 0.5)
    assert found.opened.by_bots == sum(bool((e := ended[one.pk]) and e.is_bot) for one in cohort)

    ages = [
        now - one.row.opened_at
        for one in look.threads
        if one.kind == "issue"
        and one.row.state == "open"
        and one.row.opened_at <= now
        and not (one.is_bot or one.is_ghost or one.is_imported)
    ]
    age = durations.issue_age(*community.asked)
    assert sorted(one.took for one in age.durations.threads if one.took is not None) == sorted(ages)
    assert sum(age.bands) == len(ages)
    assert age.bands[0] == sum(one <= 30 * DAY for one in ages)


def check_reviews_and_merges(community: Community) -> None:
    look, now = community.look, community.window.now
    cohort = look.cohort("pull_request", with_team=True)
    merged = {
        one.pk: end.at - one.start
        for one in cohort
        if (end := one.state_at(now + HOUR)) and end.kind == "merged"
    }

    found = durations.merge_duration(*community.asked)
    assert numbers(durations.review_duration(*community.asked)) == look.waits(cohort, look.reviewed)
    assert set(found.ended(Outcome.DONE)) == set(merged)
    assert found.n == len(cohort)
    assert found.median == quantile((Observation(t, True) for t in merged.values()), 0.5)


def check_answers_of_discussions(community: Community) -> None:
    look = community.look
    now = community.window.now

    def answered(one: Told) -> datetime | None:
        at = one.row.answered_at
        return at if at is not None and at <= now else None

    found = durations.time_to_answer(*community.asked)
    asked = look.cohort("discussion")
    cohort = [one for one in asked if one.row.details.get("is_answerable", True)]
    assert numbers(found.durations) == look.waits(cohort, answered)
    assert found.unknown == sum("is_answerable" not in one.row.details for one in cohort)
    assert found.unanswered == sum(
        one.state_at(now + HOUR) is None and look.answers(one) is None for one in cohort
    )


def check_what_was_opened_and_closed(community: Community, kind: ThreadKind) -> None:
    look, window = community.look, community.window
    found = flow.opened_and_closed(*community.asked, kind=kind)
    expected = defaultdict(set)
    for one in look.threads:
        if one.kind != kind or one.is_bot or one.row.opened_at >= window.until:
            continue
        is_new = one.row.opened_at >= window.since
        was_closed = not is_new and one.state_at(window.since) is not None
        end = one.state_at(window.until)
        for name, holds in {
            "open_before": not is_new and not was_closed,
            "new": is_new,
            "active": any(act.is_act and look.inside(act.at) for act in one.acts),
            "closed": end is not None and not was_closed,
            "reopened": end is None and was_closed,
            "open_after": end is None,
            "closed_by_bots": end is not None and not was_closed and end.is_bot,
        }.items():
            if holds:
                expected[name].add(one.pk)

    names = ["open_before", "new", "active", "closed", "reopened", "open_after", "closed_by_bots"]
    assert {name: set(getattr(found, name)) for name in names} == {
        name: expected[name] for name in names
    }
    before, after = len(found.open_before), len(found.open_after)
    assert after == before + len(found.new) + len(found.reopened) - len(found.closed)


def check_what_became_of_pull_requests(community: Community) -> None:
    look, window = community.look, community.window
    expected = defaultdict(set)
    for one in look.threads:
        end = one.state_at(window.until)
        if one.kind != "pull_request" or one.is_bot or end is None or not look.inside(end.at):
            continue
        is_own = end.who is not None and end.who == one.opener
        if end.kind == "merged":
            expected["merged"].add(one.pk)
            by_others = [
                act
                for act in one.acts
                if act.kind in {"review", "review_comment"}
                and act.is_person
                and act.is_said
                and act.at <= end.at
                and act.who != one.opener
            ]
            name = "reviewed" if by_others else "self_merged" if is_own else "others"
            expected[name].add(one.pk)
        else:
            expected["withdrawn" if is_own else "declined"].add(one.pk)

    accepted = flow.acceptance_ratio(*community.asked)
    reviews = flow.merge_reviews(*community.asked)
    for name in ("merged", "declined", "withdrawn"):
        assert set(getattr(accepted, name)) == expected[name]
    for name in ("reviewed", "self_merged", "others"):
        assert set(getattr(reviews, name)) == expected[name]


def check_who_took_part_and_who_was_new(community: Community) -> None:
    look, window = community.look, community.window
    acts = look.acts(look.threads, window.since, window.until)
    counts = Counter(act.who for act in acts)
    team = {act.who for act in acts if look.is_team(act.who, act.at)}
    earlier = {act.who for act in look.acts(look.all, BEGIN - 99 * DAY, window.since)}
    first: dict[int | None, datetime] = {}
    for act in sorted(look.acts(look.all, window.since, window.until), key=lambda a: a.at):
        first.setdefault(act.who, act.at)
    kept = {who for who in counts if who not in earlier}
    kept = {who for who in kept if any(a.who == who and a.at == first[who] for a in acts)}

    found = people.contributors(*community.asked)
    assert {one.member_id: one.acts for one in found.people} == counts
    assert {one.member_id for one in found.people if one.is_team} == team
    assert found.ghost_messages == sum(
        act.who is None
        and act.is_said
        and act.in_feed
        and look.inside(act.at)
        and not (one.kind == "discussion" and act.kind == "closed")
        for one in look.threads
        for act in one.acts
    )
    new = people.new_contributors(*community.asked)
    assert {one.member_id: one.first_at for one in new.people or ()} == {
        who: first[who] for who in kept
    }
    assert concentration.absence_factor(*community.asked).factor == fewest(counts)
    works_at = look.organizations()
    there: Counter[str] = Counter()
    for who, number in counts.items():
        there[works_at.get(who, "")] += number
    unknown = there.pop("", 0)
    elephant = concentration.elephant_factor(*community.asked)
    assert {one.name: one.acts for one in elephant.organizations} == there
    assert elephant.known.of == len(acts)
    assert elephant.factor == (fewest(there) if 2 * unknown <= len(acts) else None)


def fewest(counts: Counter[Any]) -> int | None:
    """Return how many of the largest counts make half of all."""
    so_far = 0
    for number, (_, count) in enumerate(counts.most_common(), start=1):
        so_far += count
        if 2 * so_far >= sum(counts.values()):
            return number
    return None


def check_who_came_once_and_who_has_gone_quiet(community: Community) -> None:
    look, end = community.look, community.window.until
    took_part: dict[int | None, set[int]] = defaultdict(set)
    regulars: dict[int | None, set[int]] = defaultdict(set)
    lately = set()
    for one in look.threads:
        for act in one.acts:
            if act.is_act and end - 365 * DAY <= act.at < end:
                took_part[act.who].add(one.pk)
            if act.is_act and end - 455 * DAY <= act.at < end - 90 * DAY:
                regulars[act.who].add(one.pk)
            if act.is_act and end - 90 * DAY <= act.at < end:
                lately.add(act.who)
    earlier = {act.who for act in look.acts(look.all, BEGIN - 99 * DAY, end - 90 * DAY)}

    found = people.occasional_contributors(*community.asked)
    assert set(found.occasional) == {who for who, where in took_part.items() if len(where) <= 2}
    assert set(found.regular) == {who for who, where in took_part.items() if len(where) > 2}
    assert set(found.new) == set(took_part) - earlier
    quiet = people.inactive_contributors(*community.asked)
    known = {who for who, where in regulars.items() if len(where) >= 3}
    assert set(quiet.inactive) == known - lately
    assert set(quiet.active) == known & lately


def check_what_became_of_newcomers(community: Community) -> None:
    look, now = community.look, community.window.now
    new = people.new_contributors(*community.asked).people or ()
    found = people.conversion_rate(*community.asked)
    steps = {"converted": (found.converted, 180 * DAY), "came_back": (found.came_back, 90 * DAY)}
    expected: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for one in new:
        if look.is_team(one.member_id, one.first_at):
            continue
        for name, (_, within) in steps.items():
            until = one.first_at + within
            if name == "converted":
                is_taken = any(
                    thread.opener == one.member_id
                    and thread.kind == "pull_request"
                    and (end := thread.state_at(now + HOUR))
                    and end.kind == "merged"
                    and end.at <= until
                    for thread in look.all
                )
            else:
                is_taken = any(
                    act.is_act and act.who == one.member_id and act.at <= until
                    for thread in look.all
                    if thread.pk != one.thread_id
                    for act in thread.acts
                )
            where = "recent" if until > now else "taken" if is_taken else "not_taken"
            expected[name][where].add(one.member_id)

    for name, (step, _) in steps.items():
        assert step is not None
        for where in ("taken", "not_taken", "recent"):
            assert set(getattr(step, where)) == expected[name][where]


def judged(monday: date, by_day: Counter[date]) -> tuple[float | None, bool]:
    """Return above how many acts a week is unusual, and whether it is."""
    first = min(by_day)
    weeks = [
        sum(by_day[monday + (day - 7 * back) * DAY] for day in range(7))
        for back in range(13)
        if monday - 7 * back * DAY >= first
    ]
    if len(weeks) < 13:
        return None, False
    now, *before = weeks
    usual = sum(before) / 12
    spread = sqrt(sum((one - usual) ** 2 for one in before) / 12)
    limit = usual + 2 * max(spread, sqrt(usual))
    return limit, now > limit and now >= 10


def check_hours_weeks_and_bots(community: Community) -> None:
    look, window = community.look, community.window
    zone = ZoneInfo(window.zone)
    acts = look.acts(look.threads, window.since, window.until)
    local = [act.at.astimezone(zone) for act in acts]
    hours = Counter((at.isoweekday(), at.hour) for at in local)

    found = rhythm.activity_hours(*community.asked)
    assert {(one.weekday, one.hour): one.acts for one in found.hours or ()} == hours
    assert (found.acts, found.people) == (len(acts), len({act.who for act in acts}))

    ever = look.acts(look.threads, BEGIN - 99 * DAY, window.now + HOUR)
    by_day = Counter(act.at.astimezone(zone).date() for act in ever)
    weeks = rhythm.bursts(*community.asked).weeks
    for week in weeks:
        days = [week.begins_on + n * DAY for n in range(7)]
        assert week.begins_on.isoweekday() == 1
        assert week.acts == sum(by_day[day] for day in days)
        limit, is_burst = judged(week.begins_on, by_day)
        assert week.is_burst is is_burst
        assert week.limit == (limit and pytest.approx(limit))
        assert [one.release_id for one in week.releases] == [
            pk for pk, at in look.releases if at.astimezone(zone).date() in days
        ]
        start = datetime(*week.begins_on.timetuple()[:3], tzinfo=zone)
        assert window.since <= start
        assert start + 7 * DAY <= window.until

    said: Counter[bool] = Counter()
    for one in look.threads:
        for act in one.acts:
            is_said = act.kind in SAID and act.in_feed and act.is_said
            if is_said and act.who is not None and look.inside(act.at):
                said[act.is_bot] += 1
    bots = rhythm.bot_activity(*community.asked)
    assert (bots.ratio.part, bots.ratio.of) == (said[True], said[True] + said[False])
    assert sum(bot.said for bot in bots.bots) == said[True]


def check_trends_are_the_same_figures_step_by_step(community: Community) -> None:
    look, (viewer, workspace, window, filters) = community.look, community.asked
    found = trends.response_trend(*community.asked)
    earlier = (viewer, workspace, window_before(window), filters)
    for figure, name in ((durations.time_to_first_response, "anybody"),
                         (durations.team_response_time, "team")):  # fmt: skip
        now, before = figure(*community.asked), figure(*earlier)
        for kind in ThreadKind:
            assert numbers(getattr(found.now[kind], name)) == numbers(now[kind])
            assert numbers(getattr(found.before[kind], name)) == numbers(before[kind])
    assert sum(one.team.n for _, one in found.steps) == found.now[ThreadKind.ISSUE].team.n

    def written(since: datetime, until: datetime) -> int:
        return sum(
            since <= act.at < until
            and act.in_feed
            and act.is_said
            and not act.is_bot
            and (act.who is not None or (one.kind, act.kind) != ("discussion", "closed"))
            for one in look.threads
            for act in one.acts
        )

    volume = trends.volume(*community.asked)
    assert sum(one.messages for one in volume) == written(window.since, window.until)
    length = timedelta(days=-(-sum(one.step.days for one in volume) // 7) * 7)
    before_all = written(window.since - length, window.until - length)
    # Summer time may have moved an hour across the edge.
    assert abs(sum(one.before for one in volume) - before_all) <= 1
    new = sum(one.new or 0 for one in trends.participation(*community.asked))
    assert new == len(people.new_contributors(*community.asked).people or ())
    opened, _ = reach.opened_threads_compared(*community.asked)
    flows = [flow.opened_and_closed(*community.asked, kind=kind).new for kind in ThreadKind]
    assert sorted(opened) == sorted(pk for new in flows for pk in new)
    far = reach.reach(*community.asked)
    assert len(far.acted) == len(people.contributors(*community.asked).people)


def check_each_step_is_a_window_of_its_own(community: Community, kind: ThreadKind) -> None:
    viewer, workspace, window, filters = community.asked

    for one in flow_trend.flow_trend(*community.asked, kind=kind)[::9]:
        alone = replace(window, since=one.step.since, until=one.step.until)
        found = flow.opened_and_closed(viewer, workspace, alone, filters, kind=kind)
        counts = (len(found.new), len(found.closed), len(found.reopened), len(found.open_after))
        assert (one.new, one.closed, one.reopened, one.open_after) == counts


def check_two_windows_read_together_are_the_same_figures(community: Community) -> None:
    viewer, workspace, window, filters = community.asked
    before = (viewer, workspace, window_before(window), filters)

    found = activity(*community.asked)
    volume = trends.volume(*community.asked)
    assert found.messages == sum(one.messages for one in volume)
    assert found.messages_before == sum(one.before for one in volume)
    contributors = people.contributors(*community.asked).people
    assert found.people == [one.member_id for one in contributors]
    assert found.people_before == len(people.contributors(*before).people)
    new = people.new_contributors(*community.asked).people or ()
    assert found.new == [one.member_id for one in new]
    assert found.new_before == len(people.new_contributors(*before).people or ())
    _, opened_before = reach.opened_threads_compared(*community.asked)
    assert opened_before == len(reach.opened_threads_compared(*before)[0])
    assert durations.team_response_compared(*community.asked) == (
        durations.team_response_time(*community.asked)[ThreadKind.ISSUE],
        durations.team_response_time(*before)[ThreadKind.ISSUE],
    )
    assert durations.time_to_close_compared(*community.asked) == (
        durations.time_to_close(*community.asked),
        durations.time_to_close(*before),
    )


COHORT_CHECKS: list[Callable[[Community], None]] = [
    check_first_responses_of_anybody_and_of_the_team,
    check_the_threads_know_their_first_responses,
    check_closings_and_ages,
    check_reviews_and_merges,
    check_answers_of_discussions,
    check_two_windows_read_together_are_the_same_figures,
]
CHECKS: list[Callable[[Community], None]] = [
    *COHORT_CHECKS,
    check_trends_are_the_same_figures_step_by_step,
    check_what_became_of_pull_requests,
    check_who_took_part_and_who_was_new,
    check_who_came_once_and_who_has_gone_quiet,
    check_what_became_of_newcomers,
    check_hours_weeks_and_bots,
    *(partial(check_what_was_opened_and_closed, kind=kind) for kind in ThreadKind),
    *(partial(check_each_step_is_a_window_of_its_own, kind=kind) for kind in ThreadKind),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_are_what_a_look_at_every_message_says(
    seed: int, alice: User, source: Source
) -> None:
    community = Community(seed, alice, source)

    for check in CHECKS:
        check(community)

    # The same is read from what is kept of each thread.
    workspace = source.workspace
    threads = Thread.objects.filter(workspace=workspace).values_list("pk", flat=True)
    times_keep(workspace.pk, list(threads), team_of(workspace.pk))
    Follower.objects.create(workspace=workspace, name=FOLLOWER)
    Change.objects.all().delete()
    assert changed_since(workspace.pk, FOLLOWER, most=0) == set()
    for check in COHORT_CHECKS:
        check(community)
