"""What is below deploy/: each file passes its linter, and names only what there is.

No container is built or run here: the commands that the files name are run without one
(`tests/test_deployed_commands.py`).
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dexxy import __version__
from dexxy.cli.command_line import QUEUES, parser_of
from dexxy.cli.http_server import IN_MEMORY, LARGEST_BODY, MOST_CONNECTIONS
from dexxy.config import env
from tests import needs
from tests.deployed import COMPOSE, DEPLOY, commands, compose, dockerfile, rendered, units

KUBERNETES = "1.34.1"
# Of 100: systemd calls less than 20 "OK", and a web server as Debian ships it has 92.
EXPOSED_AT_MOST = 15
MIB = 1024**2
# Where nobody says how many there are, and the memory of each, with what it shares.
MOST_PROCESSES, LOADED = 4, 80 * MIB
SETTINGS = (needs.ROOT / "docs/reference/settings.md").read_text("utf-8")


def passes(*command: str | Path) -> None:
    done = subprocess.run([*command], capture_output=True, text=True, cwd=needs.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def test_the_dockerfile_passes_its_linter() -> None:
    passes(tool("hadolint"), "--failure-threshold", "info", DEPLOY / "docker/Dockerfile")


def test_the_compose_file_passes_its_linter(tmp_path: Path) -> None:
    # In a checkout of root's the secrets beside it would lie in a folder that no container may see.
    copy = shutil.copy(COMPOSE, tmp_path)
    passes(tool("compose-lint"), "--fail-on", "high", copy)


def test_all_yaml_passes_its_linter() -> None:
    files = [COMPOSE, *(DEPLOY / "helm/dexxy").glob("*.yaml")]

    assert len(files) == 3
    passes(tool("yamllint"), "--strict", "--config-file", DEPLOY / ".yamllint.yaml", *files)


def test_the_scripts_are_posix() -> None:
    passes("sh", "-n", DEPLOY / "compose/make-secrets.sh")


def test_the_chart_passes_its_linter() -> None:
    passes(needs.helm(), "lint", "--strict", DEPLOY / "helm/dexxy")


@pytest.mark.parametrize("everything", [False, True])
def test_what_the_chart_makes_is_what_kubernetes_takes(everything: bool) -> None:
    import kubernetes_validate

    made = rendered("mcp.enabled=true", "ingress.enabled=true") if everything else rendered()

    kinds = {one["kind"] for one in made}
    assert kinds >= {"Deployment", "Service", "Job", "PodDisruptionBudget"}
    assert ("Ingress" in kinds) == everything
    for one in made:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_every_pod_runs_as_an_ordinary_user_on_a_root_that_cannot_be_written() -> None:
    pods = [one["spec"]["template"]["spec"] for one in rendered() if "template" in one["spec"]]

    assert len(pods) == 5
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("unit", units(), ids=lambda path: path.name)
def test_a_unit_is_one_for_systemd(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    # It is not installed here: what systemd looks for is any program.
    copy.write_text(unit.read_text().replace("/opt/dexxy/bin/dexxy", "/bin/true"))
    for other in DEPLOY.glob("systemd/dexxy*"):
        if other.name != unit.name:
            (tmp_path / other.name).write_text(
                other.read_text().replace("/opt/dexxy/bin/dexxy", "/bin/true")
            )

    done = subprocess.run(
        [needs.systemd_analyze(), "verify", "--man=no", copy], capture_output=True, text=True
    )

    # Of the machine's own units it may complain, too.
    ours = [line for line in done.stderr.splitlines() if "dexxy" in line]
    assert ours == []


@pytest.mark.parametrize(
    "unit", [path for path in units() if path.suffix == ".service"], ids=lambda path: path.name
)
def test_a_unit_is_hardened(unit: Path) -> None:
    passes(
        needs.systemd_analyze(),
        "security",
        "--offline=true",
        f"--threshold={EXPOSED_AT_MOST}",
        unit,
    )


def test_what_compose_refers_to_is_there() -> None:
    file = compose()

    for name, service in file["services"].items():
        assert set(service.get("secrets", [])) <= set(file["secrets"]), name
        assert set(service.get("networks", [])) <= set(file["networks"]), name
        assert set(service.get("depends_on", {})) <= set(file["services"]), name
        volumes = {one.partition(":")[0] for one in service.get("volumes", [])}
        assert {one for one in volumes if not one.startswith(".")} <= set(file["volumes"]), name
    for secret in file["secrets"].values():
        assert (
            f"put {Path(secret['file']).name} " in (DEPLOY / "compose/make-secrets.sh").read_text()
        )


def test_the_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_text((DEPLOY / "compose/make-secrets.sh").read_text())

    said = [subprocess.run(["sh", script], capture_output=True, text=True) for _ in range(2)]

    assert [one.returncode for one in said] == [0, 0], said
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {len(value) for name, value in made.items() if name != "database_url"} == {48}
    assert made["database_url"].endswith(f":{made['database_password']}@database:5432/dexxy")
    assert len(set(made.values())) == 4
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def settings_named() -> Iterator[str]:
    """Return every setting of ours that a file below deploy/ names."""
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.suffix != ".sh":
            text = path.read_text("utf-8")
            yield from re.findall(r"\b(DEXXY_[A-Z_]+|DATABASE_URL|REDIS_URL)(?:_FILE)?\b", text)


def test_only_settings_that_exist_are_named() -> None:
    # Those of the files themselves: of the image, and what compose puts into it.
    own = {"DEXXY_COMMIT", "DEXXY_IMAGE", "DEXXY_HOST"}
    named = {name.removesuffix("_FILE") for name in settings_named()} - own

    assert len(named) > 6
    assert [name for name in sorted(named) if f"| `{name}` |" not in SETTINGS] == []


def test_every_command_is_one_of_ours() -> None:
    found = list(commands())

    assert {command[0] for _, command in found} == {
        *("web", "worker", "scheduler", "mcp", "upgrade", "backup")
    }
    for where, (name, *rest) in found:
        if name == "backup":  # into the state folder, which systemd makes
            rest = ["-"]
        assert parser_of(name).parse_args(rest), where


def test_each_queue_has_a_worker_in_the_chart() -> None:
    values: dict[str, Any] = yaml.safe_load((DEPLOY / "helm/dexxy/values.yaml").read_text())

    assert sorted(
        queue for worker in values["workers"].values() for queue in worker["queues"]
    ) == sorted(QUEUES)


def test_the_workers_of_the_chart_that_sync_read_many_repositories_at_once() -> None:
    arguments = dict(commands())

    assert arguments["chart: dexxy-worker-sync"] == ["worker", "sync", "--concurrency", "20"]
    assert "--concurrency" not in arguments["chart: dexxy-worker-urgent"]


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((DEPLOY / "helm/dexxy/Chart.yaml").read_text())

    assert chart["appVersion"] == __version__


def test_what_slow_clients_may_cost_is_what_the_deployments_give() -> None:
    [web] = [
        one
        for one in rendered()
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "dexxy-web")
    ]
    pod = web["spec"]["template"]["spec"]
    [container] = pod["containers"]
    given = {one["name"]: one["value"] for one in container["env"]}
    buffered = int(given["DEXXY_WEB_BUFFER"]) * MIB
    [tmp] = [one["emptyDir"]["sizeLimit"] for one in pod["volumes"] if one["name"] == "tmp"]
    memory = container["resources"]["limits"]["memory"]
    [compose_tmp] = compose()["services"]["web"]["tmpfs"]

    # What comes between two looks needs room, too: a pod that has none is evicted.
    assert (tmp, memory) == (f"{2 * buffered // MIB}Mi", "1Gi")
    assert compose_tmp.endswith(":size=1g")
    # Of as many processes as there are by themselves each takes the largest webhook,
    assert min(buffered, 1024 * MIB // 2) // MOST_PROCESSES > LARGEST_BODY
    # and their memory suffices for as many clients as there may be.
    in_memory = MOST_CONNECTIONS * IN_MEMORY + LOADED
    assert MOST_PROCESSES * in_memory < 1024 * MIB


def test_erasures_are_written_down_beside_the_database_where_there_is_a_place() -> None:
    services = compose()["services"]
    claimed = [
        one["spec"]["template"]["spec"]
        for one in rendered("erasures.existingClaim=shared")
        if "template" in one["spec"]
    ]

    for name in ("web", "worker", "upgrade"):
        journal = services[name]["environment"]["DEXXY_ERASURE_JOURNAL"]
        assert journal == "/var/lib/dexxy/erasures.jsonl"
        assert services[name]["volumes"] == ["erasures:/var/lib/dexxy"]
    # A volume begins as the folder of the image, of which the user of the image is the owner.
    [made] = [words for step, words in dockerfile() if step == "RUN" and "/var/lib/dexxy" in words]
    assert "--owner 10001 --group 10001" in made
    for pod in claimed:
        [container] = pod["containers"]
        assert {"name": "erasures", "mountPath": "/var/lib/dexxy"} in container["volumeMounts"]
        assert {
            "name": "erasures",
            "persistentVolumeClaim": {"claimName": "shared"},
        } in pod["volumes"]
    assert "erasures" not in json.dumps(rendered())


def test_the_image_is_of_two_stages_and_runs_as_an_ordinary_user() -> None:
    steps = dockerfile()

    assert [words for step, words in steps if step == "FROM"] == [
        "python:3.13-slim-bookworm AS build",
        "python:3.13-slim-bookworm",
    ]
    assert [words for step, words in steps if step == "USER"] == ["10001:10001"]
    assert [step for step, _ in steps][-2:] == ["ENTRYPOINT", "CMD"]
    assert json.loads(steps[-2][1]) == ["dexxy"]
    assert env  # settings are read by name, and `_FILE` behind it


def test_the_image_gets_all_that_a_build_needs_and_no_tests() -> None:
    listed = (DEPLOY / "docker/Dockerfile.dockerignore").read_text().splitlines()
    given = {line[1:] for line in listed if line.startswith("!")}
    copied = {
        source
        for step, words in dockerfile()
        if step == "COPY" and not words.startswith("--from")
        for source in words.split()[:-1]
    }

    assert copied == given
    assert {"**/tests", "**/conftest.py"} <= set(listed)
