"""What a page tells of a thread as a whole, the API tells, too."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import User, Workspace
from dexxy.messages.conversation.page import conversation
from dexxy.messages.models import Thread
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import Teller
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.models import Source
from tests.factories import make_thread

Ask = Callable[..., dict[str, Any]]

FACTS = """
facts {
  participantCount teamAnsweredAt
  participants { memberId name username messageCount isTeam }
  teamLastWord { messageId occurredAt }
  firstUnanswered { messageId occurredAt }
}
"""
ONE = f"""
query ($workspace: ID!, $thread: ID!) {{
  thread(workspaceId: $workspace, threadId: $thread) {{
    {FACTS} messages {{ edges {{ node {{ id isByTeam }} }} }}
  }}
}}
"""
MANY = f"""
query ($workspace: ID!) {{
  threads(workspaceId: $workspace) {{ edges {{ node {{ id {FACTS} }} }} }}
  activityFeed(workspaceId: $workspace) {{ edges {{ node {{ isByTeam }} }} }}
}}
"""
STORY = "I A opens 0, T says 1, b1 says 2, A says 3, A says 4, C says 5"


@pytest.fixture
def teller(source: Source) -> Teller:
    return Teller(source, team={"T": None})


def recount(workspace: Workspace) -> None:
    threads = list(Thread.objects.filter(workspace=workspace).values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))


def test_it_has_the_participants_the_answer_and_the_landmarks_that_the_page_has(
    ask: Ask, bob: User, workspace: Workspace, teller: Teller
) -> None:
    [thread] = teller.tell(STORY)
    recount(workspace)
    page = conversation(bob, workspace, thread.pk)

    answer = ask(ONE, bob, workspace=workspace.pk, thread=thread.pk)["data"]["thread"]

    facts = answer["facts"]
    people = [
        (one["username"], one["messageCount"], one["isTeam"]) for one in facts["participants"]
    ]
    member = str(teller.people["A"].member_id)
    assert (facts["participants"][0]["memberId"], facts["participants"][0]["name"]) == (member, "A")
    assert (people[0], len(people)) == (("A", 3, False), facts["participantCount"])
    assert sorted(people[1:]) == [("C", 1, False), ("T", 1, True), ("b1", 1, False)]
    messages = [edge["node"] for edge in answer["messages"]["edges"]]
    assert [one["isByTeam"] for one in messages] == [False, True, False, False, False, False]
    assert facts["teamLastWord"]["messageId"] == messages[1]["id"]
    assert facts["teamLastWord"]["occurredAt"] == facts["teamAnsweredAt"]
    assert facts["firstUnanswered"]["messageId"] == messages[3]["id"]
    assert page.team_answered_at is not None
    assert facts["teamAnsweredAt"] == page.team_answered_at.isoformat()
    assert str(page.landmarks.unanswered and page.landmarks.unanswered.pk) == messages[3]["id"]


def test_where_the_team_said_nothing_and_nobody_waits_there_is_nothing(
    ask: Ask, bob: User, workspace: Workspace, teller: Teller
) -> None:
    [thread] = teller.tell("I T opens 0, T says 1")
    recount(workspace)

    facts = ask(ONE, bob, workspace=workspace.pk, thread=thread.pk)["data"]["thread"]["facts"]

    assert (facts["teamAnsweredAt"], facts["firstUnanswered"]) == (None, None)
    empty = make_thread(source=teller.source)
    facts = ask(ONE, bob, workspace=workspace.pk, thread=empty.pk)["data"]["thread"]["facts"]
    assert (facts["participantCount"], facts["participants"]) == (0, [])
    assert facts["teamLastWord"] is None


def test_many_threads_cost_as_many_statements_as_one_and_say_the_same(
    ask: Ask, bob: User, workspace: Workspace, teller: Teller
) -> None:
    teller.tell(STORY)
    ask(MANY, bob, workspace=workspace.pk)
    with CaptureQueriesContext(connection) as few:
        ask(MANY, bob, workspace=workspace.pk)
    teller.tell(" | ".join([STORY] * 5))
    recount(workspace)

    with CaptureQueriesContext(connection) as many:
        answer = ask(MANY, bob, workspace=workspace.pk)

    assert len(many) == len(few)
    for edge in answer["data"]["threads"]["edges"]:
        thread = edge["node"]
        one = ask(ONE, bob, workspace=workspace.pk, thread=thread["id"])["data"]["thread"]
        assert thread["facts"] == one["facts"]


def test_nobody_else_is_told(ask: Ask, charlie: User, workspace: Workspace, teller: Teller) -> None:
    [thread] = teller.tell(STORY)

    answer = ask(ONE, charlie, workspace=workspace.pk, thread=thread.pk)

    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert answer["data"] is None
    assert Thread.objects.count() == 1
