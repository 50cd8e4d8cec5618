"""What happens to a pull request beside its conversation: pushes, and who is asked for a review."""

from __future__ import annotations

from datetime import datetime

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import Actor, Commit, GitActor, PullRequest, Ref, Team


class PullRequestActivity(Activity):
    """What people do with the branch of a pull request, and with those who are to review it."""

    @activity
    def push(
        self,
        pull: PullRequest,
        *authors: Actor | GitActor | None,
        message: str = "A change",
        force: bool = False,
        made_at: datetime | None = None,
    ) -> Commit:
        """Push a commit to the branch; only a push that rewrites it is an event of the timeline.

        Args:
            authors: the first pushes, the others are its co-authors; None if the account is gone.
            made_at: when the commit was made, which nobody saw before.
        """
        assert pull.head_ref is not None, "the branch was deleted"
        before = pull.head_ref.target
        present = [one for one in authors if one is not None]
        after = self.add_commit(pull, *present, message=message, moment=made_at)
        actor = next((one for one in present if isinstance(one, Actor)), None)
        pull.head_ref.target, pull.head.sha = after, after.oid
        if force:
            details = {"before_commit": before, "after_commit": after}
            self.add_event(pull, "HeadRefForcePushedEvent", actor, details=details)
        self.touch(pull)
        self.happened("synchronize", pull, actor, before=before, after=after)
        return after

    @activity
    def delete_branch(self, pull: PullRequest) -> None:
        """Delete the branch; the pull request keeps the name of its last commit."""
        pull.head_ref = None

    @activity
    def request_review(
        self, pull: PullRequest, actor: Actor | None, reviewer: Actor | Team, *, on: bool = True
    ) -> None:
        """Ask an account or a team for a review, or do not any more."""
        asked = pull.requested_reviewers
        if (reviewer in asked) is on:
            return
        (asked.append if on else asked.remove)(reviewer)
        kind = "ReviewRequestedEvent" if on else "ReviewRequestRemovedEvent"
        self.add_event(pull, kind, actor, details={"requested_reviewer": reviewer})
        self.touch(pull)
        action = "review_requested" if on else "review_request_removed"
        self.happened(action, pull, actor, reviewer=reviewer)

    @activity
    def add_team(self, organization: Actor, name: str) -> Team:
        """Make a team of an organisation."""
        number = self.ids.next("Team")
        return self.register(
            Team(
                organization=organization,
                name=name,
                slug=name.lower().replace(" ", "-"),
                database_id=number,
                node_id=node_id("Team", number),
            )
        )

    def add_branch(self, pull: PullRequest) -> None:
        """Let the branch of a pull request exist, with its last commit, which it names."""
        commit = pull.commits[-1].commit
        commit.oid = pull.head.sha
        number = self.ids.next("Ref")
        pull.head_ref = self.register(
            Ref(
                repository=pull.home,
                name=pull.head.ref,
                target=commit,
                database_id=number,
                node_id=node_id("Ref", number, pull.home.database_id),
            )
        )
