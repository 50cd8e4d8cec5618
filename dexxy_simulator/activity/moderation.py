"""What maintainers and account owners do: delete, hide, lock, move, rename."""

from __future__ import annotations

from contextlib import nullcontext
from copy import copy

from dexxy_simulator.activity.base import activity
from dexxy_simulator.activity.discussions import DiscussionActivity
from dexxy_simulator.activity.repositories import RepositoryActivity
from dexxy_simulator.activity.reviews import ReviewActivity
from dexxy_simulator.activity.threads import ThreadActivity
from dexxy_simulator.activity.tracking import TrackingActivity
from dexxy_simulator.model import (
    Actor,
    Commit,
    Discussion,
    DiscussionCategory,
    DiscussionComment,
    Issue,
    IssueComment,
    Label,
    Post,
    PullRequest,
    Repository,
    ReviewComment,
    Thread,
    TimelineEvent,
    with_parts,
)

ACTOR_FIELDS = ("author", "editor", "actor", "merged_by", "answer_chosen_by", "resolved_by")
ACTOR_LISTS = ("assignees", "requested_reviewers")


class ModerationActivity(
    ThreadActivity,
    ReviewActivity,
    DiscussionActivity,
    TrackingActivity,
    RepositoryActivity,
):
    """What makes things vanish, move or change their name."""

    @activity
    def delete(self, post: Post, actor: Actor | None = None) -> None:
        """Delete an issue, a discussion or any comment.

        Pull requests and submitted reviews cannot be deleted on GitHub.
        """
        if isinstance(post, IssueComment):
            post.thread.comments.remove(post)
            if actor is not None and actor is not post.author:
                details = {"deleted_comment_author": post.author}
                self.add_event(post.thread, "CommentDeletedEvent", actor, details=details)
            self.forget(post)
            self.touch(post.thread, f"{post.kind} deleted")
            self.happened("deleted", post, actor)
        elif isinstance(post, ReviewComment):
            self.delete_review_comment(post, actor)
        elif isinstance(post, DiscussionComment):
            self.delete_discussion_comment(post, actor)
        elif isinstance(post, Issue):
            del post.home.issues[post.number]
            post.home.deleted_numbers.add(post.number)
            for part in post.sub_issues:
                part.parent = None
            if post.parent is not None:
                post.parent.sub_issues.remove(post)
            self.forget(*with_parts(post))
            self.happened("deleted", post, actor)
        elif isinstance(post, Discussion):
            del post.home.discussions[post.number]
            self.forget(*with_parts(post))
            self.happened("deleted", post, actor)
        else:
            raise TypeError(f"GitHub deletes no {post.typename}")

    @activity
    def minimize(self, post: Post, reason: str | None = "off-topic") -> None:
        """Hide a comment, or show it again with a reason of None; its own time does not move."""
        post.minimized_reason = reason
        self.touch(post.in_thread, "minimized")

    @activity
    def lock_thread(self, thread: Thread, actor: Actor | None, reason: str | None = None) -> None:
        """Lock a thread, so that only collaborators can write to it."""
        thread.locked, thread.active_lock_reason = True, reason
        if isinstance(thread, Issue | PullRequest):
            self.add_event(thread, "LockedEvent", actor, details={"lock_reason": reason})
        self.touch(thread)
        self.happened("locked", thread, actor)

    @activity
    def unlock_thread(self, thread: Thread, actor: Actor | None) -> None:
        """Unlock a thread."""
        thread.locked, thread.active_lock_reason = False, None
        if isinstance(thread, Issue | PullRequest):
            self.add_event(thread, "UnlockedEvent", actor)
        self.touch(thread)
        self.happened("unlocked", thread, actor)

    @activity
    def transfer(
        self, thread: Issue | Discussion, target: Repository, actor: Actor | None = None
    ) -> None:
        """Move a thread, with its comments, to another repository, where it gets a new number.

        https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/transferring-an-issue-to-another-repository
        """
        former = copy(thread)
        if isinstance(thread, Issue):
            self._transfer_issue(thread, target, actor)
        else:
            del thread.home.discussions[thread.number]
            thread.home, thread.number = target, self.next_discussion_number(target)
            old = thread.category
            thread.category = self.add_category(target, old.name, answerable=old.is_answerable)
            target.discussions[thread.number] = thread
        thread.labels = self.labels(target, [label.name for label in thread.labels])
        self.touch(thread)
        self.happened("transferred", former, actor, new=thread)
        if isinstance(thread, Issue):
            self.happened("opened", thread, actor, old=former)
        elif self.dialect.arriving_discussions_are_created:
            self.happened("created", thread, actor)

    def _transfer_issue(self, issue: Issue, target: Repository, actor: Actor | None) -> None:
        source = issue.home
        del source.issues[issue.number]
        source.transferred[issue.number] = issue
        issue.home, issue.number = target, self.next_number(target)
        target.issues[issue.number] = issue
        # It keeps its milestone where there is one of the same title and date, says the page above.
        former = issue.milestone and (issue.milestone.title, issue.milestone.due_on)
        same = (one for one in target.milestones if (one.title, one.due_on) == former)
        issue.milestone = next(same, None)
        details = {"from_repository": source}
        self.add_event(issue, "TransferredEvent", actor, details=details)

    @activity
    def convert_to_discussion(
        self, issue: Issue, category: DiscussionCategory, actor: Actor | None
    ) -> Discussion:
        """Close an issue and continue it, with its comments, as a discussion."""
        told = self.dialect.conversion_events
        with self.silence():
            discussion = self.open_discussion(category, issue.author, issue.title, issue.body)
            for comment in issue.comments:
                self.discuss(discussion, comment.author, comment.body)
            details = {"discussion": discussion}
            self.add_event(issue, "ConvertedToDiscussionEvent", actor, details=details)
        with nullcontext() if told in ("both", "issue") else self.silence():
            if self.dialect.converted_issues_stay:
                self.close(issue, actor)
            else:
                self.delete(issue, actor)
        if told in ("both", "discussion"):
            self.happened("created", discussion, actor)
        return discussion

    @activity
    def rename_label(self, label: Label, name: str) -> None:
        """Rename a label, on all threads that carry it; no time of theirs moves."""
        labels = label.repository.labels
        del labels[label.name]
        former, label.name = label.name, name
        labels[name] = label
        self.happened("edited", label, None, name=former)

    @activity
    def delete_label(self, label: Label) -> None:
        """Delete a label, also from all threads that carry it; no time of theirs moves."""
        del label.repository.labels[label.name]
        for thread in self.threads_of(label.repository):
            thread.labels = [one for one in thread.labels if one is not label]
        self.forget(label)
        self.happened("deleted", label, None)

    @activity
    def rename_actor(self, actor: Actor, login: str) -> None:
        """Rename an account, and so its repositories."""
        for repository in self.repositories.values():
            if repository.owner is actor:
                self.former_names[repository.name_with_owner.lower()] = repository
        former, actor.login = actor.login, login
        actor.updated_at = self.now()
        for app in self.apps.values():
            if (installation := app.on(actor)) is not None:
                self.happened(
                    "renamed", installation, actor, event="installation_target", login=former
                )

    @activity
    def delete_actor(self, actor: Actor) -> None:
        """Delete an account: what it wrote stays, without an author."""
        for app in self.apps.values():
            if (installation := app.on(actor)) is not None:
                self.uninstall(installation)
        for node in (*self.nodes.values(), *self.out_of_sight.values()):
            for name in ACTOR_FIELDS:
                if vars(node).get(name) is actor:
                    setattr(node, name, None)
            if isinstance(node, Commit):
                for one in node.authors:
                    one.account = None if one.account is actor else one.account
            if isinstance(node, Repository):
                node.stargazers.discard(actor)
            for name in ACTOR_LISTS:
                actors = vars(node).get(name, [])
                if actor in actors:
                    actors.remove(actor)
            if isinstance(node, TimelineEvent):
                shown = node.details.items()
                node.details = {name: None if one is actor else one for name, one in shown}
        self.tokens = {key: one for key, one in self.tokens.items() if one.owner is not actor}
        self.nodes.pop(actor.node_id)
        del self.actors[actor.database_id]
