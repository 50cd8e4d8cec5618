"""What we read of each GraphQL type, as fragments. Tests check them against GitHub's schema.

https://docs.github.com/en/graphql/reference/objects
"""

PAGE_INFO = "pageInfo { hasNextPage endCursor }"
RATE_LIMIT = "rateLimit { cost remaining }"
REPOSITORY = "databaseId nameWithOwner url hasIssuesEnabled hasDiscussionsEnabled"

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
COMMENT = """
fragment comment on IssueComment {
  fullDatabaseId body createdAt updatedAt lastEditedAt url isMinimized minimizedReason
  author { ...actor }
}
"""
REVIEW = """
fragment review on PullRequestReview {
  id fullDatabaseId state body createdAt submittedAt updatedAt lastEditedAt url
  isMinimized minimizedReason
  author { ...actor }
}
"""
REVIEW_COMMENT = """
fragment reviewComment on PullRequestReviewComment {
  fullDatabaseId body createdAt updatedAt lastEditedAt url path line originalLine
  isMinimized minimizedReason
  replyTo { fullDatabaseId }
  author { ...actor }
}
"""
EVENT = """
fragment event on Node {
  __typename
  ... on ClosedEvent { id createdAt url stateReason actor { ...actor } }
  ... on ReopenedEvent { id createdAt actor { ...actor } }
  ... on MergedEvent { id createdAt url actor { ...actor } }
}
"""
REPLY = """
fragment reply on DiscussionComment {
  id databaseId body createdAt updatedAt lastEditedAt deletedAt url isMinimized minimizedReason
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
  author { ...actor }
  repository { databaseId }
  labels(first: 100) { nodes { name } }
"""
# GitHub finds large pages of large lists too heavy; most lists are short, and parts read the rest
# of the others, a hundred at a time. A thread has a hundred labels at most.
ISSUE = f"""
fragment issue on Issue {{
  {_THREAD}
  state stateReason(enableDuplicate: true) closedAt
  comments(first: 50) {{ {PAGE_INFO} nodes {{ ...comment }} }}
  timelineItems(first: 20, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) {{
    {PAGE_INFO}
    nodes {{ ...event }}
  }}
}}
"""
PULL_REQUEST = f"""
fragment pullRequest on PullRequest {{
  {_THREAD}
  state isDraft closedAt mergedAt
  comments(first: 50) {{ {PAGE_INFO} nodes {{ ...comment }} }}
  reviews(first: 30) {{ {PAGE_INFO} nodes {{ ...review }} }}
  reviewThreads(first: 1) {{ totalCount }}
  timelineItems(first: 20, itemTypes: [CLOSED_EVENT, REOPENED_EVENT, MERGED_EVENT]) {{
    {PAGE_INFO}
    nodes {{ ...event }}
  }}
}}
"""
# Each comment has a list of its own, which is what makes a page of discussions dear: 25 comments
# at first keep a hundred discussions at 27 points. Longer lists become parts.
DISCUSSION = f"""
fragment discussion on Discussion {{
  {_THREAD}
  closed closedAt stateReason
  answer {{ id databaseId url }}
  answerChosenAt
  answerChosenBy {{ ...actor }}
  comments(first: 25) {{ {PAGE_INFO} nodes {{ ...discussionComment }} }}
}}
"""

FRAGMENTS = {
    "issue": ISSUE,
    "pullRequest": PULL_REQUEST,
    "discussion": DISCUSSION,
    "comment": COMMENT,
    "review": REVIEW,
    "reviewComment": REVIEW_COMMENT,
    "event": EVENT,
    "discussionComment": DISCUSSION_COMMENT,
    "reply": REPLY,
    "actor": ACTOR,
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
