"""The peer: a loop that reads the same pages and copies them into a bare table.

It keeps no cursor, no person, no thread and no promise: what it cannot be faster than, we cannot.
The texts of its documents come from a file (benchmarks/bare_documents.py), so that nothing of
Dexxy or Django is in its start-up.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import orjson
import psycopg

TOKEN = "ghp_SimulatorDemoTokenNotASecret00000000"  # noqa: S105  # pragma: allowlist secret
CREATE = """
DROP TABLE IF EXISTS bare;
CREATE TABLE bare (
    thread text, kind text, id text PRIMARY KEY, author text, body text, at timestamptz
)
"""
COPY = "COPY bare (thread, kind, id, author, body, at) FROM STDIN"
LISTS = {
    "comments": "comment",
    "reviews": "review",
    "replies": "reply",
    "list": "review_comment",
}
PARTS = 100


class Loop:
    """Asks for pages.

    Args:
        documents: the text for a page of each kind of thread, and "parts": that for the comments
            of one review, of two, and so on up to PARTS.
    """

    def __init__(self, client: httpx.Client, url: str, documents: dict[str, Any]) -> None:
        self._client = client
        self._url = url
        self._documents = documents
        self.requests = 0

    def ask(self, document: str, variables: dict[str, Any]) -> Any:
        self.requests += 1
        body = {"query": document, "variables": variables}
        return orjson.loads(self._client.post(self._url, json=body).content)["data"]

    def pages(self) -> Iterator[tuple[str, list[Any]]]:
        """Read every list of threads, by its kind, and what does not fit into a page."""
        for kind, document in self._documents["lists"].items():
            cursor = None
            while True:
                variables = {
                    "owner": "colony",
                    "name": "generated",
                    "first": 100,
                    "after": cursor,
                    "order": {"field": "CREATED_AT", "direction": "ASC"},
                }
                page = self.ask(document, variables)["repository"]["list"]
                yield kind, page["nodes"]
                yield from ((kind, nodes) for nodes in self._rest(page["nodes"]))
                cursor = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break

    def _rest(self, nodes: list[Any]) -> Iterator[list[Any]]:
        waiting = [
            review["id"]
            for node in nodes
            if node.get("reviewThreads", {}).get("nodes")
            for review in node["reviews"]["nodes"]
        ]
        while waiting:
            now, waiting = waiting[:PARTS], waiting[PARTS:]
            variables: dict[str, Any] = {"first": 100}
            for number, owner in enumerate(now):
                variables |= {f"id{number}": owner, f"after{number}": None}
            answer = self.ask(self._documents["parts"][len(now) - 1], variables)
            yield [answer[f"p{number}"] for number in range(len(now))]


def rows(node: Any) -> Iterator[tuple[Any, ...]]:
    for field, kind in LISTS.items():
        for one in node.get(field, {}).get("nodes", ()):
            author = (one["author"] or {}).get("login")
            key = one.get("fullDatabaseId") or one["id"]
            yield kind, f"{kind}{key}", author, one["body"], one["createdAt"]
            yield from rows(one)


def main() -> None:
    api = os.environ["DEXXY_GITHUB_API_URL"]
    documents = orjson.loads(Path(os.environ["BARE_DOCUMENTS"]).read_bytes())
    headers = {"Authorization": f"token {TOKEN}", "X-Github-Next-Global-ID": "1"}
    with (
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection,
        httpx.Client(headers=headers, timeout=60) as client,
    ):
        connection.execute(CREATE)
        loop, messages = Loop(client, f"{api}/graphql", documents), 0
        began = perf_counter()
        for thread, nodes in loop.pages():
            with connection.cursor() as cursor, cursor.copy(COPY) as copy:
                for node in nodes:
                    for row in rows(node):
                        copy.write_row((thread, *row))
                        messages += 1
        rate = messages / (perf_counter() - began)
    figures = {"messages": messages, "rate": rate, "requests": loop.requests}
    sys.stdout.write(f"{json.dumps(figures)}\n")


if __name__ == "__main__":
    main()
