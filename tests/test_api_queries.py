"""Whatever is asked of the API costs no more statements for many rows than for one."""
# Fixtures that stand in another file are names of this one, too.

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import ListPage, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.integrations.models import GitHubInstallation
from dexxy.members.models import MemberSummary
from dexxy.messages.models import MessageKind
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.outgoing.models import FeedAddress
from dexxy.sources.models import Source
from tests.api_documents import document, root_fields, variables
from tests.everything import alice, db, everything, values, workspace
from tests.factories import (
    START,
    make_delivery,
    make_endpoint,
    make_identity,
    make_message,
    make_outgoing,
    make_release,
    make_repository,
    make_run,
    make_source,
    make_stream,
    make_thread,
    make_user,
)

__all__ = ["alice", "db", "everything", "values", "workspace"]

Ask = Callable[..., dict[str, Any]]

MORE = 4
PAGE = 11
# It asks GitHub.
ELSEWHERE = {"availableGithubRepos"}


def add_more(workspace: Workspace, viewer: User) -> None:
    """Add some of everything that a list can hold."""
    installation = GitHubInstallation.objects.get(workspace=workspace)
    for number in range(MORE):
        saved_view_save(
            viewer=viewer, workspace=workspace, page=ListPage.FEED, name=str(number), query=""
        )
        source = make_source(workspace=workspace)
        author = make_identity(workspace=workspace)
        name = author.username
        MemberSummary.objects.create(
            member=author.member, workspace=workspace, organization=name, organization_key=name
        )
        thread = make_thread(source=source, author=author)
        make_message(thread=thread, author=author, kind=MessageKind.REVIEW)
        make_release(source=source, author=author)
        make_message(thread=thread, author=make_identity(workspace=workspace))
        # Who opened it after that waits; what is from long before is in a list of its own.
        Source.objects.filter(pk=source.pk).update(created_at=START)
        standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))
        repository = make_repository(source=source)
        make_stream(repository=repository)
        make_run(repository=repository, counts={"threads": 1})
        make_delivery(installation=installation)
        workspace.memberships.create(user=make_user())
        api_token_create(viewer=viewer, workspace=workspace, name="script")
        invitation_create(viewer=viewer, workspace=workspace)
        make_outgoing(endpoint=make_endpoint(workspace=workspace))
        FeedAddress.objects.create(
            membership=workspace.memberships.get(user=viewer), page="feed", secret_hash=str(number)
        )


QUERIES = {name for name, (kind, _) in root_fields().items() if kind == "query"} - ELSEWHERE


def rows(answer: dict[str, Any]) -> int:
    [found] = answer["data"].values()
    return len(found["edges"]) if isinstance(found, dict) and "edges" in found else 0


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_query_costs_no_more_statements_for_many_rows_than_for_one(
    ask: Ask, client: Client, alice: User, workspace: Workspace, values: dict[str, Any], name: str
) -> None:
    client.force_login(alice)
    asked = document(name, first=PAGE)

    def answered() -> tuple[int, dict[str, Any]]:
        with CaptureQueriesContext(connection) as statements:
            answer = ask(asked, **variables(name, values))
        assert "errors" not in answer
        return len(statements), answer

    before, few = answered()
    add_more(workspace, alice)
    after, many = answered()

    assert after <= before
    assert rows(few) < PAGE
    assert rows(many) >= min(PAGE, rows(few) + MORE) or rows(many) == rows(few) == 0
