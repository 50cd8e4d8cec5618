"""Fields that an older GitHub Enterprise Server does not know: remembered with its credential.

Not by the server's version, which a proxy may hide: what it refuses is what counts.
"""

from datetime import timedelta

from django.utils import timezone

from dexxy.integrations.models import Credential, GitHubRepository

# A server may be updated meanwhile.
REFUSED_FOR = timedelta(days=1)


class NewerFields:
    """Whether a repository's server may be asked for them; loaded when asked for."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._credential = Credential.objects.filter(installations=repository.installation)
        self._are_known: bool | None = None

    @property
    def are_known(self) -> bool:
        if self._are_known is None:
            refused = self._credential.values_list("newer_fields_refused_at", flat=True).first()
            self._are_known = refused is None or timezone.now() - refused > REFUSED_FOR
        return self._are_known

    def refused(self) -> None:
        """Remember that the server does not know them."""
        self._are_known = False
        self._credential.update(newer_fields_refused_at=timezone.now())
