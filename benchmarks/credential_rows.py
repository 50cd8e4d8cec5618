"""Repositories that are each read with a credential, and for a workspace, of its own."""

from collections.abc import Sequence

from django.utils import timezone

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.integrations.models import Credential, GitHubRepository, SyncRun, SyncStream
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy_simulator.world import World

# A repository's full name and the token that reads it.
Found = tuple[str, str]


def many_repositories(world: World, count: int, *, issues: int) -> list[Found]:
    """Make COUNT repositories with so many ISSUES each, and a comment in each of those."""
    found = []
    for number in range(count):
        owner = world.add_actor(f"owner{number}")
        token = f"ghp_{'Many':x<32}{number:04}"
        world.add_token(token, owner)
        repository = world.add_repository(owner, "project", pushed_at=world.now())
        for place in range(issues):
            issue = world.open_issue(repository, owner, f"Issue {place}")
            world.comment(issue, owner, "A comment")
        found.append((repository.name_with_owner, token))
    return found


def connect(found: Sequence[Found], github: GitHubServer) -> list[GitHubRepository]:
    """Connect each of them to a workspace of its own."""
    admin = first_admin_ensure()
    return [
        repository_connect_by_token(
            workspace=workspace_ensure(slug=f"many-{number}", admin=admin),
            full_name=name,
            token=token,
            server=github,
        )
        for number, (name, token) in enumerate(found)
    ]


def read_again(*, per_page: int) -> None:
    """Let all be read from their beginning, in pages of so many threads."""
    SyncRun.objects.all().delete()
    SyncStream.objects.all().delete()
    for repository in GitHubRepository.objects.all():
        for name in ("issues", "pull_requests", "discussions"):
            repository.streams.create(name=name, page_size=per_page)
    now = timezone.now()
    GitHubRepository.objects.update(next_sync_at=now, last_synced_at=None)
    Credential.objects.update(woken_at=None)


def has_begun() -> bool:
    """Say whether anything is being read."""
    return Credential.objects.exclude(lease_token=None).exists()


def is_read() -> bool:
    """Say whether all have been read."""
    return not GitHubRepository.objects.filter(last_synced_at=None).exists()
