"""Answers that keep single things back, as GitHub does with what a token may not read.

https://spec.graphql.org/October2021/#sec-Errors: null stands in the place of each, and an entry of
`errors` says why; sometimes nothing does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final, Literal, TypeAlias

from werkzeug.wrappers import Response

from dexxy_simulator.faults.bodies import Path
from dexxy_simulator.faults.call import Call, Effect
from dexxy_simulator.protection import ADDRESS, SAML

Kind: TypeAlias = Literal["node", "list", "account", "leaf"]
KINDS: Final[tuple[Kind, ...]] = ("node", "list", "account", "leaf")
# Without a reason, null is an account that is gone, or nothing to say.
MAY_BE_SILENT: Final = ("node", "list")
ACCOUNTS: Final = ("author", "actor", "answerChosenBy")
MAY_BE_NULL: Final = (
    *("bio", "company", "location", "twitterUsername", "websiteUrl", "description"),
    *("closedAt", "mergedAt", "stateReason"),
)
REASONS: Final = (
    ("Resource not accessible by integration", False),
    (ADDRESS.format("acme"), False),
    (SAML, True),
)


def gap(random: Random, *kinds: Kind, says_why: bool | None = None) -> Effect:
    """Keep one thing back that a GraphQL answer shows: of any kind unless told of which.

    Args:
        says_why: whether an error does; drawn, where it may be either, unless told.
    """

    def effect(call: Call) -> Response:
        response = call.proceed()
        body = response.get_json(force=True, silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
            return response
        found = [one for one in _places(body["data"]) if one[0] in (kinds or KINDS)]
        if not found:
            return response
        kind, path = random.choice(found)
        _put_null(body["data"], path)
        silent = kind in MAY_BE_SILENT and (
            random.random() < 0.5 if says_why is None else not says_why
        )
        if not silent:
            body.setdefault("errors", []).append(_error(random, path))
        response.set_data(json.dumps(body, ensure_ascii=False))
        return response

    return effect


def _places(found: Any, path: Path = ()) -> Iterator[tuple[Kind, Path]]:
    """Return what can be kept back, with its path."""
    if isinstance(found, list):
        for place, one in enumerate(found):
            if one is not None and path[-1:] == ("nodes",):
                yield "node", (*path, place)
            yield from _places(one, (*path, place))
    for name, one in found.items() if isinstance(found, dict) else ():
        here = (*path, name)
        if isinstance(one, dict):
            if name in ACCOUNTS:
                yield "account", here
            elif "nodes" in one and "nodes" in path:
                yield "list", here
        elif name in MAY_BE_NULL and one is not None:
            yield "leaf", here
        yield from _places(one, here)


def _put_null(data: Any, path: Path) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = None


def _error(random: Random, path: Path) -> dict[str, Any]:
    message, is_saml = random.choice(REASONS)
    extensions = {"saml_failure": is_saml}
    return {"type": "FORBIDDEN", "path": path, "extensions": extensions, "message": message}
