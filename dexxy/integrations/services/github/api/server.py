"""Which GitHub: github.com, a GitHub Enterprise Server, or anything else that speaks its API."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings


@dataclass(frozen=True, slots=True)
class GitHubServer:
    """Where a server is reached. Its name is the namespace of the numeric ids it hands out."""

    api_url: str
    graphql_url: str
    web_url: str

    @property
    def name(self) -> str:
        """`github` for github.com, `github:HOST` for any other."""
        host = urlsplit(self.api_url).netloc
        return "github" if host == "api.github.com" else f"github:{host}"


def default_server() -> GitHubServer:
    """Return the server that the environment names."""
    return GitHubServer(
        api_url=settings.DEXXY_GITHUB_API_URL,
        graphql_url=settings.DEXXY_GITHUB_GRAPHQL_URL,
        web_url=settings.DEXXY_GITHUB_WEB_URL,
    )
