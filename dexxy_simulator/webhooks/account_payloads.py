"""What webhooks say of repositories, installations and Apps themselves.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dexxy_simulator.happening import Happening
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.rest_json import accounts, apps
from dexxy_simulator.rest_json.accounts import when
from dexxy_simulator.rest_json.urls import Urls

Payload = dict[str, Any]
ZEN: Final = "Keep it logically awesome."


def repository(urls: Urls, told: Happening) -> Payload:
    """Write what a repository was before."""
    details = told.details
    if "name" in details:
        return {"changes": {"repository": {"name": {"from": details["name"]}}}}
    if "description" in details:
        return {"changes": {"description": {"from": details["description"]}}}
    if "owner" not in details:
        return {}
    owner: Actor = details["owner"]
    if owner.kind == "Organization":
        written: Any = {"organization": apps.simple_organization(urls, owner)}
    else:
        written = {"user": accounts.user(urls, owner)}
    return {"changes": {"owner": {"from": written}}}


def installation(urls: Urls, told: Happening) -> Payload:
    """Write an installation, and what it covers if that is told."""
    written: Payload = {"installation": apps.installation(urls, told.subject)}
    requester: Actor | None = told.details.get("requester")
    if "repositories" in told.details:
        written["repositories"] = _names(urls, told.details["repositories"])
    if requester is not None:
        written["requester"] = accounts.user(urls, requester)
    return written


def installation_repositories(urls: Urls, told: Happening) -> Payload:
    """Write which repositories an installation has got or lost."""
    installation: Installation = told.subject
    return {
        "installation": apps.installation(urls, installation),
        "repository_selection": installation.repository_selection,
        "repositories_added": _names(urls, told.details.get("added", ())),
        "repositories_removed": _names(urls, told.details.get("removed", ())),
        "requester": None,
    }


def installation_target(urls: Urls, told: Happening) -> Payload:
    """Write an account that has another login now."""
    account: Actor = told.subject.account
    return {
        "account": accounts.user(urls, account),
        "changes": {"login": {"from": told.details["login"]}},
        "target_type": account.kind,
    }


def ping(urls: Urls, told: Happening) -> Payload:
    """Write the webhook of an App that is new."""
    app = told.subject
    config = {"url": app.hook.url, "content_type": "json", "insecure_ssl": "0"}
    if app.hook.secret:
        config["secret"] = "********"  # noqa: S105  # as GitHub writes any secret
    hook = {
        "type": "App",
        "id": app.hook.database_id,
        "name": "web",
        "active": app.hook.is_active,
        "events": app.events,
        "config": config,
        "updated_at": when(app.updated_at),
        "created_at": when(app.created_at),
        "app_id": app.database_id,
        "url": f"{urls.api}/app/hook",
        "ping_url": f"{urls.api}/app/hook/pings",
        "deliveries_url": f"{urls.api}/app/hook/deliveries",
    }
    return {"zen": ZEN, "hook_id": app.hook.database_id, "hook": hook}


def _names(urls: Urls, found: Iterable[Repository]) -> list[Payload]:
    return [
        {
            "id": one.database_id,
            "node_id": urls.node_id(one),
            "name": one.name,
            "full_name": one.name_with_owner,
            "private": one.is_private,
        }
        for one in found
    ]
