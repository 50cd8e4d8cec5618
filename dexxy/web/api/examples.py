"""Documents to begin with, which run as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Example:
    """A document that answers a question.

    Args:
        name: the question, for the list to choose from.
        document: takes the workspace as `$workspace`, if it needs one.
    """

    name: str | Promise
    document: str

    @property
    def needs_workspace(self) -> bool:
        """Whether it takes a workspace."""
        return "$workspace" in self.document


EXAMPLES: Sequence[Example] = (
    Example(
        gettext_lazy("Who am I, and which workspaces can I see?"),
        """{
  viewer {
    user { name email }
    tokenScope
    workspaces { id name slug timeZone }
  }
}""",
    ),
    Example(
        gettext_lazy("Who waits for an answer, and for how long?"),
        """query WhoWaits($workspace: ID!) {
  waitingSummary(workspaceId: $workspace) { total over30Days longestSince }
  waiting(workspaceId: $workspace, first: 10) {
    edges {
      node {
        since reason othersReplied
        thread { number title url source { name } author { username } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}""",
    ),
    Example(
        gettext_lazy("What was said last?"),
        """query Latest($workspace: ID!) {
  activityFeed(workspaceId: $workspace, first: 10, filters: { bots: EXCLUDED }) {
    edges {
      node {
        kind occurredAt body url
        author { username member { id displayName } }
        thread { number title state }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}""",
    ),
    Example(
        gettext_lazy("Which open issues has nobody answered?"),
        """query Unanswered($workspace: ID!) {
  threads(
    workspaceId: $workspace
    first: 10
    filters: { kinds: [ISSUE], onlyUnanswered: true }
    sort: OPENED
  ) {
    totalCount
    edges { node { number title openedAt labels url } }
  }
}""",
    ),
    Example(
        gettext_lazy("Who takes part most?"),
        """query People($workspace: ID!) {
  members(workspaceId: $workspace, first: 10, segment: EVERYBODY, sort: RECENT) {
    edges {
      node { id displayName organization messageCount recentCount lastSeenAt }
    }
  }
}""",
    ),
    Example(
        gettext_lazy("Where do I begin to follow what changes?"),
        """query Follow($workspace: ID!) {
  activityChanges(workspaceId: $workspace) {
    changes { id isRemoved item { kind body occurredAt } }
    endCursor
    hasMore
  }
}""",
    ),
)
