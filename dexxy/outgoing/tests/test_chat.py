"""What people read in chats: theirs is the language, and nobody is called by what others write."""

from typing import Any

import pytest

from dexxy.accounts.models import Workspace
from dexxy.outgoing.chat import chat_body
from dexxy.outgoing.events import EventType, chosen
from dexxy.outgoing.models import Endpoint, EndpointKind

ADA = {"name": "Ada [x](https://evil.example)", "login": "ada"}


def event(kind: EventType = EventType.THREAD_OPENED, **fields: Any) -> dict[str, Any]:
    thread = {
        "title": "@everyone *look* <!channel>",
        "number": 7,
        "url": "https://github.com/owner/repo/issues/7",
        "author": ADA,
        "repository": {"name": "owner/repo"},
    }
    message = {"author": ADA, "url": "https://github.com/owner/repo/issues/7", "body": "It | fails"}
    data = {"thread": thread, "message": message, "wait": {"hours": 30}, "sentBy": "Alice"}
    return {"type": str(kind), "data": {**data, **fields}}


def endpoint(kind: EndpointKind, workspace: Workspace) -> Endpoint:
    return Endpoint(kind=kind, workspace=workspace)


def test_slack_gets_its_own_marks_with_all_else_escaped(workspace: Workspace) -> None:
    body = chat_body(endpoint(EndpointKind.SLACK, workspace), [event()])

    assert body["text"] == (
        "Ada [x](https://evil.example) opened <https://github.com/owner/repo/issues/7"
        "|owner/repo #7 @\u200beveryone *look* &lt;!channel&gt;>\n> It | fails"
    )
    assert body["unfurl_links"] is False


def test_discord_calls_nobody_and_shows_no_previews(workspace: Workspace) -> None:
    body = chat_body(endpoint(EndpointKind.DISCORD, workspace), [event()])

    assert body["allowed_mentions"] == {"parse": []}
    assert body["flags"] == 4
    assert body["content"] == (
        r"Ada \[x\]\(https://evil.example\) opened [owner/repo \#7 @" + "\u200b"
        r"everyone \*look\* \<!channel\>](https://github.com/owner/repo/issues/7)"
        "\n> It \\| fails"
    )


def test_mattermost_calls_nobody(workspace: Workspace) -> None:
    body = chat_body(endpoint(EndpointKind.MATTERMOST, workspace), [event()])

    assert "@everyone" not in body["text"]
    assert "@\u200beveryone" in body["text"]


@pytest.mark.parametrize("kind", [kind for kind in EndpointKind if kind != EndpointKind.WEBHOOK])
def test_however_much_comes_it_fits_and_says_how_much_more_there_is(
    workspace: Workspace, kind: EndpointKind
) -> None:
    long = event()
    long["data"]["thread"]["title"] = "*" * 5000
    long["data"]["message"]["body"] = "_" * 65_536

    [text] = [
        value
        for value in chat_body(endpoint(kind, workspace), [long] * 90).values()
        if isinstance(value, str)
    ]

    assert len(text) <= (2000 if kind == EndpointKind.DISCORD else 4000)
    assert "more" in text


@pytest.mark.parametrize("kind", [*chosen(), EventType.TEST])
def test_each_event_has_words(workspace: Workspace, kind: EventType) -> None:
    text = chat_body(endpoint(EndpointKind.SLACK, workspace), [event(kind)])["text"]

    assert text
    assert "{" not in text
    if kind is EventType.WAITING_LATE:
        assert "has waited for 30 hours in" in text


def test_it_is_in_the_language_of_the_workspace(workspace: Workspace) -> None:
    workspace.language = "de"

    text = chat_body(endpoint(EndpointKind.SLACK, workspace), [event()])["text"]

    assert "eröffnet" in text


def test_whose_account_is_gone_is_somebody(workspace: Workspace) -> None:
    one = event()
    one["data"]["message"]["author"] = None

    text = chat_body(endpoint(EndpointKind.SLACK, workspace), [one])["text"]

    assert text.startswith("Somebody opened")
