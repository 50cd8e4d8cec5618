"""Turn GitHub's accounts into records. Pure: no database, no network."""

from functools import lru_cache
from typing import Any

from dexxy.integrations.services.github.api.values import Payload, key, text
from dexxy.integrations.services.github.mapping.rules import identity_kind
from dexxy.members.ingest.records import IdentityRecord


def account_in_graphql(node: Payload | None) -> IdentityRecord | None:
    """Map an account as GraphQL shows it; None for one that is gone.

    An account of an enterprise has no number, so its node id stands in for it. So it is where
    GitHub adds a type that we do not know.
    """
    if not node or not node.get("id"):
        return None
    return _account_in_graphql(tuple(node.items()))


# Few people write most of a page.
@lru_cache(maxsize=1000)
def _account_in_graphql(items: tuple[tuple[str, Any], ...]) -> IdentityRecord:
    node = dict(items)
    return IdentityRecord(
        external_id=key(node.get("databaseId") or node["id"]),
        node_id=text(node["id"]),
        kind=identity_kind(node["__typename"]),
        username=_username(node),
        name=text(node.get("name")),
        avatar_url=text(node["avatarUrl"]),
        url=text(node["url"]),
    )


def named_account(node: Payload | None) -> dict[str, str] | None:
    """Return the key and the username of an account that GraphQL names beside an author."""
    if not node or not node.get("id"):
        return None
    return {"id": key(node.get("databaseId") or node["id"]), "login": _username(node)}


def named_account_in_webhook(node: Payload | None) -> dict[str, str] | None:
    """Return the key and the username of an account that a webhook names beside an author."""
    account = account_in_webhook(node)
    return {"id": account.external_id, "login": account.username} if account else None


def _username(node: Payload) -> str:
    """Return the login as the REST API and webhooks write it: GraphQL drops a bot's suffix."""
    login = text(node["login"])
    is_bare_bot = node["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_bare_bot else login


def account_in_webhook(node: Payload | None) -> IdentityRecord | None:
    """Map an account as webhooks show it; None for one that is gone.

    GitHub may show @ghost in place of an account that is gone.
    """
    if not node or node["login"] == "ghost":
        return None
    return IdentityRecord(
        external_id=key(node["id"]),
        node_id=node.get("node_id") or "",
        kind=identity_kind(node.get("type", "")),
        username=text(node["login"]),
        avatar_url=node.get("avatar_url") or "",
        url=node.get("html_url") or "",
    )
