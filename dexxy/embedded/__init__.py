"""A private PostgreSQL and Valkey for installations that bring none of their own.

`docs/adr` has the reasons; in short: one small owner process per server, files locked with
`flock` instead of process ids, Unix sockets instead of ports.
"""

from dexxy.embedded.client import Servers, ensure_servers, start_servers
from dexxy.embedded.errors import EmbeddedServersError

__all__ = ["EmbeddedServersError", "Servers", "ensure_servers", "start_servers"]
