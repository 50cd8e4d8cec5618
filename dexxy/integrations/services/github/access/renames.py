"""Names that changed on GitHub. They are labels: rows are found by GitHub's numbers."""

from django.db import transaction

from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access.repository_state import repositories_locked
from dexxy.sources.models import Source


def repository_rename(repository: GitHubRepository, full_name: str, url: str = "") -> None:
    """Follow a repository to its new name.

    Args:
        url: of its page; without it the new name is put where the old one is in its address.
    """
    url = url or _renamed(repository.source.url, repository.full_name, full_name)
    name = full_name.rpartition("/")[2]
    same = GitHubRepository.objects.filter(pk=repository.pk).exclude(full_name=full_name)
    same.update(name=name, full_name=full_name)
    Source.objects.filter(pk=repository.source_id).update(name=full_name, url=url)


def _renamed(url: str, before: str, full_name: str) -> str:
    """Return URL with another name at its end, and there alone: a name may be in its host, too."""
    root = url.removesuffix(f"/{before}")
    return f"{root}/{full_name}" if root != url else url


@transaction.atomic
def account_rename(*, server: str, account_id: int, login: str) -> None:
    """Follow an account to its new name, with the repositories that its installations reach.

    The old name is free for anybody, and a personal token reaches repositories of others: what
    only begins with it may be a stranger's.
    """
    accounts = GitHubInstallation.objects.select_for_update(of=("self",))
    renamed = accounts.filter(server=server, account_id=account_id).exclude(account_login=login)
    old = {row.pk: row.account_login for row in renamed.order_by("pk")}
    owned = repositories_locked(
        GitHubRepository.objects.filter(installation__in=old, installation__app__isnull=False)
    )
    for repository in owned.select_related("source").order_by("pk"):
        former = f"{old[repository.installation_id]}/"
        if repository.full_name.lower().startswith(former.lower()):
            repository_rename(repository, f"{login}/{repository.name}")
    GitHubInstallation.objects.filter(pk__in=old).update(account_login=login)
