"""A generated repository, read whole: nothing is missing or doubled in any dialect."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.generated import generated_world
from dexxy_simulator.model import IssueComment, Repository, ReviewComment, posts_of
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.silent import make_silent_change
from dexxy_simulator.tests.apps import NO_CERTIFICATES
from dexxy_simulator.tokens import DEMO_TOKEN

LIST = """query($after: String) { repository(owner: "colony", name: "generated") {
  list: %s(first: 23, after: $after, orderBy: {field: %s, direction: %s}) {
    totalCount pageInfo { hasNextPage endCursor } nodes { number } } } }"""
NESTED = """query($id: ID!, $after: String) { node(id: $id) { ... on Discussion {
  list: comments(first: 17, after: $after) { pageInfo { hasNextPage endCursor } nodes {
    id replies(first: 100) { totalCount nodes { id } } } } } } }"""
FIELDS = {"issues": "issues", "pullRequests": "pull_requests", "discussions": "discussions"}


class Reader:
    """Reads a world in a dialect that is drawn by a seed."""

    def __init__(self, seed: int, http: httpx.Client) -> None:
        self.world = generated_world(seed, dialect=Dialect.draw(Random(seed)), threads=120)
        repository = self.world.repository("colony/generated")
        assert repository is not None
        self.repository: Repository = repository
        self.http = http
        self.server = SimulatorServer(self.world)

    def pages(self, document: str, at: str, **variables: Any) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            body = {"query": document, "variables": {**variables, "after": after}}
            answer = self.http.post(self.server.graphql_url, json=body).json()
            assert "errors" not in answer
            page = answer["data"][at]["list"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def rows(self, path: str) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self.server.url}/repos/colony/generated/{path}"
        while url is not None:
            response = self.http.get(url)
            yield from response.raise_for_status().json()
            url = response.links.get("next", {}).get("url")


@pytest.fixture(params=range(4))
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "X-Github-Next-Global-ID": "1"}
    with httpx.Client(headers=headers, verify=NO_CERTIFICATES) as http:
        reader = Reader(request.param, http)
        with reader.server:
            yield reader


@pytest.mark.parametrize("order", ["CREATED_AT", "UPDATED_AT"])
@pytest.mark.parametrize("way", ["ASC", "DESC"])
def test_every_thread_is_listed_once(reader: Reader, order: str, way: str) -> None:
    for field, attribute in FIELDS.items():
        nodes = reader.pages(LIST % (field, order, way), "repository")

        seen = [node["number"] for node in nodes]

        assert sorted(seen) == sorted(getattr(reader.repository, attribute))


def test_every_comment_and_reply_of_a_discussion_is_listed_once(reader: Reader) -> None:
    for discussion in reader.repository.discussions.values():
        nodes = list(reader.pages(NESTED, "node", id=discussion.node_id))

        assert [node["id"] for node in nodes] == [one.node_id for one in discussion.comments]
        for node, comment in zip(nodes, discussion.comments, strict=True):
            assert node["replies"]["totalCount"] == len(comment.replies)
            shown = [reply["id"] for reply in node["replies"]["nodes"]]
            assert shown == [reply.node_id for reply in comment.replies[:100]]


@pytest.mark.parametrize("sort", ["created", "updated"])
@pytest.mark.parametrize(
    ("path", "kind"), [("issues/comments", IssueComment), ("pulls/comments", ReviewComment)]
)
def test_every_comment_is_in_the_bulk_lists_once(
    reader: Reader, path: str, kind: type, sort: str
) -> None:
    query = f"per_page=90&sort={sort}&direction=asc"

    seen = Counter(row["id"] for row in reader.rows(f"{path}?{query}"))

    wanted = (post for post in posts_of(reader.repository) if isinstance(post, kind))
    assert seen == Counter(post.database_id for post in wanted)


def test_a_server_answers_while_the_world_changes_silently(reader: Reader) -> None:
    random = Random(1)
    numbers = []
    for _ in range(20):
        make_silent_change(reader.world, reader.repository, random)
        numbers += list(reader.rows("issues?state=all&per_page=100"))[:1]

    seen = {
        node["number"]
        for node in reader.pages(LIST % ("issues", "CREATED_AT", "ASC"), "repository")
    }
    assert seen == set(reader.repository.issues)
    assert len(numbers) == 20


def test_a_duplicate_is_hidden_from_who_does_not_ask_for_it() -> None:
    world = generated_world(1, threads=5)
    repository = world.repository("colony/generated")
    assert repository is not None
    issue = world.open_issue(repository, repository.owner, "Again")
    world.close(issue, repository.owner, "DUPLICATE")
    document = """query($number: Int!) { repository(owner: "colony", name: "generated") {
      issue(number: $number) {
        byDefault: stateReason asked: stateReason(enableDuplicate: true) } } }"""

    with SimulatorServer(world) as server:
        body = {"query": document, "variables": {"number": issue.number}}
        signed = {"Authorization": f"Bearer {DEMO_TOKEN}"}
        answer = httpx.post(server.graphql_url, json=body, headers=signed, verify=NO_CERTIFICATES)

    assert answer.json()["data"]["repository"]["issue"] == {
        "byDefault": "NOT_PLANNED",
        "asked": "DUPLICATE",
    }
