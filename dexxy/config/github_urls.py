"""The other addresses of a GitHub whose REST root is known.

A token must never be sent to github.com because only the REST root of another server was named.
https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql
"""

from urllib.parse import urlsplit


def graphql_url(api_url: str) -> str:
    """Return where the server whose REST root is API_URL answers GraphQL."""
    if api_url.endswith("/api/v3"):
        return api_url.removesuffix("/v3") + "/graphql"
    return api_url + "/graphql"


def web_url(api_url: str) -> str:
    """Return the root of the pages of the server whose REST root is API_URL."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
