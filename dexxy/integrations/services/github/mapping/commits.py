"""Turn the commits of pull requests into who wrote them. Pure: no database, no network."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE
from dexxy.integrations.services.github.api.values import Payload, text
from dexxy.integrations.services.github.mapping.accounts import account_in_graphql
from dexxy.messages.ingest.co_authors import CoAuthorRecord


def authors_of(nodes: Sequence[Payload | None]) -> Iterator[CoAuthorRecord]:
    """Yield the authors of commits, those that can be read, as often as they are named."""
    for node in nodes:
        with suppress(*UNKNOWN_SHAPE):
            for author in node["commit"]["authors"]["nodes"]:  # type: ignore[index]
                with suppress(*UNKNOWN_SHAPE):
                    yield _author(author)


def _author(node: Payload) -> CoAuthorRecord:
    account = account_in_graphql(node["user"])
    email = text(node["email"]).strip().lower()
    if account is None and not email:
        raise ValueError("an author of whom nothing is known")
    return CoAuthorRecord(account, text(node["name"]).strip(), email)
