"""Whether a repository may be read: not for longer than its people and GitHub let us."""

from django.utils.translation import gettext_noop

from dexxy.common.errors import DexxyError
from dexxy.common.sql import Question
from dexxy.integrations.models import GitHubRepository, SyncStatus


class SyncNotPossibleError(DexxyError):
    """The repository is paused, disconnected or out of reach."""

    code = "sync_not_possible"


def require_readable(repository: GitHubRepository) -> None:
    """Look whether REPOSITORY may be read now, whatever the object says.

    Raises:
        SyncNotPossibleError: it is paused or disconnected.
    """
    if GitHubRepository.objects.readable().filter(pk=repository.pk).exists():
        return
    if GitHubRepository.objects.filter(pk=repository.pk, sync_status=SyncStatus.PAUSED).exists():
        raise SyncNotPossibleError(
            gettext_noop("{repository} is paused. Resume it first.").format(
                repository=repository.full_name
            )
        )
    raise SyncNotPossibleError(
        gettext_noop("{repository} is not connected. Connect it again.").format(
            repository=repository.full_name
        )
    )


class StillReadable:
    """Whether a repository that is being read may be read on, asked twice for every page.

    Args:
        question: the same, to be run together with other statements.
    """

    def __init__(self, repository: GitHubRepository) -> None:
        self._repository = repository
        here = GitHubRepository.objects.readable().filter(pk=repository.pk)
        self._is_readable = Question(here.within_reach())
        self.question = self._is_readable.statement

    def require(self) -> None:
        """Look whether it still may.

        Raises:
            SyncNotPossibleError: it was paused, disconnected or taken from our reach meanwhile.
        """
        self.require_found(found=self._is_readable.ask())

    def require_found(self, *, found: bool) -> None:
        """Look at what the question has found.

        Raises:
            SyncNotPossibleError: as `require`.
        """
        if found:
            return
        require_readable(self._repository)
        raise SyncNotPossibleError(
            gettext_noop(
                "GitHub does not let Dexxy read {repository} any more."
                " Give it access again, or disconnect it."
            ).format(repository=self._repository.full_name)
        )
