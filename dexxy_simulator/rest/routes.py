"""The endpoints of the REST API, each a rule and a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final

from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from dexxy_simulator.exchange import NOT_ACCESSIBLE, Exchange, Refusal, json_response
from dexxy_simulator.model import Repository
from dexxy_simulator.protection import barrier

View = Callable[..., Response]
VIEWS: Final[dict[str, View]] = {}
RULES: Final[list[Rule]] = []
# What a browser opens: it is no part of the API, neither counted nor below its prefix.
PAGES: Final[set[str]] = set()
# Views that must not hold the world's lock: the receiver of a webhook may call back at once.
UNLOCKED: Final[set[str]] = set()


def route(name: str, *paths: str, method: str = "GET") -> Callable[[View], View]:
    """Bind a view to an endpoint's paths."""

    def bind(view: View) -> View:
        VIEWS[name] = view
        RULES.extend(Rule(path, endpoint=name, methods=[method]) for path in paths)
        return view

    return bind


def page_route(name: str, *paths: str, method: str = "GET") -> Callable[[View], View]:
    """Bind a view that shows a page, or does what a page asks for."""
    PAGES.add(name)
    return route(name, *paths, method=method)


def unlocked_route(name: str, path: str, method: str = "POST") -> Callable[[View], View]:
    """Bind a view that is no part of GitHub, and runs while others change the world."""
    UNLOCKED.add(name)
    return page_route(name, path, method=method)


def repository_route(name: str, path: str, permission: str = "") -> Callable[[View], View]:
    """Bind a view of something in a repository, found by its name or by its id.

    A former name is answered by a redirection to the id, which never changes.

    Args:
        permission: which Apps need for a private repository, several separated by `; ` if each
            alone will do.
    """

    def bind(view: View) -> View:
        @wraps(view)
        def found(
            exchange: Exchange,
            owner: str = "",
            repo: str = "",
            repository_id: int = 0,
            **arguments: int,
        ) -> Response:
            world = exchange.world
            repository = world.repositories.get(repository_id) or world.repository(
                f"{owner}/{repo}"
            )
            if repository is None or not exchange.reads(repository):
                raise Refusal(404, "Not Found")
            if (met := barrier(exchange.token, repository)) is not None:
                raise Refusal(403, met.message, **met.headers)
            if owner and f"{owner}/{repo}".lower() != repository.name_with_owner.lower():
                return _moved(exchange, repository, f"/repos/{owner}/{repo}")
            _refuse_without(exchange, repository, permission)
            return view(exchange, repository, **arguments)

        roots = ("/repos/<owner>/<repo>", "/repositories/<int:repository_id>")
        return route(name, *(root + path for root in roots))(found)

    return bind


def _refuse_without(exchange: Exchange, repository: Repository, permission: str) -> None:
    """Refuse an App without the permission; public data need none.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    token = exchange.token
    if not permission or token is None or not repository.is_private:
        return
    if not any(token.permits(one, repository) for one in permission.split("; ")):
        accepted = "; ".join(f"{one}=read" for one in permission.split("; "))
        refused: dict[str, str] = {"X-Accepted-GitHub-Permissions": accepted}
        raise Refusal(403, NOT_ACCESSIBLE, **refused)


def moved(address: str) -> Response:
    """Redirect for good."""
    body = {"message": "Moved Permanently", "url": address}
    return json_response(body, 301, {"Location": address})


def _moved(exchange: Exchange, repository: Repository, former: str) -> Response:
    rest = exchange.request.full_path.rstrip("?").partition(former)[2]
    return moved(f"{exchange.urls.api}/repositories/{repository.database_id}{rest}")
