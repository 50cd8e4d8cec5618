"""`dexxy web`: the web processes alone."""

import socket
import tempfile
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from dexxy.cli.collector import loading
from dexxy.cli.command import DexxyCommand
from dexxy.cli.http_server import (
    LARGEST_BODY,
    MOST_CONNECTIONS,
    Server,
    WSGIApplication,
    buffers_allowed,
    connections_allowed,
    make_server,
)
from dexxy.cli.ports import claim_port, listen, resolve
from dexxy.cli.web_processes import WebProcesses
from dexxy.common.counts import counts
from dexxy.web.database_watch import CONNECT_SECONDS, DatabaseWatch, watched
from dexxy.web.watch.requests import noted

# How long a process before us may take to leave the port, when a supervisor starts us again.
_TAKEOVER_SECONDS = 3.0


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        address, port = resolve(options["host"], options["port"]), options["port"]
        claim = None
        if not options["port_is_claimed"]:
            claim = claim_port(address, port, wait=_TAKEOVER_SECONDS)
        try:
            self._serve(address, port)
        finally:
            if claim is not None:
                claim.release()

    def _serve(self, address: str, port: int) -> None:
        with loading():
            from dexxy.config.wsgi import application

        connection.settings_dict["OPTIONS"].setdefault("connect_timeout", CONNECT_SECONDS)
        processes = settings.DEXXY_WEB_PROCESSES
        buffered = buffers_allowed(processes, settings.DEXXY_WEB_BUFFER)
        if buffered < LARGEST_BODY:
            self.stderr.write(
                f"dexxy: Each web process keeps {buffered // 1024**2} MiB for slow clients, and a"
                f" webhook may have {LARGEST_BODY // 1024**2}: give {tempfile.gettempdir()} more"
                " room, or TMPDIR another folder."
            )
        most = connections_allowed()
        if most < MOST_CONNECTIONS:
            self.stderr.write(
                f"dexxy: Each web process serves {most} connections at once instead of"
                f" {MOST_CONNECTIONS}: let it open more files (ulimit -n)."
            )
        with listen(address, port, wait=_TAKEOVER_SECONDS) as listener:
            # A connection that was open before a fork would be shared with the children.
            connection.close()
            make = partial(_make_server, application, listener, most, buffered)
            WebProcesses(make, processes).run()


def _make_server(
    application: WSGIApplication, listener: socket.socket, most: int, buffered: int
) -> Server:
    base = urlsplit(settings.DEXXY_BASE_URL)
    watch = DatabaseWatch()
    watch.start()
    counts.tell_regularly()
    return make_server(
        noted(watched(application, watch)),
        listener,
        threads=settings.DEXXY_WEB_THREADS,
        most_connections=most,
        most_buffered=buffered,
        url_scheme=base.scheme,
        url_prefix=base.path,
        trusted_proxies=settings.DEXXY_TRUSTED_PROXIES,
    )
