"""All that is shown of some members, read at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dexxy.members.models import Identity, Member
from dexxy.members.organizations import organization_of
from dexxy.members.profile import Profile, profile_of


@dataclass(frozen=True, slots=True)
class MemberOverview:
    """A member with what is put together from its home members.

    Args:
        accounts: those of the kept home member first.
    """

    profile: Profile
    accounts: Sequence[Identity]

    @property
    def message_count(self) -> int:
        """How much they said and did, with all accounts."""
        return sum(account.message_count for account in self.accounts)

    @property
    def organization(self) -> str:
        """Where they work, or ''."""
        companies = [account.home_member.company for account in self.accounts]
        return organization_of(companies, [account.email for account in self.accounts])

    @property
    def is_locked(self) -> bool:
        """Whether any of its home members is locked, as merging asks."""
        return any(account.home_member.is_locked for account in self.accounts)


def member_overviews(members: Iterable[Member]) -> Mapping[int, MemberOverview]:
    """Return the overview of each of MEMBERS, which come from a selector that asked for the viewer.

    Those without an account, because theirs was merged into another, have none.
    """
    ids = {member.pk for member in members}
    accounts = defaultdict(list)
    rows = Identity.objects.filter(member__in=ids).select_related("home_member", "member")
    for account in rows:
        accounts[account.member_id].append(account)
    return {pk: overview_of(pk, found) for pk, found in accounts.items()}


def overview_of(member_id: int, accounts: Iterable[Identity]) -> MemberOverview:
    """Put a member together: its own home first, then the others, the oldest first."""
    ordered = sorted(accounts, key=lambda a: (a.home_member_id != member_id, a.home_member_id))
    return MemberOverview(profile_of([account.home_member for account in ordered]), ordered)
