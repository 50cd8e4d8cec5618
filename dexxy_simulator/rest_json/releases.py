"""Releases as the REST API writes them: https://docs.github.com/rest/releases/releases"""

from __future__ import annotations

from typing import Any

from dexxy_simulator.model import Release
from dexxy_simulator.rest_json import accounts
from dexxy_simulator.rest_json.accounts import when
from dexxy_simulator.rest_json.urls import Urls


def release(urls: Urls, found: Release) -> dict[str, Any]:
    """Write a release."""
    home = f"{urls.api}/repos/{found.repository.name_with_owner}"
    api = f"{home}/releases/{found.database_id}"
    return {
        "url": api,
        "assets_url": f"{api}/assets",
        "upload_url": f"{api}/assets{{?name,label}}",
        "html_url": f"{urls.html}{found.path}",
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "author": accounts.author(urls, found.author),
        "tag_name": found.tag_name,
        "target_commitish": found.repository.facts.get("default_branch", "main"),
        "name": found.name or "",
        "draft": found.is_draft,
        "immutable": False,
        "prerelease": found.is_prerelease,
        "created_at": when(found.created_at),
        "published_at": when(found.published_at),
        "updated_at": when(found.updated_at),
        "assets": [],
        "tarball_url": f"{home}/tarball/{found.tag_name}",
        "zipball_url": f"{home}/zipball/{found.tag_name}",
        "body": found.description or "",
    }
