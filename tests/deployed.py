"""The files below deploy/, read as those read them who use them."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests import needs

DEPLOY = needs.ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with what stands behind it."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "docker/Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    steps = (line.partition(" ") for line in lines if line.strip())
    return [(step, " ".join(words.split())) for step, _, words in steps]


def health_check() -> list[str]:
    """Return the command by which a container is found healthy."""
    [words] = [words for step, words in dockerfile() if step == "HEALTHCHECK"]
    command: list[str] = json.loads(words.partition("CMD ")[2])
    return command


def compose() -> dict[str, Any]:
    """Return the compose file."""
    file: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return file


def rendered(*settings: str) -> list[dict[str, Any]]:
    """Return what the chart makes, with these values (`name=value`)."""
    given = [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run(
        [needs.helm(), "template", "dexxy", DEPLOY / "helm/dexxy", *given],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def units() -> list[Path]:
    """Return the units of systemd."""
    return sorted(path for path in (DEPLOY / "systemd").iterdir() if path.stem.startswith("dexxy"))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Return each command of ours that a file names, without the program, and the file's name."""
    [image] = [json.loads(words) for step, words in dockerfile() if step == "CMD"]
    yield "Dockerfile", image
    for name, service in compose()["services"].items():
        if "DEXXY_IMAGE" in service["image"]:
            yield f"compose: {name}", service["command"]
    for one in rendered("mcp.enabled=true"):
        if "template" in one["spec"]:
            [container] = one["spec"]["template"]["spec"]["containers"]
            yield f"chart: {one['metadata']['name']}", container["args"]
    for unit in units():
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), flags=re.MULTILINE):
            program, *arguments = shlex.split(line)
            assert program == "/opt/dexxy/bin/dexxy"
            yield unit.name, arguments
