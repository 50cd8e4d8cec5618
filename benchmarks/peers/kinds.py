"""What is counted: the kinds of objects that peers obtain, and how many of each there are."""

from dexxy_simulator.model import Issue, PullRequest, Repository

ISSUES = "issues"
PULL_REQUESTS = "pull requests"
COMMENTS = "comments"
REVIEWS = "reviews"
REVIEW_COMMENTS = "review comments"
EVENTS = "events"
DISCUSSIONS = "discussions"
DISCUSSION_COMMENTS = "discussion comments"
KINDS = (
    *(ISSUES, PULL_REQUESTS, COMMENTS, REVIEWS, REVIEW_COMMENTS),
    *(EVENTS, DISCUSSIONS, DISCUSSION_COMMENTS),
)


def truth(repository: Repository) -> dict[str, int]:
    """Count what GitHub shows of a repository to somebody who reads all of it."""
    both: list[Issue | PullRequest] = [
        *repository.issues.values(),
        *repository.pull_requests.values(),
    ]
    submitted = [
        review
        for pull in repository.pull_requests.values()
        for review in pull.reviews
        if review.state != "PENDING"
    ]
    talks = repository.discussions.values()
    return {
        ISSUES: len(repository.issues),
        PULL_REQUESTS: len(repository.pull_requests),
        COMMENTS: sum(len(thread.comments) for thread in both),
        REVIEWS: len(submitted),
        REVIEW_COMMENTS: sum(len(review.comments) for review in submitted),
        EVENTS: sum(len(thread.timeline) for thread in both),
        DISCUSSIONS: len(talks),
        # One that was deleted stays, empty, as long as it has replies.
        DISCUSSION_COMMENTS: sum(
            (one.deleted_at is None) + len(one.replies)
            for discussion in talks
            for one in discussion.comments
        ),
    }
