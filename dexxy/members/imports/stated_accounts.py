"""Remember which accounts an import names by username, until a sync meets them.

On servers that Dexxy reads, accounts are keyed by a numeric id, and an import knows usernames only.
A statement is used once: for the account that has the username when it is first met. Whoever takes
the username over later is somebody else.
"""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_noop

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.merges.links import Link

STATED = {
    "rule": "imported",
    "weight": None,
    "sentence": gettext_noop("An import says that {username} on {provider} is this person."),
}
_COLUMNS = {"identity_id": "bigint", "provider": "text", "username": "text"}
_STATE = """
INSERT INTO members_statedaccount (workspace_id, identity_id, provider, username)
SELECT %(workspace)s, identity_id, provider, username FROM {rows}
ON CONFLICT (workspace_id, provider, username) DO NOTHING
"""
_MEET = """
UPDATE members_statedaccount s
SET account_id = i.id
FROM members_identity i, members_identity stater
WHERE s.workspace_id = %(workspace)s AND s.account_id IS NULL
  AND i.workspace_id = s.workspace_id AND i.provider = s.provider
  AND lower(i.username) = s.username AND i.kind = 'user'
  AND (%(identities)s::bigint[] IS NULL OR i.id = ANY(%(identities)s))
  AND stater.id = s.identity_id
RETURNING stater.home_member_id, i.home_member_id, s.provider, i.username
"""


def accounts_state(workspace_id: int, stated: Iterable[tuple[int, str, str]]) -> None:
    """Store statements: these accounts belong to these imported people.

    Args:
        stated: (id of the imported person's identity, provider, username there).
    """
    rows = sorted((pk, provider, username.lower()) for pk, provider, username in stated)
    execute(_STATE, {"workspace": workspace_id}, Rows(_COLUMNS, rows))


def stated_meet(workspace_id: int, identity_ids: Sequence[int] | None = None) -> list[Link]:
    """Match stored statements with the accounts that are known now.

    Args:
        identity_ids: accounts to look at; None for all.

    Returns: the links to make. Each statement gives a link once only.
    """
    ids = None if identity_ids is None else list(identity_ids)
    found = fetch_all(_MEET, {"workspace": workspace_id, "identities": ids})
    return [
        Link(stater, home, 1.0, [stated_evidence(provider, username)])
        for stater, home, provider, username in sorted(found)
    ]


def stated_evidence(provider: str, username: str) -> dict[str, str | None]:
    """Return the evidence of a link that rests on an import."""
    sentence = str(STATED["sentence"]).format(username=username, provider=provider)
    return {**STATED, "sentence": sentence}
