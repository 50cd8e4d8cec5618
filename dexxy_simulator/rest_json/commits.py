"""Commits as the REST API writes them: https://docs.github.com/rest/commits/commits"""

from __future__ import annotations

import hashlib
from typing import Any

from dexxy_simulator.model import Commit
from dexxy_simulator.rest_json.accounts import user, when
from dexxy_simulator.rest_json.threads import home
from dexxy_simulator.rest_json.urls import Urls


def commit(urls: Urls, found: Commit) -> dict[str, Any]:
    """Write a commit.

    What is in it, the simulator does not know: its tree is invented, and it names no parent.
    """
    repo = home(urls, found.repository)
    api, tree = f"{repo}/commits/{found.oid}", _tree(found)
    signed = found.authors[0] if found.authors else None
    written = signed and {
        "name": signed.name,
        "email": signed.email,
        "date": when(found.authored_date),
    }
    account = user(urls, signed.account) if signed else None
    return {
        "sha": found.oid,
        "node_id": urls.node_id(found),
        "commit": {
            "author": written,
            "committer": written and {**written, "date": when(found.committed_date)},
            "message": found.message,
            "tree": {"sha": tree, "url": f"{repo}/git/trees/{tree}"},
            "url": f"{repo}/git/commits/{found.oid}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": api,
        "html_url": f"{urls.html}{found.path}",
        "comments_url": f"{api}/comments",
        "author": account,
        "committer": account,
        "parents": [],
    }


def _tree(found: Commit) -> str:
    return hashlib.sha1(f"tree {found.oid}".encode()).hexdigest()  # noqa: S324  # nosec B324
