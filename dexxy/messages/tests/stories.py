"""Threads told in words, as the definitions of waiting and of the figures tell them.

`I A opens 0, C says 1 | P B opens 2, T merges 3`: an issue and a pull request, then who does what,
at which hour (`d` behind it: day). A' is another account of A, b1 a bot, g an account that is gone.
Nobody knows of a discussion `D` whether its category takes answers; that of `Q` does, of `N` not.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.models import MessageKind, TeamDecision, Thread, ThreadKind, ThreadState, Triage
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_KINDS = {
    "I": ThreadKind.ISSUE,
    "P": ThreadKind.PULL_REQUEST,
    **dict.fromkeys("DQN", ThreadKind.DISCUSSION),
}
_TAKES_ANSWERS = {"Q": True, "N": False}
# The kind of the message, and its details.
_VERBS: dict[str, tuple[MessageKind, dict[str, Any]]] = {
    "opens": (MessageKind.OPENED, {}),
    "says": (MessageKind.COMMENT, {}),
    "calls": (MessageKind.COMMENT, {}),
    "hides": (MessageKind.COMMENT, {"minimized": "spam"}),
    "closes": (MessageKind.CLOSED, {}),
    "fixes": (MessageKind.CLOSED, {"subject": {"type": "pull_request", "number": 7}}),
    "commits": (MessageKind.CLOSED, {"subject": {"type": "commit", "oid": "c0ffee"}}),
    "plans": (MessageKind.CLOSED, {"subject": {"type": "other"}}),
    "reopens": (MessageKind.REOPENED, {}),
    "merges": (MessageKind.MERGED, {}),
    "chooses": (MessageKind.ANSWERED, {}),
    "approves": (MessageKind.REVIEW, {"state": "APPROVED"}),
    "asks": (MessageKind.REVIEW, {"state": "CHANGES_REQUESTED"}),
    "reviews": (MessageKind.REVIEW, {"state": "COMMENTED"}),
    "wraps": (MessageKind.REVIEW, {"state": "COMMENTED"}),
    "lines": (MessageKind.REVIEW_COMMENT, {}),
    "drafts": (MessageKind.DRAFTED, {}),
    "readies": (MessageKind.READY, {}),
    "pushes": (MessageKind.PUSHED, {}),
    "requests": (MessageKind.REVIEW_REQUESTED, {}),
}
_ENDS = {
    **dict.fromkeys(("closes", "fixes", "commits", "plans"), ThreadState.CLOSED),
    "merges": ThreadState.MERGED,
    "reopens": ThreadState.OPEN,
}


def moment(text: str) -> datetime:
    """Return the time that TEXT names: hours since the beginning, or days with a `d` behind."""
    number = float(text.rstrip("d"))
    return BEGIN + timedelta(hours=number * (24 if text.endswith("d") else 1))


@dataclass
class Teller:
    """Writes stories into a source.

    Args:
        team: who is of the team by a person's word, from when on.
        organizations: where somebody works.
    """

    source: Source
    team: dict[str, datetime | None] = field(default_factory=dict)
    organizations: dict[str, str] = field(default_factory=dict)
    people: dict[str, Identity] = field(default_factory=dict)

    def tell(self, stories: str) -> list[Thread]:
        """Write threads, and return them."""
        return [self._thread(story.strip()) for story in stories.split("|")]

    def person(self, name: str) -> Identity | None:
        """Return the account of somebody; None for one that is gone."""
        if name == "g":
            return None
        if name not in self.people:
            owner = self.person(name.rstrip("'")) if name.endswith("'") else None
            account = make_identity(
                workspace=self.source.workspace,
                username=name.replace("'", "-too"),
                kind=IdentityKind.BOT if name[0] == "b" else IdentityKind.USER,
                member=owner.member if owner else None,
            )
            self.people[name] = account
            if name in self.organizations:
                account.home_member.company = self.organizations[name]
                account.home_member.save()
            if name in self.team:
                TeamDecision.objects.create(
                    workspace=self.source.workspace,
                    member=account.member,
                    is_on_team=True,
                    since=self.team[name],
                )
        return self.people[name]

    def _thread(self, story: str) -> Thread:
        kind, _, acts = story.partition(" ")
        told = [act.split() for act in acts.split(", ")]
        who, _, when = told[0]
        thread = make_thread(
            source=self.source,
            kind=_KINDS[kind],
            author=self.person(who),
            opened_at=moment(when),
        )
        if kind in _TAKES_ANSWERS:
            thread.details = {"is_answerable": _TAKES_ANSWERS[kind]}
        for act in told:
            self.act(thread, *act)
        thread.save()
        return thread

    def act(self, thread: Thread, who: str, verb: str, when: str) -> None:
        at = moment(when)
        if verb == "dismisses":
            Triage.objects.create(
                thread=thread, workspace=self.source.workspace, is_set_aside=True, seen_at=at
            )
            return
        kind, details = _VERBS[verb]
        body = "What does @T say?" if verb == "calls" else verb
        make_message(
            thread=thread,
            kind=kind,
            author=self.person(who),
            body=body,
            occurred_at=at,
            details=details,
            in_feed=verb != "wraps" and kind not in MessageKind.quiet(),
        )
        thread.first_activity_at = min(thread.first_activity_at, at)
        thread.last_activity_at = max(thread.last_activity_at, at)
        if verb in _ENDS:
            thread.state = _ENDS[verb]
            thread.closed_at = None if verb == "reopens" else at
        if verb in ("drafts", "readies"):
            thread.state_reason = "draft" if verb == "drafts" else ""
        if verb == "merges":
            thread.merged_at = at
        if verb == "chooses":
            thread.answered_at = at
            _choose(thread, at)


def _choose(thread: Thread, at: datetime) -> None:
    """Let the last word before AT be the chosen answer, as GitHub names it: by its id."""
    words = thread.messages.filter(kind=MessageKind.COMMENT, occurred_at__lt=at)
    if answer := words.order_by("-occurred_at").first():
        thread.messages.filter(kind=MessageKind.ANSWERED).update(external_id=answer.external_id)
