"""What a repository has beside its threads: releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Node
from dexxy_simulator.model.repositories import Repository


@dataclass(eq=False, kw_only=True)
class Release(Node):
    """A release. A draft is there for who may write to the repository alone."""

    typename: ClassVar[str] = "Release"
    repository: Repository
    tag_name: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    description: str | None = None
    author: Actor | None = None
    published_at: datetime | None = None
    is_prerelease: bool = False

    @property
    def is_draft(self) -> bool:
        """Whether it is not published."""
        return self.published_at is None

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"{self.repository.path}/releases/tag/{self.tag_name}"
