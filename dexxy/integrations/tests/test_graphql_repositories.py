from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import StreamName, SyncStatus
from dexxy.sources.models import Source
from tests.factories import START, make_repository, make_run, make_source, make_stream

Ask = Callable[..., dict[str, Any]]

REPOSITORIES = """
query Repositories($workspace: ID!) {
  githubRepositories(workspaceId: $workspace) {
    id githubId name fullName syncStatus issuesCursor prsCursor discussionsCursor isArchived
    lastSyncedAt nextSyncAt syncError pausedUntil
    installation { accountLogin accountType } source { name }
    progress { done expected percent remainingSeconds }
    streams { name isDone progress { done expected percent } }
    latestRun { state trigger startedAt finishedAt requests points error errorCode
                counts { name count } receipt { takenAt lines { kind here github agrees }
                                              messages { kind here github agrees takenAt } } }
    problemCount problems { threadKind number error attempts }
  }
}
"""


def test_a_repository_shows_its_sync_with_what_was_spent_and_found(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.ERROR, sync_error="Ask Alice.")
    make_stream(repository=repository, name=StreamName.ISSUES, read=30, expected=120)
    make_run(
        repository=repository,
        finished_at=START + timedelta(minutes=1),
        counts={"threads": 30, "messages": 99},
        requests=5,
        points=6,
        error="Ask Alice.",
        error_code="forbidden",
        receipt={
            "issue": {"here": 30, "github": 120, "taken_at": START.isoformat()},
            "reply": {"here": 7, "github": 7, "taken_at": START.isoformat()},
        },
    )

    answer = ask(REPOSITORIES, bob, workspace=workspace.pk)

    assert answer["data"]["githubRepositories"] == [
        {
            "id": str(repository.pk),
            "githubId": repository.github_id,
            "name": "repo",
            "fullName": "owner/repo",
            "syncStatus": "ERROR",
            "issuesCursor": "",
            "prsCursor": "",
            "discussionsCursor": "",
            "isArchived": False,
            "lastSyncedAt": None,
            "nextSyncAt": None,
            "syncError": "Ask Alice.",
            "pausedUntil": None,
            "installation": {"accountLogin": "owner", "accountType": "ORGANIZATION"},
            "source": {"name": "owner/repo"},
            "progress": {"done": 30, "expected": 120, "percent": 25, "remainingSeconds": None},
            "streams": [
                {
                    "name": "ISSUES",
                    "isDone": False,
                    "progress": {"done": 30, "expected": 120, "percent": 25},
                }
            ],
            "latestRun": {
                "state": "DONE",
                "trigger": "SCHEDULE",
                "startedAt": "2026-01-01T12:00:00+00:00",
                "finishedAt": "2026-01-01T12:01:00+00:00",
                "requests": 5,
                "points": 6,
                "error": "Ask Alice.",
                "errorCode": "forbidden",
                "counts": [{"name": "messages", "count": 99}, {"name": "threads", "count": 30}],
                "receipt": {
                    "takenAt": "2026-01-01T12:00:00+00:00",
                    "lines": [{"kind": "ISSUE", "here": 30, "github": 120, "agrees": False}],
                    "messages": [
                        {
                            "kind": "REPLY",
                            "here": 7,
                            "github": 7,
                            "agrees": True,
                            "takenAt": "2026-01-01T12:00:00+00:00",
                        }
                    ],
                },
            },
            "problemCount": 0,
            "problems": [],
        }
    ]


def test_the_list_costs_the_same_queries_however_long_it_is(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        repository = make_repository(
            source=make_source(workspace=workspace, name=f"owner/{number}")
        )
        make_stream(repository=repository)
        make_run(repository=repository)
    client.force_login(bob)

    with django_assert_num_queries(8):
        answer = ask(REPOSITORIES, workspace=workspace.pk)

    assert len(answer["data"]["githubRepositories"]) == 8


def test_a_number_beyond_32_bits_is_shown(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    repository.github_id = 2**40
    repository.save()

    answer = ask(REPOSITORIES, bob, workspace=workspace.pk)

    assert answer["data"]["githubRepositories"][0]["githubId"] == 2**40


def test_only_members_see_the_repositories(
    ask: Ask, charlie: User, workspace: Workspace, source: Source
) -> None:
    make_repository(source=source)

    nobody = ask(REPOSITORIES, workspace=workspace.pk)
    outsider = ask(REPOSITORIES, charlie, workspace=workspace.pk)

    assert nobody["data"] is None
    assert nobody["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert outsider["data"] is None
    assert outsider["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
