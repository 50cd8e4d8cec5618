"""Opening, editing, closing and deleting of issues and pull requests, and commenting on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from dexxy_simulator.activity.base import activity
from dexxy_simulator.activity.pull_requests import PullRequestActivity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import (
    Actor,
    Branch,
    Commit,
    Issue,
    IssueComment,
    Label,
    Post,
    PullRequest,
    Repository,
    Thread,
)


class ThreadActivity(PullRequestActivity):
    """What people do with issues and pull requests."""

    @activity
    def open_issue(
        self, repository: Repository, author: Actor | None, title: str, body: str = ""
    ) -> Issue:
        """Open an issue."""
        issue = Issue(
            home=repository,
            number=self.next_number(repository),
            title=title,
            **self.new_post("Issue", repository, author, body),
        )
        repository.issues[issue.number] = issue
        self.happened("opened", self.register(issue), author)
        return issue

    @activity
    def open_pull_request(
        self,
        repository: Repository,
        author: Actor | None,
        title: str,
        body: str = "",
        *,
        draft: bool = False,
    ) -> PullRequest:
        """Open a pull request."""
        number = self.next_number(repository)
        sha = hashlib.sha1(f"{repository.path}/{number}".encode()).hexdigest()  # noqa: S324  # nosec B324
        fork = author.login if author else "unknown"
        main = str(repository.facts.get("default_branch", "main"))
        pull = PullRequest(
            home=repository,
            number=number,
            title=title,
            issue_side_id=self.ids.next("Issue"),
            head=Branch(
                label=f"{fork}:change-{number}", ref=f"change-{number}", sha=sha, user=author
            ),
            base=Branch(
                label=f"{repository.owner.login}:{main}",
                ref=main,
                sha=sha[::-1],
                user=repository.owner,
            ),
            is_draft=draft,
            additions=12,
            deletions=3,
            changed_files=2,
            **self.new_post("PullRequest", repository, author, body),
        )
        repository.pull_requests[number] = self.register(pull)
        self.add_commit(pull, *([author] if author else []))
        self.add_branch(pull)
        self.happened("opened", pull, author)
        return pull

    @activity
    def comment(self, thread: Issue | PullRequest, author: Actor | None, body: str) -> IssueComment:
        """Comment on an issue or a pull request."""
        fields = self.new_post("IssueComment", thread.home, author, body)
        comment = IssueComment(thread=thread, **fields)
        thread.comments.append(comment)
        self.touch(thread)
        self.happened("created", self.register(comment), author)
        return comment

    @activity
    def edit(self, post: Post, body: str, editor: Actor | None = None) -> None:
        """Change a post's text. Whether more than its own time moves, the dialect knows."""
        former, post.body = post.body, body
        post.editor = editor or post.author
        post.last_edited_at = post.updated_at = self.now()
        if post.in_thread is not post:
            self.touch(post.in_thread, f"{post.kind} edited")
        self.happened("edited", post, post.editor, body=former)

    @activity
    def announce(self, post: Post, action: str, actor: Actor | None = None) -> None:
        """Tell of an action that is none of those here: GitHub invents them as it likes."""
        self.touch(post.in_thread)
        self.happened(action, post, actor)

    @activity
    def rename_title(self, thread: Thread, actor: Actor | None, title: str) -> None:
        """Change a thread's title."""
        if isinstance(thread, Issue | PullRequest):
            details = {"previous_title": thread.title, "current_title": title}
            self.add_event(thread, "RenamedTitleEvent", actor, details=details)
        former, thread.title = thread.title, title
        self.touch(thread)
        self.happened("edited", thread, actor, title=former)

    @activity
    def close(
        self,
        thread: Issue | PullRequest,
        actor: Actor | None,
        reason: str = "COMPLETED",
        closer: Commit | PullRequest | None = None,
    ) -> None:
        """Close an issue, for a reason, or a pull request without merging it.

        Args:
            closer: the commit or the merged pull request that says that it closes an issue.
        """
        thread.state, thread.closed_at = "CLOSED", self.now()
        state_reason = None
        if isinstance(thread, Issue):
            thread.state_reason = state_reason = reason
        details = {"state_reason": state_reason, "closer": closer}
        self.add_event(thread, "ClosedEvent", actor, details=details)
        self.touch(thread)
        self.happened("closed", thread, actor)

    @activity
    def reopen(self, thread: Issue | PullRequest, actor: Actor | None) -> None:
        """Open a closed issue or pull request again."""
        thread.state, thread.closed_at = "OPEN", None
        state_reason = None
        if isinstance(thread, Issue):
            thread.state_reason = "REOPENED"
            state_reason = "REOPENED"
        self.add_event(thread, "ReopenedEvent", actor, details={"state_reason": state_reason})
        self.touch(thread)
        self.happened("reopened", thread, actor)

    @activity
    def merge(self, pull: PullRequest, actor: Actor | None) -> None:
        """Merge a pull request, which closes it: GitHub's timeline shows both."""
        pull.state, pull.merged_by = "MERGED", actor
        pull.merged_at = pull.closed_at = self.now()
        pull.merge_commit_sha = pull.head.sha
        if pull.author is not None:
            pull.home.contributors.add(pull.author)
        self.add_event(pull, "MergedEvent", actor, details={"merge_ref_name": pull.base.ref})
        details = {"state_reason": None, "closer": None}
        self.add_event(pull, "ClosedEvent", actor, details=details)
        self.touch(pull)
        self.happened("closed", pull, actor)

    @activity
    def set_draft(self, pull: PullRequest, actor: Actor | None, *, draft: bool) -> None:
        """Make a pull request a draft, or ready for review."""
        pull.is_draft = draft
        self.add_event(pull, "ConvertToDraftEvent" if draft else "ReadyForReviewEvent", actor)
        self.touch(pull)
        self.happened("converted_to_draft" if draft else "ready_for_review", pull, actor)

    @activity
    def set_labels(self, thread: Thread, actor: Actor | None, names: Sequence[str]) -> None:
        """Give a thread exactly these labels, making those that the repository lacks."""
        former, wanted = thread.labels, self.labels(thread.repository, names)
        thread.labels = wanted
        self.touch(thread)
        changes = [("LabeledEvent", "labeled", one) for one in wanted if one not in former]
        changes += [("UnlabeledEvent", "unlabeled", one) for one in former if one not in wanted]
        for kind, action, label in changes:
            if isinstance(thread, Issue | PullRequest):
                self.add_event(thread, kind, actor, details={"label": label})
            self.happened(action, thread, actor, label=label)

    @activity
    def assign(
        self, thread: Issue | PullRequest, actor: Actor | None, assignee: Actor, *, on: bool = True
    ) -> None:
        """Make somebody responsible for an issue or a pull request, or no more."""
        if (assignee in thread.assignees) is on:
            return
        (thread.assignees.append if on else thread.assignees.remove)(assignee)
        kind = "AssignedEvent" if on else "UnassignedEvent"
        self.add_event(thread, kind, actor, details={"assignee": assignee})
        self.touch(thread)
        self.happened("assigned" if on else "unassigned", thread, actor, assignee=assignee)

    def labels(self, repository: Repository, names: Iterable[str]) -> list[Label]:
        """Find or make labels, in the order in which GitHub shows those of a thread."""
        found = (self.label(repository, name) for name in names)
        return sorted(found, key=lambda label: label.database_id)

    def label(self, repository: Repository, name: str) -> Label:
        """Find or make a label."""
        if name not in repository.labels:
            number = self.ids.next("Label")
            label = repository.labels[name] = self.register(
                Label(
                    repository=repository,
                    name=name,
                    database_id=number,
                    node_id=node_id("Label", number, repository.database_id),
                )
            )
            self.happened("created", label, None)
        return repository.labels[name]
