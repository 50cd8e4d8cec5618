"""What we read of each GraphQL type, as fragments. Tests check them against GitHub's schema.

https://docs.github.com/en/graphql/reference/objects
"""

PAGE_INFO = "pageInfo { hasNextPage endCursor }"
RATE_LIMIT = "rateLimit { cost remaining resetAt }"
REPOSITORY = (
    "id databaseId nameWithOwner url hasIssuesEnabled hasDiscussionsEnabled hasPullRequestsEnabled"
    " stargazerCount forkCount isPrivate"
)
# What the threads of a repository carry by name.
NAMES = (
    f"labels(first: 100) {{ nodes {{ name }} {PAGE_INFO} }}"
    f" milestones(first: 100) {{ nodes {{ title }} {PAGE_INFO} }}"
)

# `Node` gives the id of every type, also of one that GitHub adds one day.
ACTOR = """
fragment actor on Actor {
  __typename
  login
  avatarUrl
  url
  ... on Node { id }
  ... on User { databaseId name }
  ... on Organization { databaseId name }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on EnterpriseUserAccount { name }
}
"""
# An account that something was done to: no more than says who it is.
ACCOUNT = """
fragment account on Actor {
  __typename
  login
  ... on Node { id }
  ... on User { databaseId }
  ... on Organization { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
}
"""
COMMENT = """
fragment comment on IssueComment {
  fullDatabaseId authorAssociation body createdAt updatedAt lastEditedAt url
  isMinimized minimizedReason
  author { ...actor }
}
"""
REVIEW = """
fragment review on PullRequestReview {
  id fullDatabaseId authorAssociation state body createdAt submittedAt updatedAt lastEditedAt url
  isMinimized minimizedReason
  author { ...actor }
  commit { oid }
}
"""
REVIEW_COMMENT = """
fragment reviewComment on PullRequestReviewComment {
  fullDatabaseId authorAssociation body createdAt updatedAt lastEditedAt url path line originalLine
  diffHunk
  isMinimized minimizedReason
  replyTo { fullDatabaseId }
  pullRequestReview { submittedAt }
  author { ...actor }
}
"""
# A list of its comments would cost a point for each hundred threads of a page: parts read them, and
# only of what is resolved.
REVIEW_THREAD = """
fragment reviewThread on PullRequestReviewThread { id isResolved }
"""
REVIEW_THREAD_COMMENT = """
fragment reviewThreadComment on PullRequestReviewComment { fullDatabaseId state }
"""
EVENT = """
fragment event on Node {
  __typename
  ... on ClosedEvent { id createdAt url stateReason actor { ...actor } closer { ...named } }
  ... on ReopenedEvent { id createdAt actor { ...actor } }
  ... on MergedEvent { id createdAt url actor { ...actor } }
  ... on ReadyForReviewEvent { id createdAt url actor { ...actor } }
  ... on ConvertToDraftEvent { id createdAt url actor { ...actor } }
  ... on ReviewRequestedEvent {
    id createdAt actor { ...actor } requestedReviewer { ...named }
  }
  ... on ReviewRequestRemovedEvent {
    id createdAt actor { ...actor } requestedReviewer { ...named }
  }
  ... on ReviewDismissedEvent {
    id createdAt url actor { ...actor } dismissalMessage previousReviewState review { ...named }
  }
  ... on HeadRefForcePushedEvent {
    id createdAt actor { ...actor } beforeCommit { oid } afterCommit { ...named }
  }
  ... on ConvertedToDiscussionEvent { id createdAt actor { ...actor } discussion { ...named } }
  ... on MarkedAsDuplicateEvent { id createdAt actor { ...actor } canonical { ...named } }
  ... on UnmarkedAsDuplicateEvent { id createdAt actor { ...actor } canonical { ...named } }
  ... on LabeledEvent { id createdAt actor { ...actor } label { ...named } }
  ... on UnlabeledEvent { id createdAt actor { ...actor } label { ...named } }
  ... on AssignedEvent { id createdAt actor { ...actor } assignee { ...named } }
  ... on UnassignedEvent { id createdAt actor { ...actor } assignee { ...named } }
}
"""
# What an event names beside who did it. What is named so often gets no more than a line needs.
NAMED = """
fragment named on Node {
  __typename
  ... on Actor { ...account }
  ... on Team { databaseId combinedSlug }
  ... on Label { name }
  ... on Commit { oid url }
  ... on Issue { number url }
  ... on PullRequest { number url }
  ... on Discussion { number url }
  ... on PullRequestReview { fullDatabaseId }
}
"""
REPLY = """
fragment reply on DiscussionComment {
  id databaseId authorAssociation body createdAt updatedAt lastEditedAt deletedAt url
  upvoteCount isMinimized minimizedReason
  author { ...actor }
}
"""
# The innermost list of a query costs nothing, so the first replies come with their comment.
DISCUSSION_COMMENT = f"""
fragment discussionComment on DiscussionComment {{
  ...reply
  replies(first: 10) {{ {PAGE_INFO} nodes {{ ...reply }} }}
}}
"""

_THREAD = """
  id number title body url createdAt updatedAt lastEditedAt
  authorAssociation locked activeLockReason
  author { ...actor }
  repository { databaseId }
  labels(first: 100) { nodes { name } }
"""
# Each list of a thread costs points, and this is one: 20 pull requests stay at one point.
_REACTIONS = "reactionGroups { content reactors(first: 1) { totalCount } }"
# A thread has ten assignees at most.
_TRACKED = """
  milestone { title }
  assignees(first: 10) { nodes { ...account } }
"""
_EVENTS = (
    "CLOSED_EVENT REOPENED_EVENT CONVERTED_TO_DISCUSSION_EVENT MARKED_AS_DUPLICATE_EVENT"
    " UNMARKED_AS_DUPLICATE_EVENT LABELED_EVENT UNLABELED_EVENT ASSIGNED_EVENT UNASSIGNED_EVENT"
)
ISSUE_EVENTS = f"itemTypes: [{_EVENTS}]"
PULL_REQUEST_EVENTS = (
    f"itemTypes: [{_EVENTS} MERGED_EVENT READY_FOR_REVIEW_EVENT CONVERT_TO_DRAFT_EVENT"
    " REVIEW_REQUESTED_EVENT REVIEW_REQUEST_REMOVED_EVENT REVIEW_DISMISSED_EVENT"
    " HEAD_REF_FORCE_PUSHED_EVENT]"
)
# GitHub finds large pages of large lists too heavy; most lists are short, and parts read the rest
# of the others, a hundred at a time. A thread has a hundred labels at most.
ISSUE = f"""
fragment issue on Issue {{
  {_THREAD}
  {_TRACKED}
  {_REACTIONS}
  state stateReason(enableDuplicate: true) closedAt
  parent {{ number url }}
  issueType {{ name }}
  subIssuesSummary {{ total completed }}
  comments(first: 50) {{ {PAGE_INFO} nodes {{ ...comment }} }}
  timelineItems(first: 20, {ISSUE_EVENTS}) {{
    {PAGE_INFO}
    nodes {{ ...event }}
  }}
}}
"""
PULL_REQUEST = f"""
fragment pullRequest on PullRequest {{
  {_THREAD}
  {_TRACKED}
  {_REACTIONS}
  state isDraft closedAt mergedAt
  headRefOid
  headRef {{ target {{ ... on Commit {{ committedDate by: author {{ name user {{ id }} }} }} }} }}
  comments(first: 50) {{ {PAGE_INFO} nodes {{ ...comment }} }}
  reviews(first: 30) {{ {PAGE_INFO} nodes {{ ...review }} }}
  reviewThreads(first: 50) {{ {PAGE_INFO} nodes {{ ...reviewThread }} }}
  timelineItems(first: 20, {PULL_REQUEST_EVENTS}) {{
    {PAGE_INFO}
    nodes {{ ...event }}
  }}
}}
"""
# Each comment has a list of its own, which is what makes a page of discussions dear: 25 comments
# at first keep a hundred discussions at 28 points. Longer lists become parts.
DISCUSSION = f"""
fragment discussion on Discussion {{
  {_THREAD}
  {_REACTIONS}
  closed closedAt stateReason upvoteCount
  category {{ name isAnswerable }}
  answer {{ id databaseId url }}
  answerChosenAt
  answerChosenBy {{ ...actor }}
  comments(first: 25) {{ {PAGE_INFO} nodes {{ ...discussionComment }} }}
}}
"""

RELEASE = """
fragment release on Release {
  databaseId tagName name description isDraft isPrerelease createdAt publishedAt url
  author { ...actor }
}
"""

# No commit is read for itself: only who wrote it, with whom its message names.
PULL_REQUEST_COMMIT = """
fragment pullRequestCommit on PullRequestCommit {
  commit { authors(first: 5) { nodes { name email user { ...actor } } } }
}
"""

FRAGMENTS = {
    "pullRequestCommit": PULL_REQUEST_COMMIT,
    "release": RELEASE,
    "issue": ISSUE,
    "pullRequest": PULL_REQUEST,
    "discussion": DISCUSSION,
    "comment": COMMENT,
    "review": REVIEW,
    "reviewComment": REVIEW_COMMENT,
    "reviewThread": REVIEW_THREAD,
    "reviewThreadComment": REVIEW_THREAD_COMMENT,
    "event": EVENT,
    "named": NAMED,
    "discussionComment": DISCUSSION_COMMENT,
    "reply": REPLY,
    "actor": ACTOR,
    "account": ACCOUNT,
}


def with_fragments(document: str) -> str:
    """Add to DOCUMENT the fragments that it uses, and those that these use."""
    needed: list[str] = []
    waiting = [document]
    while waiting:
        text = waiting.pop()
        found = [n for n in FRAGMENTS if f"...{n} " in f"{text} " and n not in needed]
        needed += found
        waiting += [FRAGMENTS[name] for name in found]
    return document + "".join(FRAGMENTS[name] for name in FRAGMENTS if name in needed)
