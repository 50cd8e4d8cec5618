"""The floor: a bare loop of httpx, orjson and COPY over the pages that Dexxy reads."""

import sys
from collections import Counter
from pathlib import Path

import psycopg

from benchmarks.peers.dexxy import Dexxy, counted
from benchmarks.peers.peer import Command

DOCUMENTS = Path(".cache/peers/bare.json")
COUNTED = "SELECT thread, kind, count(*) FROM bare GROUP BY thread, kind"


class Floor(Dexxy):
    """What nothing that reads the same pages can be faster than: it keeps no promise at all."""

    name = "the floor: httpx, orjson, COPY"
    package = "bare"
    requirement = "benchmarks/bare.py"
    home = ""
    address = "the same variable as Dexxy"
    choice = (
        "the lists of threads, with the first hundred of what is written in each; openings and "
        "events it drops"
    )
    goes_on = "the same loop again: it keeps no state"
    database = "peers_bare"

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Make an empty database, in which it makes its table, and write down the documents."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self.database}")
        return [Command([sys.executable, "-m", "benchmarks.bare_documents"])]

    def arranged(self, folder: Path) -> None:
        """Do nothing more."""

    def environment(self, url: str) -> dict[str, str]:
        """Return that of Dexxy, with the file of the documents that both send."""
        return super().environment(url) | {"BARE_DOCUMENTS": str(DOCUMENTS.resolve())}

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Run the loop."""
        return [Command([sys.executable, "-m", "benchmarks.bare"])]

    def count(self, folder: Path) -> Counter[str]:
        """Count the rows of its table."""
        with psycopg.connect(self._url_of(self.database)) as connection:
            return counted([], connection.execute(COUNTED).fetchall())
