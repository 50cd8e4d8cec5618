"""What makes a repository grow: stars, forks, releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.model import Actor, Release, Repository


class GrowthActivity(Activity):
    """What people do with a repository as a whole."""

    @activity
    def star(self, repository: Repository, actor: Actor) -> None:
        """Give a star; who has given one already gives no second."""
        if actor in repository.stargazers:
            return
        repository.stargazers.add(actor)
        self._starred(repository)
        self.happened("created", repository, actor, event="star", starred_at=self.now())

    @activity
    def unstar(self, repository: Repository, actor: Actor) -> None:
        """Take a star back."""
        if actor not in repository.stargazers:
            return
        repository.stargazers.remove(actor)
        self._starred(repository)
        self.happened("deleted", repository, actor, event="star", starred_at=None)

    def _starred(self, repository: Repository) -> None:
        if self.dialect.stars_move_repositories:
            repository.updated_at = self.now()

    @activity
    def fork(self, repository: Repository, owner: Actor) -> Repository:
        """Copy a repository to another account."""
        pushed_at = repository.pushed_at or self.now()
        forkee = self.add_repository(owner, repository.name, is_fork=True, pushed_at=pushed_at)
        repository.forks.append(forkee)
        self.happened(None, repository, owner, event="fork", forkee=forkee)
        return forkee

    @activity
    def release(
        self, repository: Repository, author: Actor | None, tag_name: str, body: str = "",
        *, draft: bool = False, prerelease: bool = False,
    ) -> Release:  # fmt: skip
        """Make a release, and publish it unless it is a draft."""
        now = self.now()
        release = self.register(
            Release(
                repository=repository,
                tag_name=tag_name,
                name=f"Version {tag_name}",
                description=body,
                author=author,
                is_prerelease=prerelease,
                created_at=now,
                updated_at=now,
                **self.new_ids("Release", repository),
            )
        )
        repository.releases.append(release)
        if not draft:
            self.publish_release(release)
        return release

    @activity
    def publish_release(self, release: Release) -> None:
        """Publish a draft."""
        release.published_at = release.updated_at = self.now()
        self.happened("published", release, release.author)

    @activity
    def edit_release(self, release: Release, changed: Mapping[str, Any]) -> None:
        """Change the name, the description or another field of a release."""
        details = {
            "name": release.name,
            "body": release.description,
            "tag_name": release.tag_name,
        }
        for name, value in changed.items():
            setattr(release, name, value)
        release.updated_at = self.now()
        if not release.is_draft:
            self.happened("edited", release, None, former=details)

    @activity
    def delete_release(self, release: Release) -> None:
        """Delete a release."""
        release.repository.releases.remove(release)
        self.forget(release)
        self.happened("deleted", release, release.author)
