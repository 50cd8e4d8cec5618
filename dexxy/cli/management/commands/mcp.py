"""`dexxy mcp`: answers assistants, over standard input and output or over HTTP."""

from typing import Any

from django.conf import settings
from django.db import connection

from dexxy.cli.command import DexxyCommand
from dexxy.cli.command_line import MCP_PORT
from dexxy.cli.errors import WrongUseError
from dexxy.cli.ports import claim_port, listen, resolve
from dexxy.cli.startup import database_require
from dexxy.config.mcp import api_token
from dexxy.web.database_watch import CONNECT_SECONDS, DatabaseWatch

# How long a process before us may take to leave the port, when a supervisor starts us again.
_TAKEOVER_SECONDS = 3.0


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["http"]:
            port = options["port"] or settings.DEXXY_MCP_PORT or MCP_PORT
            self._over_http(options["host"], port, options["port_is_claimed"])
            return
        secret = api_token()
        if not secret:
            raise WrongUseError(
                "Name an API token in DEXXY_API_TOKEN, or its file in DEXXY_API_TOKEN_FILE:"
                " Settings > API tokens makes one."
            )
        database_require()
        from dexxy.mcp.stdio import serve

        serve(secret)

    def _over_http(self, host: str, port: int, is_claimed: bool) -> None:
        address = resolve(host, port)
        claim = None if is_claimed else claim_port(address, port, wait=_TAKEOVER_SECONDS)
        try:
            from dexxy.mcp.http import make_http_server

            options = connection.settings_dict["OPTIONS"]
            options.setdefault("connect_timeout", CONNECT_SECONDS)
            with listen(address, port, wait=_TAKEOVER_SECONDS) as listener:
                # As the pages: it lives whatever the database is like, and answers nothing from
                # one that is not up to date, or half restored.
                watch = DatabaseWatch()
                watch.start()
                make_http_server(lambda: watch.lack).run(sockets=[listener])
        finally:
            if claim is not None:
                claim.release()
