"""The ways in which GitHub might behave where its documentation does not say.

Whoever talks to GitHub has to be right under each of them: tests draw one at random.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Final, Literal, TypeVar

ValueT = TypeVar("ValueT")
# Changes inside a thread; GitHub's documentation does not say whether they move its time.
UNSURE_CHANGES: Final = (
    "comment edited",
    "comment deleted",
    "review edited",
    "review dismissed",
    "review comment edited",
    "review comment deleted",
    "review thread resolved",
    "discussion comment edited",
    "discussion comment deleted",
    "reply written",
    "reply edited",
    "reply deleted",
    "minimized",
)


def _either(usual: ValueT, *others: ValueT) -> ValueT:
    """Make a field of a dialect: its usual value, and what it may be too."""
    made: Any = field(default=usual, metadata={"choices": (usual, *others)})
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way GitHub might behave. The default one is the likeliest.

    Args:
        moving: which unsure changes move the `updated_at` of their thread.
        cursors: a keyset goes on behind a place; an offset shifts when rows vanish before it.
        since_is_inclusive: REST's `since` includes what was updated at that very second.
        epoch_is_empty: `since=1970-01-01` makes REST's list of issues empty.
        equal_times_descend: REST's lists show rows of the same second by descending id.
        comments_descend: REST's bulk lists of comments begin with the newest if `sort` is given
            without `direction`.
        page_limit: REST's lists of threads refuse page numbers beyond so many rows; `Link`
            leads on by `after`.
        page_limit_covers_comments: so do its bulk lists of comments.
        deleted_accounts: what REST shows as the author whose account is gone.
        legacy_node_ids: GraphQL writes node ids in the old format unless asked for the new one
            by the header `X-Github-Next-Global-ID`.
        legacy_node_ids_in_rest: REST writes them so.
        wide_database_ids: `databaseId` is null beyond 32 bits, or breaks GraphQL's Int.
        bot_login_has_suffix: GraphQL writes a bot's login with `[bot]`, as REST does.
        rate_limit_type: the `type` of GraphQL's error when no points are left.
        rate_limit_status: REST's status when no requests are left.
        secondary_limit_status: of a refusal by a secondary limit; REST has no 200 for it.
        secondary_limit_names_wait: such a refusal carries `retry-after`.
        heavy_queries: what GraphQL answers to a query beyond the compute budget: 502, or 200 with
            an error for each node, all of which are null.
        counts_need_a_page: GraphQL refuses `totalCount` of a connection without `first`.
        transfers_are_followed: where a transferred issue is found under its old number: REST
            answers 301 to its new place, GraphQL the issue that it is now; otherwise 404.
        deleted_issue_status: REST's status for a deleted issue.
        switched_off_status: REST's status for the issues of a repository that has none.
        converted_issues_stay: an issue that became a discussion stays as a closed one.
        discussions_share_numbers: discussions are numbered together with issues.
        stateless_tokens: tokens of installations have the format of 2026, about 520 characters.
        fresh_token_status: of the refusal of an installation's token for a part of the permissions
            that is not yet known everywhere, as long as the world's `token_lag` says. Any other
            is refused with 401.
        new_repositories_are_announced: installations on all repositories get
            `installation_repositories.added` for a new one, beside `repository.created`.
        repository_deletions_are_sent: Apps get `repository.deleted`, which the documentation
            denies, beside `installation_repositories.removed`.
        conversion_events: of which side webhooks tell when an issue becomes a discussion.
        arriving_discussions_are_created: a discussion that is transferred is told to its new
            repository as `discussion.created`, as issues are as `issues.opened`.
        legacy_node_ids_in_webhooks: webhooks write node ids in the old format.
        comments_name_the_issue: `issue_comment` shows the issue's side of a pull request, with
            the id that the lists of issues show; otherwise with the pull request's id.
        unanswered_names_installation: `discussion.unanswered` names its installation.
        unreached_status_code: what the log of deliveries shows where nobody answered.
        redirect_mismatch: whether the web flow goes back with an error, as documented, or ends on
            a page, if it is to lead to an address that is not registered.
        apps_read_emails: what GraphQL shows an App's installation of the address of a user.
        newer_fields: the server has what is newer than the published schema, in REST as well; an
            older GitHub Enterprise Server refuses a query that asks for it.
        switched_off_lists: what GraphQL shows of the lists of a feature that is switched off.
        graphql_needs_permissions_for_public: GraphQL refuses an App without the permission even
            public data; REST shows these to anybody.
        stars_move_repositories: a star, or its end, moves the `updated_at` of its repository, as it
            does in the published examples of webhooks.
        commits_need_contents: GraphQL refuses the commits of a pull request to an App that may not
            read the repository's contents; otherwise the pull request decides.
        issues_name_cursors: the addresses in `Link` that lead to further issues have `after` beside
            `page`: https://github.com/google/go-github/issues/3565
        granted_scopes: what a classic token was granted of which nothing else is said; of None
            nothing is told, and nothing is refused.
    """

    moving: frozenset[str] = frozenset({"review dismissed", "reply written"})
    cursors: Literal["keyset", "offset"] = _either("keyset", "offset")
    since_is_inclusive: bool = _either(True, False)
    epoch_is_empty: bool = _either(False, True)
    equal_times_descend: bool = _either(False, True)
    comments_descend: bool = _either(True, False)
    page_limit: int | None = _either(None, 1_000, 10_000)
    page_limit_covers_comments: bool = _either(False, True)
    deleted_accounts: Literal["null", "ghost"] = _either("null", "ghost")
    legacy_node_ids: bool = _either(False, True)
    legacy_node_ids_in_rest: bool = _either(False, True)
    wide_database_ids: Literal["null", "number"] = _either("null", "number")
    bot_login_has_suffix: bool = _either(False, True)
    rate_limit_type: Literal["RATE_LIMITED", "RATE_LIMIT"] = _either("RATE_LIMITED", "RATE_LIMIT")
    rate_limit_status: Literal[403, 429] = _either(403, 429)
    secondary_limit_status: Literal[200, 403, 429] = _either(403, 200, 429)
    secondary_limit_names_wait: bool = _either(True, False)
    heavy_queries: Literal["timed out", "cut off"] = _either("timed out", "cut off")
    counts_need_a_page: bool = _either(False, True)
    transfers_are_followed: Literal["REST", "both", "neither"] = _either("REST", "both", "neither")
    deleted_issue_status: Literal[404, 410] = _either(410, 404)
    switched_off_status: Literal[404, 410] = _either(410, 404)
    converted_issues_stay: bool = _either(True, False)
    discussions_share_numbers: bool = _either(True, False)
    stateless_tokens: bool = _either(True, False)
    fresh_token_status: Literal[401, 403] = _either(401, 403)
    new_repositories_are_announced: bool = _either(True, False)
    repository_deletions_are_sent: bool = _either(False, True)
    conversion_events: Literal["both", "discussion", "issue", "neither"] = _either(
        "both", "discussion", "issue", "neither"
    )
    arriving_discussions_are_created: bool = _either(True, False)
    legacy_node_ids_in_webhooks: bool = _either(False, True)
    comments_name_the_issue: bool = _either(True, False)
    unanswered_names_installation: bool = _either(True, False)
    unreached_status_code: Literal[0, 502] = _either(502, 0)
    redirect_mismatch: Literal["callback", "page"] = _either("callback", "page")
    apps_read_emails: Literal["shown", "empty", "FORBIDDEN"] = _either(
        "shown", "empty", "FORBIDDEN"
    )
    newer_fields: bool = _either(True, False)
    switched_off_lists: Literal["empty", "null", "NOT_FOUND", "FORBIDDEN"] = _either(
        "empty", "null", "NOT_FOUND", "FORBIDDEN"
    )
    graphql_needs_permissions_for_public: bool = _either(False, True)
    stars_move_repositories: bool = _either(True, False)
    commits_need_contents: bool = _either(True, False)
    issues_name_cursors: bool = _either(False, True)
    granted_scopes: frozenset[str] | None = _either(
        None, frozenset({"repo", "read:user"}), frozenset({"repo", "read:org", "read:user"})
    )

    @classmethod
    def draw(cls, random: Random) -> Dialect:
        """Draw a dialect: every switch by itself."""
        drawn = {
            one.name: random.choice(one.metadata["choices"]) for one in fields(cls) if one.metadata
        }
        moving = frozenset(change for change in UNSURE_CHANGES if random.random() < 0.5)
        return cls(moving=moving, **drawn)

    def differences(self) -> dict[str, Any]:
        """Return what is not as usual, to name a dialect in which a test failed."""
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if getattr(self, one.name) != getattr(USUAL, one.name)
        }


USUAL: Final = Dialect()
