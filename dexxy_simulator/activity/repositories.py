"""What owners do with whole repositories."""

from __future__ import annotations

from dexxy_simulator.activity.base import activity
from dexxy_simulator.activity.installations import InstallationActivity
from dexxy_simulator.model import Actor, Repository


class RepositoryActivity(InstallationActivity):
    """Renaming, moving, hiding, archiving and deleting of repositories."""

    @activity
    def rename_repository(
        self, repository: Repository, name: str, actor: Actor | None = None
    ) -> None:
        """Rename a repository; its former name leads to it until somebody takes it."""
        self.former_names[repository.name_with_owner.lower()] = repository
        former, repository.name = repository.name, name
        repository.updated_at = self.now()
        self.happened("renamed", repository, actor, name=former)

    @activity
    def transfer_repository(
        self, repository: Repository, owner: Actor, actor: Actor | None = None
    ) -> None:
        """Move a repository to another owner: installations on the former one lose it.

        https://docs.github.com/repositories/creating-and-managing-repositories/transferring-a-repository
        """
        self.former_names[repository.name_with_owner.lower()] = repository
        left = self.covering(repository)
        former, repository.owner = repository.owner, owner
        repository.updated_at = self.now()
        for installation in left:
            self.lose(installation, repository)
        self.happened("transferred", repository, actor, owner=former)
        self.join(repository)

    @activity
    def archive_repository(
        self, repository: Repository, actor: Actor | None = None, *, archived: bool = True
    ) -> None:
        """Make a repository read-only, or take that back."""
        repository.is_archived = archived
        repository.updated_at = self.now()
        self.happened("archived" if archived else "unarchived", repository, actor)

    @activity
    def set_private(
        self, repository: Repository, actor: Actor | None = None, *, private: bool = True
    ) -> None:
        """Make a repository private, or public."""
        repository.is_private = private
        repository.updated_at = self.now()
        self.happened("privatized" if private else "publicized", repository, actor)

    @activity
    def describe_repository(
        self, repository: Repository, description: str | None, actor: Actor | None = None
    ) -> None:
        """Change a repository's description."""
        former, repository.description = repository.description, description
        repository.updated_at = self.now()
        self.happened("edited", repository, actor, description=former)

    @activity
    def delete_repository(self, repository: Repository, actor: Actor | None = None) -> None:
        """Delete a repository with everything in it."""
        self.happened("deleted", repository, actor)
        left = self.covering(repository)
        del self.repositories[repository.database_id]
        self.former_names = {
            name: other for name, other in self.former_names.items() if other is not repository
        }
        for key, node in list(self.nodes.items()):
            if getattr(node, "repository", None) is repository:
                del self.nodes[key]
        for installation in left:
            self.lose(installation, repository)
