"""A private PostgreSQL and Valkey for installations that bring none of their own.

`docs/adr` has the reasons; in short: one small owner process per server, files locked with
`flock` in place of process ids, Unix sockets in place of ports.
"""

from dexxy.embedded.client import Servers, ensure_servers
from dexxy.embedded.errors import EmbeddedServersError
from dexxy.embedded.folder import default_data_dir

__all__ = ["EmbeddedServersError", "Servers", "default_data_dir", "ensure_servers"]
