"""Which error a refusal of GraphQL means, and which of several decides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.gaps import Gaps
from dexxy.integrations.services.github.api.refusals import (
    authorization_page,
    gaps_of,
    raise_for_status,
)

NOTHING = httpx.Headers()
SIGN_IN = "https://github.com/orgs/acme/sso?authorization_request=AAA"
SAML = "Resource protected by organization SAML enforcement."
DEEP = ["repository", "list", "nodes", 3]


def problem(kind: str = "", message: str = "x", path: list[Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "message": message, "path": path or ["repository"]}


REFUSED_QUERY = {**problem(), "extensions": {"code": "undefinedField"}}


def error_of(*problems: dict[str, Any], **headers: str) -> errors.GitHubError:
    with pytest.raises(errors.GitHubError) as caught:
        gaps_of({"data": None, "errors": list(problems)}, named(headers))
    return caught.value


def rest_error(status: int, message: str, **headers: str) -> errors.GitHubError:
    with pytest.raises(errors.GitHubError) as caught:
        raise_for_status(httpx.Response(status, headers=named(headers), json={"message": message}))
    return caught.value


def named(headers: dict[str, str]) -> httpx.Headers:
    return httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("problems", "kind"),
    [
        ([problem("RATE_LIMITED")], errors.RateLimitedError),
        ([problem("RATE_LIMIT")], errors.RateLimitedError),
        ([problem(message="API rate limit exceeded")], errors.RateLimitedError),
        (
            [problem(message="You have triggered an abuse detection mechanism.")],
            errors.RateLimitedError,
        ),
        ([problem("INVALID_CURSOR_ARGUMENTS")], errors.CursorRefusedError),
        (
            [problem(message="`x` does not appear to be a valid cursor.")],
            errors.CursorRefusedError,
        ),
        ([problem("NOT_FOUND")], errors.NotFoundError),
        ([problem("NOT_FOUND", path=DEEP)], errors.QueryTooHeavyError),
        ([problem("NOT_FOUND"), problem("OTHER")], errors.QueryTooHeavyError),
        ([problem("FORBIDDEN")], errors.AccessDeniedError),
        ([problem("FORBIDDEN", path=DEEP)], errors.QueryTooHeavyError),
        ([problem("FORBIDDEN", path=["repository", "owner", "login"])], errors.QueryTooHeavyError),
        ([problem("FORBIDDEN", path=["repository", "url"])], errors.UnexpectedAnswerError),
        ([problem("NOT_FOUND", path=["repository", "url"])], errors.UnexpectedAnswerError),
        ([problem("OTHER", path=["repository", "url"])], errors.QueryTooHeavyError),
        ([problem("FORBIDDEN", path=["p0"])], errors.QueryTooHeavyError),
        ([{"type": "FORBIDDEN", "message": "x"}], errors.AccessDeniedError),
        ([{"type": "NOT_FOUND", "message": "x"}], errors.NotFoundError),
        ([problem("INSUFFICIENT_SCOPES", path=DEEP)], errors.AccessDeniedError),
        ([REFUSED_QUERY], errors.UnexpectedAnswerError),
        ([problem()], errors.QueryTooHeavyError),
    ],
)
def test_each_refusal_means_one_error(
    problems: list[dict[str, Any]], kind: type[errors.GitHubError]
) -> None:
    assert type(error_of(*problems)) is kind


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("RATE_LIMITED", "INVALID_CURSOR_ARGUMENTS", errors.RateLimitedError),
        ("INVALID_CURSOR_ARGUMENTS", "FORBIDDEN", errors.CursorRefusedError),
        ("FORBIDDEN", "NOT_FOUND", errors.AccessDeniedError),
    ],
)
def test_of_several_refusals_the_first_in_the_table_decides(
    first: str, second: str, kind: type[errors.GitHubError]
) -> None:
    assert type(error_of(problem(first), problem(second))) is kind
    assert type(error_of(problem(second), problem(first))) is kind


def test_a_denied_part_of_a_refused_query_is_denied() -> None:
    assert type(error_of(REFUSED_QUERY, problem("FORBIDDEN"))) is errors.AccessDeniedError


def test_the_message_quotes_all_that_github_said_as_it_is() -> None:
    error = error_of(problem(message="{one}"), problem(message="two"))

    assert str(error) == ("GitHub answered only a part of the query ({one}; two). Try again later.")


def test_what_may_be_missing_is_no_refusal() -> None:
    body = {"data": {"p0": None}, "errors": [problem("NOT_FOUND", path=["p0"])]}

    assert gaps_of(body, NOTHING, may_lack=["p0"]) == Gaps(missed=frozenset({"p0"}))


def test_what_may_be_missing_does_not_hide_what_may_not() -> None:
    body = {
        "data": {"p0": None},
        "errors": [problem("NOT_FOUND", path=["p0"]), problem("FORBIDDEN")],
    }

    with pytest.raises(errors.AccessDeniedError):
        gaps_of(body, NOTHING, may_lack=["p0"])


def people(*paths: list[Any], kind: str = "FORBIDDEN") -> tuple[dict[str, Any], Gaps]:
    """Return the data of an answer about two people, and its gaps, where PATHS are refused."""
    nodes: list[Any] = [
        {"login": "ada", "email": None, "posts": {"nodes": [{"author": None}, {"author": {}}]}},
        {"login": "bob", "email": "b@example.com", "posts": None},
    ]
    for path in paths:
        if path == ["nodes", 1]:
            nodes[1] = None
    data = {"nodes": nodes}
    problems = [problem(kind, path=path) for path in paths]
    return data, gaps_of({"data": data, "errors": problems}, NOTHING, may_lack=["nodes.*"])


@pytest.mark.parametrize(("kind", "is_refused"), [("FORBIDDEN", True), ("NOT_FOUND", False)])
def test_one_item_among_many_costs_that_item(kind: str, is_refused: bool) -> None:
    data, gaps = people(["nodes", 1], kind=kind)

    assert [node and node["login"] for node in data["nodes"]] == ["ada", None]
    assert gaps == Gaps(
        missed=frozenset(() if is_refused else {"nodes.1"}),
        refused=frozenset({"nodes.1"} if is_refused else ()),
    )


def test_a_field_that_may_be_null_is_null_and_told() -> None:
    data, gaps = people(["nodes", 0, "email"])

    assert data["nodes"][0]["login"] == "ada"
    assert gaps.refused == {"nodes.0.email"}


def test_a_list_that_is_refused_is_left_to_who_reads_it() -> None:
    data, gaps = people(["nodes", 1, "posts"])

    assert data["nodes"][1] == {"login": "bob", "email": "b@example.com", "posts": None}
    assert gaps.refused == {"nodes.1.posts"}


@pytest.mark.parametrize("inside", [[], ["login"]])
def test_where_null_has_a_meaning_what_holds_it_is_held_back(inside: list[str]) -> None:
    data, gaps = people(["nodes", 0, "posts", "nodes", 0, "author", *inside])

    assert data["nodes"][0]["posts"]["nodes"] == [None, {"author": {}}]
    assert gaps.refused == {".".join(["nodes.0.posts.nodes.0.author", *inside])}


def test_an_item_whose_author_is_refused_is_refused() -> None:
    body = {
        "data": {"repository": {"t0": {"author": None}}},
        "errors": [problem("FORBIDDEN", path=["repository", "t0", "author"])],
    }

    assert gaps_of(body, NOTHING, may_lack=["repository.t0"]).refused == {"repository.t0"}
    assert body["data"] == {"repository": {"t0": None}}


@pytest.mark.parametrize("path", [["nodes", 7], ["nodes", 0, "login", "x"], ["nodes", "x"]])
def test_an_error_that_leads_nowhere_is_no_whole_answer(path: list[Any]) -> None:
    with pytest.raises(errors.QueryTooHeavyError):
        people(path)


def test_an_organization_that_wants_a_sign_in_says_where() -> None:
    sso = {"x_github_sso": f"required; url={SIGN_IN}"}

    for error in (rest_error(403, SAML, **sso), error_of(problem("FORBIDDEN", SAML), **sso)):
        assert type(error) is errors.SingleSignOnRequiredError
        assert str(error) == (
            "The organization wants the token authorized by its single sign-on (SAML):"
            f" open {SIGN_IN} in a browser, then sync again."
        )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "required",
        "required; url=javascript:alert(1)",
        # Half of it would lead nowhere.
        f"required; url={SIGN_IN}{'A' * 300}",
    ],
)
def test_an_organization_that_wants_a_sign_in_and_names_no_address(header: str) -> None:
    error = rest_error(403, SAML, x_github_sso=header)

    assert type(error) is errors.SingleSignOnRequiredError
    assert "under Settings > Developer settings > Personal access tokens > Configure" in str(error)
    assert "javascript" not in str(error)
    assert "authorization_request" not in str(error)


GITHUB = "https://github.com"
OWN_SERVER = "https://github.example.com"


@pytest.mark.parametrize(
    ("address", "server", "page"),
    [
        (SIGN_IN, GITHUB, SIGN_IN),
        (f"{OWN_SERVER}/orgs/acme/sso?a=b", OWN_SERVER, f"{OWN_SERVER}/orgs/acme/sso?a=b"),
        (SIGN_IN, OWN_SERVER, ""),
        ("https://github.com.example.com/orgs/acme/sso", GITHUB, ""),
        ("https://github.com@example.com/orgs/acme/sso", GITHUB, ""),
        ("https://github.com:444/orgs/acme/sso", GITHUB, ""),
        ("http://github.com/orgs/acme/sso", GITHUB, ""),
        ("http://localhost:8100/orgs/acme/sso", "http://localhost:8100", ""),
        ("", GITHUB, ""),
    ],
)
def test_only_a_page_of_the_server_that_is_read_authorizes_a_token(
    address: str, server: str, page: str
) -> None:
    error = rest_error(403, SAML, x_github_sso=f"required; url={address}")

    assert authorization_page(str(error), server) == page


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("3.9.5", "GitHub Enterprise Server 3.9.5 is too old: Dexxy needs 3.18 or newer."),
        ("2.22.0", "GitHub Enterprise Server 2.22.0 is too old: Dexxy needs 3.18 or newer."),
        ("3.18.0", "GitHub refused the query (x). Update Dexxy, or report it."),
        ("3.100.1", "GitHub refused the query (x). Update Dexxy, or report it."),
        ("unknown", "GitHub refused the query (x). Update Dexxy, or report it."),
    ],
)
def test_a_server_that_is_too_old_for_a_query_is_named(version: str, says: str) -> None:
    error = error_of(REFUSED_QUERY, x_github_enterprise_version=version)

    assert type(error) is errors.UnexpectedAnswerError
    assert str(error).startswith(says)


NOW = "Sun, 29 Nov 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "1200"}, 1200),
        ({"retry_after": "Sun, 29 Nov 2026 00:20:00 GMT"}, 1200),
        ({"retry_after": "Sat, 28 Nov 2026 00:20:00 GMT"}, 1),
        ({"retry_after": "Mon, 29 Nov 2027 00:00:00 GMT"}, 3600),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "soon", "x_ratelimit_remaining": "0"}, 900),
        ({"retry_after": "soon", "x_ratelimit_remaining": "7"}, 60),
    ],
)
def test_a_wait_is_understood_in_each_of_its_forms(headers: dict[str, str], seconds: int) -> None:
    before = datetime.now(UTC)
    reset = str(int(datetime(2026, 11, 29, 0, 15, tzinfo=UTC).timestamp()))

    error = rest_error(429, "Too many", date=NOW, x_ratelimit_reset=reset, **headers)

    assert isinstance(error, errors.RateLimitedError)
    assert (
        timedelta(0) <= error.retry_at - before - timedelta(seconds=seconds) < timedelta(seconds=5)
    )


ALLOW_LIST = (
    "Although you appear to have the correct authorization credentials, the `acme` organization"
    " has an IP allow list enabled, and your IP address is not permitted to access this resource."
)


def test_an_ip_allow_list_is_said_to_be_one_and_where_it_is() -> None:
    for error in (
        rest_error(403, ALLOW_LIST),
        error_of({**problem("FORBIDDEN", ALLOW_LIST), "path": ["repository"]}),
    ):
        assert type(error) is errors.AddressNotListedError
        assert str(error) == (
            "The organization lets only the addresses of its IP allow list in, and that of this"
            " server is not on it. An owner can add it on GitHub, in the organization's settings"
            f" under Authentication security > IP allow list. GitHub said: {ALLOW_LIST}"
        )
