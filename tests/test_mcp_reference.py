"""The pages about assistants say what the code does, and their example runs."""

import re

import pytest

from dexxy.mcp import calling, connections, http, marks, tool
from dexxy.mcp.arguments import MOST_ITEMS
from dexxy.mcp.catalogue import TOOLS
from tools import mcp_reference

PAGE = mcp_reference.PAGE.read_text("utf-8")


def test_the_reference_is_what_the_tools_say_of_themselves() -> None:
    written = PAGE.partition(mcp_reference.BEGIN)[2]

    assert written == f"\n{mcp_reference.written()}", "run make fmt and review the diff"


def test_the_limits_are_those_that_hold() -> None:
    def row(name: str) -> str:
        [found] = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE, flags=re.MULTILINE)
        return str(found)

    assert row("bytes of a request").startswith(f"{http.LARGEST_BODY // 1024} KB")
    assert row("connections at once").startswith(f"{connections.MOST_CONNECTIONS},")
    of_a_person = row("connections of one person at once")
    assert of_a_person.startswith(f"{connections.MOST_OF_A_PERSON},")
    head = connections.HEAD_SECONDS
    assert row("seconds for the head of a request").startswith(
        f"{head:.0f}, at most {2 * head:.0f}"
    )
    assert row("seconds for the body of a request").startswith(f"{http.BODY_SECONDS:.0f},")
    whole = row("seconds for a request and its answer")
    assert whole.startswith(f"{http.REQUEST_SECONDS:.0f},")
    calls = row("seconds of a call in the database")
    assert calls.startswith(f"{calling.LONGEST_CALL_SECONDS:.0f}, and 5 for each")
    assert row("calls at once").startswith(f"{calling.THREADS};")
    assert f"up to {tool.MOST_BYTES:,} bytes" in PAGE
    assert marks._LENGTH == 6
    assert "The six letters" in PAGE


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool_is_described_for_a_model(name: str) -> None:
    one = TOOLS[name]

    assert re.fullmatch(r"(get|list)_[a-z]+|search", name)
    assert 100 < len(one.description) < 700
    assert one.description.endswith(".")
    for field, about in one.takes.model_fields.items():
        assert about.description, f"{name} says nothing of {field}"
    limit = one.takes.model_fields.get("limit")
    assert limit is None or limit.default <= MOST_ITEMS
