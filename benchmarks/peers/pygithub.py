"""A loop of a dozen lines with PyGithub: https://github.com/PyGithub/PyGithub"""

from collections import Counter
from pathlib import Path

from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, Command, Peer, distinct, rows_of

LOOP = Path(__file__).parent / "loops" / "pygithub_loop.py"


class PyGithub(Peer):
    """What somebody writes in an afternoon."""

    name = "a loop with PyGithub"
    package = "pygithub"
    requirement = "PyGithub==2.10.0"
    home = "https://github.com/PyGithub/PyGithub"
    address = "its argument `base_url`"
    choice = "each list of a repository, and the reviews of each pull request"
    goes_on = "the same loop again: it keeps no state"

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Run the loop."""
        return [Command([self.program("python"), str(LOOP), url, TOKEN, FULL_NAME])]

    def count(self, folder: Path) -> Counter[str]:
        """Count its lines."""
        return distinct((row["kind"], row["id"]) for row in rows_of(folder / "output"))
