"""Turn GitHub's releases into records. Pure: no database, no network."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE
from dexxy.integrations.services.github.api.values import Payload, key, text, time
from dexxy.integrations.services.github.mapping.accounts import account_in_graphql
from dexxy.messages.ingest.releases import ReleaseRecord


@dataclass(frozen=True, slots=True)
class MappedReleases:
    """A page of releases.

    Args:
        gaps: how many GitHub keeps back, or shows in a way that we do not know.
    """

    records: tuple[ReleaseRecord, ...]
    gaps: int


def releases_in(nodes: Sequence[Payload | None]) -> MappedReleases:
    """Map the releases of a page that are published: a draft is nobody's but its authors'."""
    records, gaps = [], 0
    for node in nodes:
        mapped = None
        with suppress(*UNKNOWN_SHAPE):
            if node and (node["isDraft"] or not node["publishedAt"]):
                continue
            mapped = _release(node) if node else None
        if mapped is None:
            gaps += 1
        else:
            records.append(mapped)
    return MappedReleases(tuple(records), gaps)


def _release(node: Payload) -> ReleaseRecord:
    return ReleaseRecord(
        external_id=key(node["databaseId"]),
        tag=text(node["tagName"]),
        name=text(node["name"]),
        body=text(node["description"]),
        url=text(node["url"]),
        author=account_in_graphql(node["author"]),
        is_prerelease=bool(node["isPrerelease"]),
        published_at=time(node["publishedAt"]),
        listed_at=time(node["createdAt"]),
    )
