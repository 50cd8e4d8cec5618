"""Reviewing of pull requests."""

from __future__ import annotations

from collections.abc import Sequence

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import Actor, PullRequest, Review, ReviewComment, ReviewThread

# What every comment on a diff is about; it ends at the line that is commented on.
_CHANGED = """func (p *Pool) retrieveWorker() (w worker, err error) {
-\tif p.Running() == p.Cap() {
+\tif capacity := p.Cap(); capacity != -1 && p.Running() >= capacity {"""


class ReviewActivity(Activity):
    """What people do on the diff of a pull request."""

    @activity
    def review(
        self,
        pull: PullRequest,
        author: Actor | None,
        state: str = "COMMENTED",
        body: str = "",
        comments: Sequence[tuple[str, int, str]] = (),
    ) -> Review:
        """Review a pull request; comments are (path, line, body). A PENDING one is a draft."""
        pending = state == "PENDING"
        review = self.register(
            Review(
                pull_request=pull,
                state=state,
                submitted_at=None if pending else self.now(),
                commit_id=pull.head.sha,
                **self.new_post("PullRequestReview", pull.home, author, body),
            )
        )
        pull.reviews.append(review)
        for path, line, text in comments:
            self._comment_on_diff(review, text, path=path, line=line)
        if not pending:
            self.touch(pull)
            self._tell_of(review)
        return review

    @activity
    def submit_review(self, review: Review, state: str = "COMMENTED") -> None:
        """Submit a pending review: now others see it."""
        review.state = state
        review.submitted_at = review.updated_at = self.now()
        self.touch(review.pull_request)
        self._tell_of(review)

    @activity
    def reply_on_diff(
        self, comment: ReviewComment, author: Actor | None, body: str
    ) -> ReviewComment:
        """Reply to a review comment; GitHub wraps the reply in an empty review of its own."""
        first = comment.reply_to or comment
        pull = comment.pull_request
        review = self.review(pull, author)
        reply = self._comment_on_diff(
            review, body, path=first.path_in_diff, line=first.original_line or 1, reply_to=first
        )
        self.happened("created", reply, author)
        return reply

    @activity
    def dismiss_review(
        self, review: Review, actor: Actor | None = None, message: str | None = None
    ) -> None:
        """Dismiss an approving or refusing review, with or without saying why."""
        details = {"review": review, "previous_review_state": review.state}
        details["dismissal_message"] = message
        self.add_event(review.pull_request, "ReviewDismissedEvent", actor, details=details)
        review.state = "DISMISSED"
        review.updated_at = self.now()
        self.touch(review.pull_request, "review dismissed")
        self.happened("dismissed", review, actor)

    @activity
    def resolve(self, thread: ReviewThread, actor: Actor | None, *, resolved: bool = True) -> None:
        """Resolve a thread on the diff, or take that back."""
        thread.is_resolved = resolved
        thread.resolved_by = actor if resolved else None
        self.touch(thread.pull_request, "review thread resolved")
        self.happened("resolved" if resolved else "unresolved", thread, actor)

    @activity
    def delete_review_comment(self, comment: ReviewComment, actor: Actor | None = None) -> None:
        """Delete a review comment, and its review if that has nothing left to say."""
        review, pull = comment.pull_request_review, comment.pull_request
        review.comments.remove(comment)
        for thread in pull.review_threads:
            if comment in thread.comments:
                thread.comments.remove(comment)
        self.forget(*(thread for thread in pull.review_threads if not thread.comments))
        pull.review_threads = [thread for thread in pull.review_threads if thread.comments]
        if not review.comments and not review.body and review.state == "COMMENTED":
            pull.reviews.remove(review)
            self.forget(review)
        self.forget(comment)
        self.touch(pull, f"{comment.kind} deleted")
        if comment.state != "PENDING":
            self.happened("deleted", comment, actor)

    def add_review_comment(
        self, comment: ReviewComment, reply_to_id: int | None = None
    ) -> ReviewComment:
        """Put a comment into its review, and into the thread that it replies to or begins."""
        pull = comment.pull_request
        comment.pull_request_review.comments.append(comment)
        for thread in pull.review_threads:
            if thread.comments[0].database_id == reply_to_id:
                comment.reply_to = thread.comments[0]
                thread.comments.append(comment)
                return self.register(comment)
        number = self.ids.next("PullRequestReviewThread")
        thread = ReviewThread(
            database_id=number,
            node_id=node_id("PullRequestReviewThread", number, pull.home.database_id),
            pull_request=pull,
            comments=[comment],
        )
        pull.review_threads.append(self.register(thread))
        return self.register(comment)

    def _tell_of(self, review: Review) -> None:
        self.happened("submitted", review, review.author)
        for comment in review.comments:
            self.happened("created", comment, review.author)

    def _comment_on_diff(
        self,
        review: Review,
        body: str,
        *,
        path: str,
        line: int,
        reply_to: ReviewComment | None = None,
    ) -> ReviewComment:
        sha = review.commit_id or ""
        repository = review.repository
        comment = ReviewComment(
            pull_request_review=review,
            path_in_diff=path,
            diff_hunk=f"@@ -{line},1 +{line},1 @@ {_CHANGED}",
            commit_id=sha,
            original_commit_id=sha,
            position=2,
            original_position=2,
            line=line,
            original_line=line,
            **self.new_post("PullRequestReviewComment", repository, review.author, body),
        )
        return self.add_review_comment(comment, reply_to.database_id if reply_to else None)
