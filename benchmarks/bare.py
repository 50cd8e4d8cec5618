"""The peer: a loop that reads the same pages and copies them into a bare table.

It keeps no cursor, no person, no thread and no promise: what it cannot be faster than, we cannot.
"""

import json
import os
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import httpx
import orjson
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
import django

django.setup()

from dexxy.integrations.services.github.api.queries import list_document, parts_document  # noqa: E402
from dexxy.messages.models import ThreadKind  # noqa: E402

TOKEN = "ghp_SimulatorDemoTokenNotASecret00000000"  # noqa: S105
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
    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url
        self.requests = 0

    def ask(self, document: str, variables: dict[str, Any]) -> Any:
        self.requests += 1
        body = {"query": document, "variables": variables}
        return orjson.loads(self._client.post(self._url, json=body).content)["data"]

    def pages(self) -> Iterator[tuple[str, list[Any]]]:
        """Read every list of threads, by its kind, and what does not fit into a page."""
        for kind in ThreadKind:
            cursor, field = None, "CREATED_AT"
            while True:
                variables = {
                    "owner": "colony",
                    "name": "generated",
                    "first": 100,
                    "after": cursor,
                    "order": {"field": field, "direction": "ASC"},
                }
                page = self.ask(list_document(kind), variables)["repository"]["list"]
                yield kind.value, page["nodes"]
                yield from ((kind.value, nodes) for nodes in self._rest(page["nodes"]))
                cursor = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break

    def _rest(self, nodes: list[Any]) -> Iterator[list[Any]]:
        waiting = [
            ("review_comments", review["id"], None)
            for node in nodes
            if node.get("reviewThreads", {}).get("nodes")
            for review in node["reviews"]["nodes"]
        ]
        while waiting:
            now, waiting = waiting[:PARTS], waiting[PARTS:]
            variables: dict[str, Any] = {"first": 100}
            for place, (_, owner, after) in enumerate(now):
                variables |= {f"id{place}": owner, f"after{place}": after}
            answer = self.ask(parts_document([connection for connection, _, _ in now]), variables)
            yield [answer[f"p{place}"] for place in range(len(now))]


def rows(node: Any) -> Iterator[tuple[Any, ...]]:
    for field, kind in LISTS.items():
        for said in node.get(field, {}).get("nodes", ()):
            author = (said["author"] or {}).get("login")
            key = said.get("fullDatabaseId") or said["id"]
            yield kind, f"{kind}{key}", author, said["body"], said["createdAt"]
            yield from rows(said)


def main() -> None:
    api = os.environ["DEXXY_GITHUB_API_URL"]
    headers = {"Authorization": f"token {TOKEN}", "X-Github-Next-Global-ID": "1"}
    with (
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection,
        httpx.Client(headers=headers, timeout=60) as client,
    ):
        connection.execute(CREATE)
        loop, messages = Loop(client, f"{api}/graphql"), 0
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


main()
