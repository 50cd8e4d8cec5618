"""Serve one assistant on this machine, which starts us and talks over our input and output."""

import asyncio
import os
import signal
from types import FrameType
from typing import NoReturn

from mcp.server.stdio import stdio_server

from dexxy.accounts.models import User
from dexxy.mcp.calling import Asking, token_viewer
from dexxy.mcp.server import Context, make_server


def serve(secret: str) -> None:
    """Serve until the other side closes our input.

    Args:
        secret: the API token that tells as whom.

    Raises:
        InvalidTokenError: it opens nothing.
    """
    token_viewer(secret)  # whoever set it wrong is told before anything is served
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    asyncio.run(_serve(secret))


async def _serve(secret: str) -> None:
    def viewer_of(_context: Context) -> User:
        # Anew for each call: a token may be revoked meanwhile.
        return token_viewer(secret)

    server = make_server(Asking(), viewer_of)
    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # A thread waits for the next line of our input, and Python would wait for the thread. Nothing
    # is lost: every tool only reads.
    os._exit(0)
