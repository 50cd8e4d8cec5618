"""What people do to keep track of threads: milestones, types, duplicates, parts, reactions."""

from __future__ import annotations

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import (
    Actor,
    Discussion,
    DiscussionComment,
    Issue,
    IssueType,
    Milestone,
    Post,
    PullRequest,
    Repository,
)


class TrackingActivity(Activity):
    """What orders threads, and what is clicked below them."""

    @activity
    def add_milestone(self, repository: Repository, title: str) -> Milestone:
        """Make a milestone."""
        number = self.ids.next("Milestone")
        milestone = self.register(
            Milestone(
                repository=repository,
                database_id=number,
                node_id=node_id("Milestone", number, repository.database_id),
                number=number % 1000,
                title=title,
                home=repository.name_with_owner,
                creator=repository.owner,
                created_at=self.now(),
                updated_at=self.now(),
            )
        )
        repository.milestones.append(milestone)
        self.happened("created", milestone, None)
        return milestone

    @activity
    def rename_milestone(self, milestone: Milestone, title: str) -> None:
        """Give a milestone another title; no time of the threads in it moves."""
        former, milestone.title = milestone.title, title
        milestone.updated_at = self.now()
        self.happened("edited", milestone, None, title=former)

    @activity
    def close_milestone(self, milestone: Milestone) -> None:
        """Close a milestone, or open it again; what is in it stays there."""
        milestone.closed_at = None if milestone.closed else self.now()
        milestone.updated_at = self.now()
        self.happened("closed" if milestone.closed else "opened", milestone, None)

    @activity
    def delete_milestone(self, milestone: Milestone) -> None:
        """Delete a milestone, also from the threads in it; no time of theirs moves."""
        milestone.repository.milestones.remove(milestone)
        for thread in self.threads_of(milestone.repository):
            if isinstance(thread, Issue | PullRequest) and thread.milestone is milestone:
                thread.milestone = None
        self.forget(milestone)
        self.happened("deleted", milestone, None)

    @activity
    def set_milestone(
        self, thread: Issue | PullRequest, actor: Actor | None, milestone: Milestone | None
    ) -> None:
        """Put a thread into a milestone, or into none."""
        former, thread.milestone = thread.milestone, milestone
        self.touch(thread)
        shown = milestone or former
        if shown is not None:
            action = "milestoned" if milestone else "demilestoned"
            self.happened(action, thread, actor, milestone=shown)

    @activity
    def set_type(self, issue: Issue, actor: Actor | None, name: str | None) -> None:
        """Say of which type an issue is, or that it is of none: only organizations have types.

        A server that is too old for them does nothing.
        """
        owner, former = issue.home.owner, issue.issue_type
        if owner.kind != "Organization" or not self.dialect.newer_fields:
            return
        issue.issue_type = self._type(owner, name) if name else None
        shown = issue.issue_type or former
        if shown is not None and issue.issue_type is not former:
            self.touch(issue)
            self.happened("typed" if name else "untyped", issue, actor, type=shown)

    def _type(self, owner: Actor, name: str) -> IssueType:
        types = self.issue_types.setdefault(owner.database_id, {})
        if name not in types:
            number = self.ids.next("IssueType")
            types[name] = IssueType(
                database_id=number,
                node_id=node_id("IssueType", number, owner.database_id),
                name=name,
                created_at=self.now(),
                description=f"What is called {name} here",
            )
        return types[name]

    @activity
    def mark_duplicate(
        self,
        thread: Issue | PullRequest,
        actor: Actor | None,
        canonical: Issue | PullRequest,
        *,
        on: bool = True,
    ) -> None:
        """Mark a thread as a duplicate of another one, or no more; it does not close it."""
        kind = "MarkedAsDuplicateEvent" if on else "UnmarkedAsDuplicateEvent"
        details = {
            "canonical": canonical,
            "duplicate": thread,
            "is_cross_repository": canonical.home is not thread.home,
        }
        self.add_event(thread, kind, actor, details=details)
        self.touch(thread)

    @activity
    def add_sub_issue(self, parent: Issue, issue: Issue, actor: Actor | None) -> None:
        """Make an issue a part of another one."""
        assert issue.parent is None, "an issue is a part of one other issue"
        issue.parent = parent
        parent.sub_issues.append(issue)
        self.touch(parent)
        self.touch(issue)
        self._tell_of_parts("added", parent, issue, actor)

    @activity
    def remove_sub_issue(self, issue: Issue, actor: Actor | None) -> None:
        """Make an issue no part of another one any more."""
        parent, issue.parent = issue.parent, None
        assert parent is not None
        parent.sub_issues.remove(issue)
        self.touch(parent)
        self.touch(issue)
        self._tell_of_parts("removed", parent, issue, actor)

    @activity
    def react(self, post: Post, reaction: str, count: int = 1) -> None:
        """Add so many reactions to a post, or take them away; no time moves, nobody is told."""
        post.reactions[reaction] = max(0, post.reactions[reaction] + count)

    @activity
    def upvote(self, post: Discussion | DiscussionComment, count: int = 1) -> None:
        """Vote for a discussion or a comment of one; no time moves, nobody is told."""
        post.upvote_count += count

    def _tell_of_parts(self, done: str, parent: Issue, issue: Issue, actor: Actor | None) -> None:
        for side, subject in (("sub_issue", parent), ("parent_issue", issue)):
            self.happened(
                f"{side}_{done}", subject, actor, event="sub_issues", parent=parent, part=issue
            )
