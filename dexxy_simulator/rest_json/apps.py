"""Apps, installations and their tokens as the REST API writes them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dexxy_simulator.model import Actor, App, Installation, InstallationRequest
from dexxy_simulator.rest_json.accounts import user, when
from dexxy_simulator.rest_json.urls import Urls
from dexxy_simulator.tokens import UserToken


def app(urls: Urls, found: App) -> dict[str, Any]:
    """Write an App as everybody sees it."""
    return {
        "id": found.database_id,
        "client_id": found.client_id,
        "slug": found.slug,
        "node_id": urls.node_id(found),
        "owner": user(urls, found.owner),
        "name": found.name,
        "description": found.description,
        "external_url": found.external_url,
        "html_url": f"{urls.html}{found.path}",
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "permissions": dict(found.permissions),
        "events": found.events,
    }


def conversion(urls: Urls, found: App) -> dict[str, Any]:
    """Write a new App with its secrets, which GitHub shows this once."""
    pem = found.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    return {
        **app(urls, found),
        "client_secret": found.client_secret,
        "webhook_secret": found.hook.secret,
        "pem": pem.decode(),
    }


def installation(urls: Urls, found: Installation) -> dict[str, Any]:
    """Write an installation."""
    api = f"{urls.api}/app/installations/{found.database_id}"
    return {
        "id": found.database_id,
        "client_id": found.app.client_id,
        "account": user(urls, found.account),
        "repository_selection": found.repository_selection,
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{urls.api}/installation/repositories",
        "html_url": f"{urls.html}{found.path}",
        "app_id": found.app.database_id,
        "app_slug": found.app.slug,
        "target_id": found.account.database_id,
        "target_type": found.account.kind,
        "permissions": dict(found.permissions),
        "events": found.events,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(urls, found.suspended_by),
        "suspended_at": when(found.suspended_at),
    }


def request(urls: Urls, found: InstallationRequest) -> dict[str, Any]:
    """Write a request for an installation."""
    return {
        "id": found.database_id,
        "account": user(urls, found.account),
        "requester": user(urls, found.requester),
        "created_at": when(found.created_at),
    }


def authorization(urls: Urls, token: UserToken) -> dict[str, Any]:
    """Write what a user has let an App do, as the check of their token does."""
    found = token.app
    return {
        "id": found.database_id,
        "url": f"{urls.api}/authorizations/{found.database_id}",
        "app": {
            "client_id": found.client_id,
            "name": found.name,
            "url": found.external_url,
        },
        "token": token.value,
        "hashed_token": "",
        "token_last_eight": token.value[-8:],
        "note": None,
        "note_url": None,
        "created_at": when(token.created_at),
        "updated_at": when(token.created_at),
        "scopes": [],
        "fingerprint": None,
        "expires_at": when(token.expires_at),
        "user": user(urls, token.owner),
    }


def membership(urls: Urls, organization: Actor, member: Actor) -> dict[str, Any]:
    """Write somebody's role in an organisation, or the one that they are invited to."""
    is_member = member in organization.members
    role = organization.members.get(member) or organization.invited[member]
    api = f"{urls.api}/orgs/{organization.login}"
    return {
        "url": f"{api}/memberships/{member.login}",
        "state": "active" if is_member else "pending",
        "role": role,
        "organization_url": api,
        "organization": simple_organization(urls, organization),
        "user": user(urls, member),
    }


def simple_organization(urls: Urls, organization: Actor) -> dict[str, Any]:
    """Write an organisation as lists do."""
    api = f"{urls.api}/orgs/{organization.login}"
    return {
        "login": organization.login,
        "id": organization.database_id,
        "node_id": urls.node_id(organization),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": organization.avatar_url,
        "description": organization.description,
    }
