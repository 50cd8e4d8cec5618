"""Try every Python that Dexxy is for: `make pythons` (ARGS="-k feed": options of pytest).

Each gets an environment of its own in .cache/pythons, from the lock file, and runs the tests there.
An interpreter that this machine lacks is named; with CI set that fails.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
FOLDER = Path(".cache/pythons")


def main(arguments: list[str]) -> int:
    found = {version: interpreter(version) for version in VERSIONS}
    outcomes = {
        version: "not on this machine" if path is None else attempt(version, path, arguments)
        for version, path in found.items()
    }
    for version, outcome in outcomes.items():
        print(f"Python {version}: {outcome}")  # noqa: T201
    is_lacking = None in found.values()
    failed = [one for one in outcomes.values() if one.startswith("failed")]
    return 1 if failed or (is_lacking and os.environ.get("CI")) else 0


def interpreter(version: str) -> str | None:
    """Return an interpreter that really runs: version managers leave shims that do not."""
    named = [
        str(Path(folder) / f"python{version}")
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
    ]
    managed = [str(one) for one in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for path in [*named, *sorted(managed, reverse=True)]:
        asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True)  # noqa: S603
        except OSError:
            continue
        if said.stdout.strip() == version:
            return path
    return None


def attempt(version: str, python: str, arguments: list[str]) -> str:
    """Install everything for this Python and run the tests; say how it went."""
    uv = shutil.which("uv", path=f".uv/bin:{os.environ.get('PATH', os.defpath)}")
    if uv is None:
        return "failed: there is no uv, `make .venv/.dev` brings it"
    place = FOLDER / version
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "UV_PROJECT_ENVIRONMENT": str(place),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
        "UV_SYSTEM_CERTS": "true",
    }
    commands = (
        [uv, "sync", "--frozen", "--quiet", "--python", python],
        [str(place / "bin" / "python"), "-m", "pytest", *arguments],
    )
    for command in commands:
        done = subprocess.run(command, env=environment)  # noqa: S603
        if done.returncode:
            return f"failed: {' '.join(command[:4])} …"
    return "passed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
