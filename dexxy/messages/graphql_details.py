"""What is known of threads and messages beside their columns, in the API."""

from collections.abc import Mapping
from typing import Any, Self

import strawberry

from dexxy.common.graphql_cost import cost

# A thread has ten assignees at most, and there are eight reactions.
MOST_ASSIGNEES = 10
_REACTIONS = 8


@strawberry.type(description="An account that is named beside an author.")
class NamedAccount:
    id: str = strawberry.field(description="Its number on the platform; empty once erased.")
    login: str

    @classmethod
    def of(cls, account: Mapping[str, Any]) -> Self:
        """Show an account as it is stored."""
        return cls(id=account["id"], login=account["login"])


@strawberry.type(description="What a message is about beside its thread.")
class Subject:
    type: str = strawberry.field(
        description="account, team, label, commit, issue, pull_request, discussion, review, other."
    )
    id: str | None = strawberry.field(description="Of an account, a team or a review.")
    name: str | None = strawberry.field(
        description="Of a label or a team; the login of an account."
    )
    number: int | None = strawberry.field(description="Of a thread.")
    oid: str | None = strawberry.field(description="Of a commit.")
    url: str | None

    @classmethod
    def of(cls, subject: Mapping[str, Any] | None) -> Self | None:
        """Show a subject as it is stored; None where there is none."""
        if subject is None:
            return None
        return cls(
            type=subject["type"],
            id=subject.get("id"),
            name=subject.get("name", subject.get("login")),
            number=subject.get("number"),
            oid=subject.get("oid"),
            url=subject.get("url"),
        )


@strawberry.type(description="How often one of GitHub's reactions was given.")
class Reaction:
    name: str = strawberry.field(description="Such as `+1` or `heart`.")
    count: int


@strawberry.type(description="What only some threads have.")
class ThreadDetails:
    association: str | None = strawberry.field(
        description="What its author is to the repository, such as `member`; null for a stranger."
    )
    lock_reason: str | None
    is_answerable: bool | None = strawberry.field(description="Of a discussion.")
    upvotes: int | None = strawberry.field(description="Of a discussion.")
    reactions: list[Reaction] = strawberry.field(
        description="To its opening.", metadata=cost(items=_REACTIONS)
    )
    parent: Subject | None = strawberry.field(description="The issue of which it is a part.")
    sub_issues: int = strawberry.field(description="How many issues are parts of it.")
    closed_sub_issues: int
    head_committed_at: str | None = strawberry.field(
        description="Of a pull request: when its last commit was made, while its branch exists."
    )

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Self:
        """Show the details of a thread as they are stored."""
        parts = details.get("sub_issues", {})
        reactions = details.get("reactions", {})
        return cls(
            association=details.get("association"),
            lock_reason=details.get("lock_reason"),
            is_answerable=details.get("is_answerable"),
            upvotes=details.get("upvotes"),
            reactions=[Reaction(name=name, count=reactions[name]) for name in sorted(reactions)],
            parent=Subject.of(details.get("parent")),
            sub_issues=parts.get("total", 0),
            closed_sub_issues=parts.get("closed", 0),
            head_committed_at=details.get("head_committed_at"),
        )
