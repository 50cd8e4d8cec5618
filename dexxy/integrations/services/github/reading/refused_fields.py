"""Fields that GitHub refuses a credential: too new for its server, or beyond the token's scopes.

Not by the server's version, which a proxy may hide, nor by the scopes that a token names, of which
GitHub documents nowhere what wants which: what is refused is what counts.
"""

from collections.abc import Set
from datetime import timedelta

import structlog
from django.utils import timezone

from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.integrations.services.github.api.optional_fields import NEWER_FIELDS

log = structlog.get_logger()

# A server may be updated meanwhile, or a token be given a scope.
REFUSED_FOR = timedelta(days=1)


class RefusedFields:
    """Which of them a repository's credential is refused; loaded when asked for."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._credential = Credential.objects.filter(installations=repository.installation)
        self._noted: frozenset[str] | None = None
        self._left_out: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The fields that must not be asked for, as `without_fields` takes them."""
        return self._of_credential() | self._left_out

    def note(self, fields: Set[str]) -> bool:
        """Remember that FIELDS are refused.

        Returns: whether that is news: otherwise GitHub refused what it was not asked for.
        """
        if fields <= self.names:
            return False
        log.info("asking without refused fields", fields=sorted(fields))
        self._noted = self._of_credential() | fields
        self._credential.update(
            newer_fields_refused_at=timezone.now(), refused_fields=sorted(self._noted)
        )
        return True

    def leave_out(self, fields: Set[str]) -> bool:
        """Ask this repository for FIELDS no more, as long as it is read: others may show them.

        Returns: whether that is news.
        """
        if fields <= self.names:
            return False
        log.info("asking without refused fields", fields=sorted(fields))
        self._left_out |= fields
        return True

    def _of_credential(self) -> frozenset[str]:
        if self._noted is None:
            self._noted = self._remembered()
        return self._noted

    def _remembered(self) -> frozenset[str]:
        noted = self._credential.values_list("newer_fields_refused_at", "refused_fields").first()
        at, names = noted or (None, [])
        if at is None or timezone.now() - at > REFUSED_FOR:
            return frozenset()
        return frozenset(names) or NEWER_FIELDS
