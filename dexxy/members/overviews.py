"""All that is shown of some members, read at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dexxy.members.models import Identity, Member, MemberNote, MemberSummary
from dexxy.members.organizations import organization_of
from dexxy.members.profile import Profile, profile_of

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Organization:
    """Where some accounts of a member work.

    Args:
        since, until: of their first and their last word; None if they said nothing.
    """

    name: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class MemberOverview:
    """A member with what is put together from its home members.

    Args:
        accounts: those of the kept home member first.
        notes: of the team, the newest first, of whom they were asked for: lists show none.
    """

    profile: Profile
    accounts: Sequence[Identity]
    notes: Sequence[MemberNote] = ()

    @property
    def message_count(self) -> int:
        """How much they said and did, with all accounts."""
        summaries = [summary_of(member) for member in self._members]
        if all(summary and summary.counted_at for summary in summaries):
            return sum(summary.messages for summary in summaries if summary)
        return sum(account.message_count for account in self.accounts)

    @property
    def summary(self) -> MemberSummary | None:
        """What is counted of the member whom the first account belongs to, if anything is."""
        return summary_of(self.accounts[0].member)

    @property
    def organization_key(self) -> str:
        """That of the organization in which lists show the member; '' if there is none."""
        return self.summary.organization_key if self.summary else ""

    @property
    def _members(self) -> Iterable[Member]:
        """Whom the accounts belong to: one member, or in the preview of a merge two."""
        return {account.member_id: account.member for account in self.accounts}.values()

    @property
    def organization(self) -> str:
        """Where they work, or ''."""
        companies = [account.home_member.company for account in self.accounts]
        return organization_of(companies, [account.email for account in self.accounts])

    @property
    def organizations(self) -> Sequence["Organization"]:
        """Where their accounts work, as the profiles say today, the latest first.

        Nobody knows since when somebody works where. But who has changed the account with the job
        shows one organization with each, from the first to the last word of the account.
        """
        found: dict[str, list[Identity]] = defaultdict(list)
        for account in self.accounts:
            name = organization_of([account.home_member.company], [account.email])
            found[name].append(account)
        named = [_organization(name, accounts) for name, accounts in found.items() if name]
        return sorted(named, key=lambda one: one.until or _NEVER, reverse=True)

    @property
    def is_locked(self) -> bool:
        """Whether any of its home members is locked, as merging asks."""
        return any(account.home_member.is_locked for account in self.accounts)


def summary_of(member: Member) -> MemberSummary | None:
    """Return what is counted of MEMBER; None if nobody has come to that yet."""
    return getattr(member, "summary", None)


def member_overviews(members: Iterable[Member]) -> Mapping[int, MemberOverview]:
    """Return the overview of each of MEMBERS, which come from a selector that asked for the viewer.

    Those without an account, because theirs was merged into another, have none.
    """
    ids = {member.pk for member in members}
    accounts = defaultdict(list)
    rows = Identity.objects.filter(member__in=ids).select_related("home_member", "member__summary")
    for account in rows:
        accounts[account.member_id].append(account)
    return {pk: overview_of(pk, found) for pk, found in accounts.items()}


def _organization(name: str, accounts: Sequence[Identity]) -> Organization:
    since = [account.first_seen_at for account in accounts if account.first_seen_at]
    until = [account.last_seen_at for account in accounts if account.last_seen_at]
    return Organization(name, min(since, default=None), max(until, default=None))


def overview_of(
    member_id: int, accounts: Iterable[Identity], notes: Sequence[MemberNote] = ()
) -> MemberOverview:
    """Put a member together: its own home first, then the others, the oldest first."""
    ordered = sorted(accounts, key=lambda a: (a.home_member_id != member_id, a.home_member_id))
    profile = profile_of([account.home_member for account in ordered])
    return MemberOverview(profile, ordered, notes)
