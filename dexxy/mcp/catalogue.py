"""All tools, in the order in which an assistant is told of them."""

from collections.abc import Mapping
from typing import Any

from dexxy.mcp.tool import Tool
from dexxy.mcp.tools import changes, figures, member, searching, thread, waiting, workspace

TOOLS: Mapping[str, Tool[Any, Any]] = {
    one.TOOL.name: one.TOOL
    for one in (workspace, waiting, searching, thread, member, figures, changes)
}
