"""What every object of the simulated GitHub has: a node id, a number and, if it was written,
an author and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from dexxy_simulator.model.actors import Actor
    from dexxy_simulator.model.repositories import Repository
    from dexxy_simulator.model.threads import Thread

# As the REST API and as GraphQL names them.
REACTIONS = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}


@dataclass(frozen=True)
class ReactionGroup:
    """How often a post got one of the reactions; who gave them is not modelled."""

    content: str
    total_count: int


@dataclass(frozen=True)
class Reaction:
    """One reaction to a post. Who gave it is not modelled, nor when: it is as old as the post."""

    place: int
    content: str
    created_at: datetime
    user: Actor | None = None


@dataclass(eq=False, kw_only=True)
class Node:
    """Anything with a global node id. Objects are equal only to themselves."""

    typename: ClassVar[str]

    node_id: str
    database_id: int


@dataclass(eq=False, kw_only=True)
class Post(Node):
    """Something that somebody wrote: a thread's opening, a comment, a review.

    `author` is None when the account is gone; GitHub's site then shows @ghost.
    """

    author: Actor | None
    body: str
    created_at: datetime
    updated_at: datetime
    author_association: str = "NONE"
    last_edited_at: datetime | None = None
    editor: Actor | None = None
    minimized_reason: str | None = None
    reactions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REACTIONS, 0))
    created_via_email: ClassVar[bool] = False
    kind: ClassVar[str]

    @property
    def in_thread(self) -> Thread:
        """The thread that it was written in; a thread's opening is the thread itself."""
        raise NotImplementedError

    @property
    def repository(self) -> Repository:
        """Where it was written."""
        raise NotImplementedError

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        raise NotImplementedError

    @property
    def body_text(self) -> str:
        """The body as plain text; the simulator does not render Markdown."""
        return self.body

    @property
    def body_html(self) -> str:
        """The body as a paragraph of HTML: Markdown is not rendered."""
        return f'<p dir="auto">{escape(self.body)}</p>'

    @property
    def published_at(self) -> datetime | None:
        """When it became visible; the simulator has no drafts of posts."""
        return self.created_at

    @property
    def includes_created_edit(self) -> bool:
        """Whether its edits include that of its creation: so once it was edited."""
        return self.last_edited_at is not None

    @property
    def single_reactions(self) -> list[Reaction]:
        """Each reaction by itself."""
        given = [one.content for one in self.reaction_groups for _ in range(one.total_count)]
        return [Reaction(place, content, self.created_at) for place, content in enumerate(given)]

    @property
    def reaction_groups(self) -> list[ReactionGroup]:
        """The counts of all reactions, also of those that nobody gave."""
        return [ReactionGroup(shown, self.reactions[name]) for name, shown in REACTIONS.items()]

    @property
    def is_minimized(self) -> bool:
        """Whether a maintainer has hidden it."""
        return self.minimized_reason is not None
