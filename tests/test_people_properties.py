"""Whatever is merged, undoing it gives the members there would have been without it."""

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.members.imports.file import ImportedRow
from dexxy.members.ingest.accounts import identities_apply, profiles_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord
from dexxy.members.merges.suggestion_answers import suggestion_reject
from dexxy.members.models import Identity, IdentityKind, Member
from dexxy.messages.ingest.recount import identities_recount
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Message, Thread
from dexxy.people.importing import people_import
from dexxy.people.merging import people_accept, people_merge, people_unmerge
from tests.factories import make_message, make_source, make_thread, make_user, make_workspace

PEOPLE = 6
NAMES = ["Ada Lovelace", "Lovelace, Ada", "Charles Babbage", ""]
MAILS = ["ada@lovelace.org", "charles@babbage.org", ""]
# What is done, to which of the accounts or rows, and with which other one.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["sync", "import", "rename", "merge", "unmerge", "accept", "reject", "stitch", "speak"]
        ),
        st.integers(0, PEOPLE - 1),
        st.integers(0, PEOPLE - 1),
    ),
    max_size=25,
)


class Community:
    """A workspace to which the same things happen as to its twin, but for what people decide."""

    def __init__(self, admin: User, *, has_merges: bool) -> None:
        self.admin = admin
        self.workspace: Workspace = make_workspace(admin=admin)
        self.source = make_source(workspace=self.workspace)
        self.has_merges = has_merges
        self.said: dict[int, int | None] = {}
        self.now = timezone.now() - timedelta(days=1)

    def do(self, what: str, one: int, other: int) -> None:
        step: Callable[[int, int], None] = getattr(self, what)
        if what in {"sync", "import_", "rename", "speak"} or self.has_merges:
            with suppress(DexxyError):  # one member already, or never
                step(one, other)

    def sync(self, one: int, other: int) -> None:
        self._store("github", one, f"person{one}", NAMES[other % 4], MAILS[other % 3])

    def import_(self, one: int, other: int) -> None:
        email = MAILS[other % 3] or f"contact{one}@elsewhere.org"
        row = ImportedRow(2, name=NAMES[one % 4], email=email, company=NAMES[other % 4])
        assert people_import(self.workspace, [row], lines=io.StringIO()).is_stored

    def rename(self, one: int, other: int) -> None:
        self._store("github", one, f"renamed{other}", NAMES[one % 4], MAILS[one % 3])

    def _store(self, provider: str, number: int, username: str, name: str, email: str) -> None:
        self.now += timedelta(seconds=1)
        place = {"workspace_id": self.workspace.pk, "provider": provider}
        record = IdentityRecord(str(number), IdentityKind.USER, username, name)
        ids = identities_apply(**place, records=[record], seen_at=self.now)  # type: ignore[arg-type]
        profiles_apply(
            **place,  # type: ignore[arg-type]
            asked_for=list(ids.values()),
            records=[ProfileRecord(str(number), company=name[:3], email=email)],
            read_at=self.now,
        )

    def speak(self, one: int, other: int) -> None:
        accounts = list(self.workspace.identities.order_by("provider", "external_id"))
        if accounts:
            thread = make_thread(source=self.source, author=accounts[other % len(accounts)])
            message = make_message(thread=thread, author=accounts[one % len(accounts)])
            self.said[message.pk] = message.author_id
            threads_settle([thread.pk])
            identities_recount(workspace_id=self.workspace.pk)

    def merge(self, one: int, other: int) -> None:
        homes = list(self.workspace.members.order_by("pk").values_list("pk", flat=True))
        if homes:
            kept, merged = homes[one % len(homes)], homes[other % len(homes)]
            people_merge(actor=self.admin, workspace=self.workspace, kept_id=kept, merged_id=merged)

    def unmerge(self, one: int, other: int) -> None:
        live = list(self.workspace.member_merges.filter(undone_at=None).order_by("pk"))
        if live:
            merge = live[one % len(live)]
            people_unmerge(actor=self.admin, workspace=self.workspace, merge_id=merge.pk)

    def accept(self, one: int, other: int) -> None:
        for suggestion in self.workspace.merge_suggestions.filter(state="open")[:1]:
            people_accept(actor=self.admin, workspace=self.workspace, suggestion_id=suggestion.pk)

    def reject(self, one: int, other: int) -> None:
        for suggestion in self.workspace.merge_suggestions.filter(state="open")[:1]:
            suggestion_reject(
                actor=self.admin, workspace=self.workspace, suggestion_id=suggestion.pk
            )

    def stitch(self, one: int, other: int) -> None:
        contributors_stitch(workspace_id=self.workspace.pk)

    def undo_everything(self) -> None:
        for merge in self.workspace.member_merges.filter(undone_at=None):
            people_unmerge(actor=self.admin, workspace=self.workspace, merge_id=merge.pk)

    def members(self) -> list[tuple[object, ...]]:
        """Return each account with all that its member shows."""
        fields = ("display_name", "bio", "company", "is_bot", "first_seen_at", "last_seen_at")
        rows = self.workspace.identities.order_by("provider", "external_id")
        shown = rows.values_list(
            "provider", "external_id", *(f"member__{field}" for field in fields)
        )
        # The twins' messages were written one after the other: what counts is who was seen.
        return [(*row[:-2], row[-2] is None, row[-1] is None) for row in shown]


@pytest.mark.slow
@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_all_merges_undone_give_the_members_there_would_have_been(
    steps: list[tuple[str, int, int]],
) -> None:
    admin = make_user()
    merged = Community(admin, has_merges=True)
    untouched = Community(admin, has_merges=False)

    for what, one, other in steps:
        for community in (merged, untouched):
            community.do("import_" if what == "import" else what, one, other)
    grouped = Identity.objects.filter(workspace=merged.workspace).values("member").distinct()
    live = merged.workspace.member_merges.filter(undone_at=None).count()
    assert grouped.count() == merged.workspace.identities.count() - live
    merged.undo_everything()

    assert merged.members() == untouched.members()
    assert Member.objects.filter(workspace=merged.workspace).count() == len(untouched.members())
    said = Message.objects.filter(workspace=merged.workspace).values_list("pk", "author_id")
    assert dict(said) == merged.said
    assert first_responses(merged) == first_responses(untouched)


def first_responses(community: Community) -> list[bool]:
    threads = Thread.objects.filter(workspace=community.workspace).order_by("pk")
    return [thread.first_response_at is not None for thread in threads]
