"""Discussing: comments, replies, answers."""

from __future__ import annotations

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import (
    Actor,
    Discussion,
    DiscussionCategory,
    DiscussionComment,
    Repository,
)


class DiscussionActivity(Activity):
    """What people do in discussions."""

    @activity
    def add_category(
        self, repository: Repository, name: str, *, emoji: str = ":speech_balloon:",
        answerable: bool = False, description: str | None = None,
    ) -> DiscussionCategory:  # fmt: skip
        """Find or make a category of discussions."""
        if name not in repository.categories:
            number = self.ids.next("DiscussionCategory")
            repository.categories[name] = self.register(
                DiscussionCategory(
                    repository=repository,
                    database_id=number,
                    node_id=node_id("DiscussionCategory", number, repository.database_id),
                    name=name,
                    slug=name.lower().replace(" ", "-").replace("&", "and"),
                    emoji=emoji,
                    is_answerable=answerable,
                    description=description,
                    created_at=self.now(),
                    updated_at=self.now(),
                )
            )
        return repository.categories[name]

    @activity
    def open_discussion(
        self, category: DiscussionCategory, author: Actor | None, title: str, body: str = ""
    ) -> Discussion:
        """Start a discussion."""
        repository = category.repository
        discussion = Discussion(
            home=repository,
            number=self.next_discussion_number(repository),
            title=title,
            category=category,
            **self.new_post("Discussion", repository, author, body),
        )
        repository.discussions[discussion.number] = discussion
        self.happened("created", self.register(discussion), author)
        return discussion

    @activity
    def discuss(
        self,
        discussion: Discussion,
        author: Actor | None,
        body: str,
        reply_to: DiscussionComment | None = None,
    ) -> DiscussionComment:
        """Comment on a discussion, or reply to a comment: a reply to a reply joins its row."""
        parent = (reply_to.reply_to or reply_to) if reply_to else None
        comment = DiscussionComment(
            discussion=discussion,
            reply_to=parent,
            **self.new_post("DiscussionComment", discussion.home, author, body),
        )
        (parent.replies if parent else discussion.comments).append(comment)
        self.touch(discussion, "reply written" if parent else None)
        self.happened("created", self.register(comment), author)
        return comment

    @activity
    def choose_answer(self, comment: DiscussionComment, actor: Actor | None) -> None:
        """Mark a comment as the answer of its discussion."""
        discussion = comment.discussion
        discussion.answer = comment
        discussion.answer_chosen_at = self.now()
        discussion.answer_chosen_by = actor
        self.touch(discussion)
        self.happened("answered", discussion, actor)

    @activity
    def unchoose_answer(self, discussion: Discussion, actor: Actor | None = None) -> None:
        """Take the mark of the answer back."""
        former = discussion.answer
        discussion.answer = discussion.answer_chosen_at = discussion.answer_chosen_by = None
        self.touch(discussion)
        self.happened("unanswered", discussion, actor, answer=former)

    @activity
    def close_discussion(
        self, discussion: Discussion, reason: str = "RESOLVED", actor: Actor | None = None
    ) -> None:
        """Close a discussion; a discussion has no timeline to show it."""
        discussion.state, discussion.state_reason = "CLOSED", reason
        discussion.closed_at = self.now()
        self.touch(discussion)
        self.happened("closed", discussion, actor)

    @activity
    def reopen_discussion(self, discussion: Discussion, actor: Actor | None = None) -> None:
        """Open a closed discussion again."""
        discussion.state, discussion.state_reason = "OPEN", "REOPENED"
        discussion.closed_at = None
        self.touch(discussion)
        self.happened("reopened", discussion, actor)

    @activity
    def change_category(
        self, discussion: Discussion, category: DiscussionCategory, actor: Actor | None = None
    ) -> None:
        """Move a discussion to another category of its repository."""
        former, discussion.category = discussion.category, category
        self.touch(discussion)
        self.happened("category_changed", discussion, actor, category=former)

    @activity
    def delete_discussion_comment(
        self, comment: DiscussionComment, actor: Actor | None = None
    ) -> None:
        """Delete a comment or reply; a comment that has replies stays, emptied."""
        discussion = comment.discussion
        if discussion.answer is comment:
            self.unchoose_answer(discussion)
        self.touch(discussion, f"{comment.kind} deleted")
        self.happened("deleted", comment, actor)
        if comment.replies:
            comment.deleted_at, comment.body, comment.author = self.now(), "", None
            return
        siblings = comment.reply_to.replies if comment.reply_to else discussion.comments
        siblings.remove(comment)
        self.forget(comment)
