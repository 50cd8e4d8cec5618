"""Fields that an older GitHub Enterprise Server does not know: remembered with its credential.

Not by the server's version, which a proxy may hide: what it refuses is what counts.
"""

from collections.abc import Set
from datetime import timedelta

from django.utils import timezone

from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.integrations.services.github.api.queries import NEWER_FIELDS

# A server may be updated meanwhile.
REFUSED_FOR = timedelta(days=1)


class NewerFields:
    """Which of them a repository's server does not know; loaded when asked for."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._credential = Credential.objects.filter(installations=repository.installation)
        self._unknown: frozenset[str] | None = None

    @property
    def unknown(self) -> frozenset[str]:
        """The fields that it must not be asked for."""
        if self._unknown is None:
            self._unknown = self._remembered()
        return self._unknown

    def refused(self, fields: Set[str]) -> bool:
        """Remember that the server does not know FIELDS.

        Returns: whether that is news: otherwise it refused what it was not asked for.
        """
        if fields <= self.unknown:
            return False
        self._unknown = self.unknown | fields
        self._credential.update(
            newer_fields_refused_at=timezone.now(), refused_fields=sorted(self._unknown)
        )
        return True

    def _remembered(self) -> frozenset[str]:
        noted = self._credential.values_list("newer_fields_refused_at", "refused_fields").first()
        at, names = noted or (None, [])
        if at is None or timezone.now() - at > REFUSED_FOR:
            return frozenset()
        return frozenset(names) or NEWER_FIELDS
