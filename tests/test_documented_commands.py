"""Every command that the documentation shows is run, page by page; or a line here says why not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict
from pytest_django.live_server_helper import LiveServer

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from dexxy.cli.command_line import COMMANDS, parser_of
from dexxy.cli.tests.running import Running, answers, environment, free_port
from dexxy.config.catalogue import CATALOGUE
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.messages.models import MessageKind, Thread
from dexxy.sources.models import Source
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.documented import PAGES, ROOT, Command, blocks, fences, named_in_sentences
from tests.factories import make_message, make_standing, make_thread
from tests.servers import migrated_database, new_database, own_database

Run = Callable[..., str]

# Page, beginning of a command -> which test runs it.
ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("docs/reference/graphql-api.md", "curl"): "tests/test_api_reference.py",
    ("docs/reference/graphql-api.md", "until"): "tests/test_api_reference.py",
    ("docs/reference/export.md", "dexxy export --all"): "dexxy/people/tests/test_archive.py",
    ("docs/explanation/sizes.md", "dexxy partition"): "tests/test_partition_command.py",
    ("docs/tutorial/ten-minutes.md", "make demo"): "tests/test_tutorial.py",
    ("docs/tutorial/ten-minutes.md", ".venv/bin/dexxy"): "tests/test_tutorial.py",
    ("README.md", "make demo"): "tests/test_tutorial.py",
    ("README.md", ".venv/bin/dexxy"): "tests/test_tutorial.py",
    ("CONTRIBUTING.md", "make demo"): "tests/test_tutorial.py",
    ("docs/how-to/sync-by-personal-access-token.md", "dexxy up"): "tests/test_tutorial.py",
    ("CONTRIBUTING.md", "make release"): "tests/test_release.py",
    ("CONTRIBUTING.md", "make package"): "tests/test_release.py",
    **{
        ("docs/how-to/upgrade.md", command): "dexxy/cli/tests/test_upgrade_command.py"
        for command in ("dexxy upgrade", "dexxy upgrade --check")
    },
    ("docs/how-to/upgrade.md", "dexxy restore --force"): "tests/test_upgrade_under_load.py",
    ("docs/how-to/run-in-containers.md", "sh make-secrets.sh"): "tests/test_deployments.py",
    **{
        (f"docs/how-to/add-a-{page}.md", "make test"): "tests/test_guides.py"
        for page in ("filter", "page", "webhook-event")
    },
}
_TESTS = "it runs these tests, or part of them, for minutes to hours"
_CONTAINERS = "it is for containers alone; tests/test_deployed_commands.py runs what they run"
_TREE = "it writes files of the checkout, which tests compare with the code"
# Page, beginning of a command -> why no test runs it.
NOT_RUN: Mapping[tuple[str, str], str] = {
    ("docs/how-to/run-on-one-server.md", "git clone"): "the address is wherever you got Dexxy from",
    ("docs/how-to/run-on-one-server.md", "make PYTHON"): "it asks package registries; all tests run"
    " in what it makes",
    **{
        ("docs/how-to/run-on-one-server.md", start): "it changes the machine;"
        " tests/test_deployments.py checks the units"
        for start in (
            *("apt install", "useradd", "install"),
            *("cp deploy/systemd", "sed -i", "systemctl"),
        )
    },
    ("docs/how-to/connect-an-assistant.md", "claude"): "Claude Code is a program of others",
    **{("README.md", f"make {what}"): _TESTS for what in ("test", "check", "bench")},
    **{("CONTRIBUTING.md", f"make {what}"): _TESTS for what in ("test", "check", "torture")},
    **{("CONTRIBUTING.md", f"make {what}"): _TREE for what in ("fmt", "texts")},
    ("CONTRIBUTING.md", "make docs"): "tests/test_documentation.py runs what it runs, into a folder"
    " of its own",
    **{
        (page, "make bench-peers"): "it asks package registries; tests/test_peers.py has its parts"
        for page in ("CONTRIBUTING.md", "docs/explanation/peers.md")
    },
    ("CONTRIBUTING.md", "make hooks"): "it changes the settings of git",
    ("CONTRIBUTING.md", "make pythons"): _TESTS,
    ("docs/how-to/upgrade.md", "pip install"): "it asks package registries for other programs",
    (
        "docs/how-to/upgrade.md",
        "dexxy upgrade --old-programs",
    ): "the programs of before are"
    " a folder of yours; dexxy/cli/tests/test_major_upgrade.py upgrades with those of a wheel",
    ("docs/how-to/run-in-containers.md", "cd deploy/compose"): _CONTAINERS,
    ("docs/how-to/run-in-containers.md", "cp .env.example"): _CONTAINERS,
    **{
        ("docs/how-to/run-with-systemd.md", start): "it changes the machine, which has to run"
        " systemd; tests/test_deployments.py checks the units, tests/test_deployed_commands.py runs"
        " what they run"
        for start in (
            *("/usr/bin/python3 -m venv", "/opt/dexxy/bin/pip", "useradd", "install"),
            *("cp deploy/systemd", "set -a", "/opt/dexxy/bin/dexxy", "systemctl"),
        )
    },
    **{
        (f"docs/how-to/add-a-{page}.md", f"make {what}"): "it is for a change that is only shown"
        for page, what in (
            *(("filter", what) for what in ("fmt", "texts")),
            ("page", "texts"),
        )
    },
}
# What no test can run where there is neither Docker nor a cluster.
RUNTIMES = ("docker ", "helm ", "kubectl ")
# What the tests of the pages below run.
HERE = {
    "docs/how-to/add-a-platform.md",
    "docs/how-to/ask-the-api.md",
    "docs/how-to/back-up-and-restore.md",
    "docs/how-to/feed-a-mailing-list.md",
    "docs/how-to/import-people.md",
    "docs/how-to/replace-the-secret-key.md",
    "docs/how-to/run-on-one-server.md",
    "docs/how-to/sync-by-personal-access-token.md",
}
KNOWN = {*(name for part in CATALOGUE.values() for name in part)}
# Settings of the programs that the pages use, and not of Dexxy.
OF_OTHERS = {"GITHUB_TOKEN", "DEXXY_TOKEN"}


def all_commands() -> Iterator[Command]:
    for page in PAGES:
        for block in blocks(page):
            yield from block


def named(command: Command, table: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Return the lines of a table that are about COMMAND."""
    return [
        (page, start)
        for page, start in table
        if page == command.page and command.text.startswith(start)
    ]


def test_every_command_is_run_or_says_why_not() -> None:
    left = [
        f"{one.page}: {one.text}"
        for one in all_commands()
        if not (one.setting or named(one, ELSEWHERE) or named(one, NOT_RUN) or one.page in HERE)
        and not one.text.startswith(RUNTIMES)
    ]

    assert left == [], "run it in a test, or add it to NOT_RUN with the reason"


def test_every_command_in_a_sentence_is_one_and_has_the_options_that_it_is_given() -> None:
    wrong, number = [], 0
    for page in PAGES:
        if page.startswith("docs/adr/") or page == "CHANGELOG.md":
            continue  # they tell of what there was
        for text in named_in_sentences(page):
            number += 1
            name, *rest = text.split()
            if name in {"COMMAND", "--help", "--version"}:
                continue
            known = parser_of(name)._option_string_actions if name in COMMANDS else {}
            given = {word.partition("=")[0].strip("[]") for word in rest if word.startswith("--")}
            if name not in COMMANDS or given - known.keys():
                wrong.append((page, text))

    assert number > 150
    assert wrong == []


def test_no_line_of_the_tables_is_about_nothing() -> None:
    commands = list(all_commands())
    used = {
        line for table in (ELSEWHERE, NOT_RUN) for one in commands for line in named(one, table)
    }

    assert sorted({*ELSEWHERE, *NOT_RUN} - used) == []
    assert [file for file in ELSEWHERE.values() if not (ROOT / file).exists()] == []
    assert sorted(HERE - {one.page for one in commands}) == []


def test_every_setting_that_is_shown_is_one() -> None:
    shown = {one.setting[0] for one in all_commands() if one.setting}

    assert len(shown) > 10
    assert shown - KNOWN - {f"{name}_FILE" for name in KNOWN} - OF_OTHERS == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_program_in_python_can_be_compiled(page: str) -> None:
    for number, program in enumerate(fences(page, "python")):
        compile(program, f"{page}, {number}", "exec")


@pytest.fixture
def github() -> Iterator[SimulatorServer]:
    with SimulatorServer(recorded_world()) as server:
        yield server


@pytest.fixture
def token(alice: User, workspace: Workspace) -> str:
    scope = TokenScope.FULL
    return api_token_create(viewer=alice, workspace=workspace, name="script", scope=scope)[1]


@pytest.fixture
def run(
    transactional_db: None,
    github: SimulatorServer,
    live_server: LiveServer,
    token: str,
    workspace: Workspace,
    tmp_path: Path,
) -> Run:
    """Run the commands of a page in a shell, as somebody would who types them.

    What the page calls otherwise than it is here is replaced.
    """
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in {
        "dexxy": f'exec "{sys.executable}" -P -W ignore -m dexxy.cli.main "$@"',
        "python": f'exec "{sys.executable}" "$@"',
        "python3": f'exec "{sys.executable}" "$@"',
        # Whoever runs the tests is the owner of the servers.
        "sudo": 'shift 2; exec "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    usual = {
        "https://dexxy.example.org": live_server.url,
        "--workspace team": f"--workspace {workspace.slug}",
        "dxy_...": token,
        "github_pat_...": DEMO_TOKEN,
        "owner/repository": "panjf2000/ants",
        ".venv/bin/dexxy": "dexxy",
        "/opt/dexxy/dexxy": "dexxy",
        "/etc/dexxy": str(tmp_path),
        "/var/backups": str(tmp_path),
    }
    surroundings = {
        **os.environ,
        **own_database(),
        "DEXXY_SECRET_KEY": settings.SECRET_KEY,
        "DEXXY_GITHUB_API_URL": github.url,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TOKEN": token,
    }

    def run_it(*texts: str, replaced: Mapping[str, str] = {}, said: str = "", **more: str) -> str:
        script = "\n".join(texts)
        for shown, is_here in {**replaced, **usual}.items():
            script = script.replace(shown, is_here)
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=tmp_path,
            env={**surroundings, **more},
            input=said,
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run_it


def typed(page: str) -> list[str]:
    """Return the commands of a page that its test runs, in their order."""
    return [text for block in blocks(page) for text in typed_of(block)]


def typed_of(block: list[Command]) -> list[str]:
    return [one.text for one in block if not named(one, ELSEWHERE) and not named(one, NOT_RUN)]


@pytest.mark.slow
def test_a_platform_is_fed(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    page = "docs/how-to/add-a-platform.md"
    (tmp_path / "zulip.py").write_text(fences(page, "python")[0])

    said = run(*typed(page))

    assert said.splitlines()[-1] == fences(page, "text")[0].strip()
    assert Thread.objects.get(workspace=workspace).title == "Where is the queen?"


@pytest.fixture
def item(source: Source) -> str:
    """What the examples of the API find."""
    thread = make_thread(source=source)
    return str(make_message(thread=thread, kind=MessageKind.OPENED).pk)


def test_the_api_is_asked(run: Run, item: str, workspace: Workspace, token: str) -> None:
    page = "docs/how-to/ask-the-api.md"
    [program] = fences(page, "python")
    program = program.replace('workspace="1"', f'workspace="{workspace.pk}"')

    said = run(*typed(page))
    listed = run(f"python - <<'END'\n{program}\nEND", DEXXY_TOKEN=token)

    assert json.loads(said)["data"]["viewer"]["workspaces"] == [
        {"id": str(workspace.pk), "name": "Team"}
    ]
    assert listed.split() == [item, "OPENED"]


def test_the_documents_of_the_guide_are_answered(
    ask: Callable[..., dict[str, object]], alice: User, item: str, workspace: Workspace
) -> None:
    for document in fences("docs/how-to/ask-the-api.md", "graphql"):
        assert "errors" not in ask(document, alice, workspace=str(workspace.pk))


@pytest.mark.slow
def test_an_assistant_asks(run: Run, item: str, token: str, tmp_path: Path) -> None:
    thread = Thread.objects.get()
    make_standing(thread=thread, since=thread.opened_at)
    port = free_port()
    env = {**environment(tmp_path / "data", **own_database()), "REDIS_URL": os.environ["REDIS_URL"]}
    server = Running("mcp", "--http", "--port", str(port), log=tmp_path / "mcp.log", env=env)
    [program] = fences("docs/how-to/connect-an-assistant.md", "python")
    here = {"https://dexxy.example.org/mcp": f"http://127.0.0.1:{port}/mcp"}

    try:
        server.wait_until(lambda: answers(port), "it answers")
        said = run(f"python - <<'END'\n{program}\nEND", replaced=here, DEXXY_TOKEN=token)
    finally:
        server.end()

    assert said.split()[1:] == [thread.url]


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database with nothing in it, on the server of the tests."""
    with new_database(f"empty_{os.getpid()}") as url:
        yield url


@pytest.mark.slow
def test_what_was_backed_up_is_restored(
    run: Run, item: str, tmp_path: Path, empty_database: str
) -> None:
    backup, by_cron, restore = typed("docs/how-to/back-up-and-restore.md")
    (tmp_path / "backup-passphrase").write_text("a passphrase of the tests")
    (tmp_path / "env").write_text("DEXXY_LOG_LEVEL=ERROR\n")
    *_, line = by_cron.split("  dexxy  ")

    run(backup)
    run(line.replace("\\%", "%"))
    run(restore, DATABASE_URL=empty_database)

    assert len(list(tmp_path.glob("*.backup"))) == 2
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT id FROM messages_message").fetchall() == [(int(item),)]


@pytest.mark.slow
def test_a_mailing_list_is_fed(run: Run, workspace: Workspace) -> None:
    page = "docs/how-to/feed-a-mailing-list.md"

    said = run(*typed(page), replaced={'"workspaceId": "1"': f'"workspaceId": "{workspace.pk}"'})

    assert "New threads: 3, new messages: 3." in said
    assert json.loads(said.splitlines()[-1])["data"] == {"activitiesIngest": {"newMessages": 0}}
    assert Thread.objects.filter(workspace=workspace).count() == 3


@pytest.mark.slow
def test_people_are_imported(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    page = "docs/how-to/import-people.md"
    (tmp_path / "people.csv").write_text(fences(page, "csv")[0])

    run(*typed(page))

    assert workspace.members.filter(display_name="Ada Lovelace").exists()


def test_the_secret_key_is_replaced(run: Run) -> None:
    page = "docs/how-to/replace-the-secret-key.md"
    make, _, rotate, _ = typed(page)

    new = run(make).strip()
    said = run(rotate, DEXXY_SECRET_KEY=f"{new},{settings.SECRET_KEY}")

    assert len(new) == 64
    assert said


@pytest.fixture
def superuser() -> dict[str, str]:
    """The environment in which programs of PostgreSQL administer the server of the tests."""
    given = conninfo_to_dict(os.environ["DATABASE_URL"])
    names = {"host": "PGHOST", "port": "PGPORT", "password": "PGPASSWORD"}
    found = {names[key]: str(value) for key, value in given.items() if key in names}
    is_private = migrated_database() is not None
    return {**found, "PGUSER": "postgres" if is_private else str(given["user"])}


@pytest.mark.slow
def test_a_server_is_set_up(run: Run, tmp_path: Path, superuser: dict[str, str]) -> None:
    page = "docs/how-to/run-on-one-server.md"
    texts = [typed_of(block) for block in blocks(page)]
    [create] = [block for block in texts if any("createuser" in one for one in block)]
    [install] = [block for block in texts if any("user-create" in one for one in block)]
    owner = f"docs_{os.getpid()}"
    (tmp_path / "env").write_text(f"DEXXY_LOG_LEVEL=ERROR\nREDIS_URL={os.environ['REDIS_URL']}\n")
    path = f"{tmp_path / 'bin'}:{postgres_client_programs()}:{os.environ['PATH']}"

    # It asks for the password twice.
    named = {"pwprompt dexxy": f"pwprompt {owner}", "--owner dexxy": f"--owner {owner}"}
    named["template0 dexxy"] = f"template0 {owner}"
    run(*create, replaced=named, said="secret\nsecret\n", PATH=path, **superuser)
    said = run(*install)

    assert "/sign-in/link/" in said
    assert User.objects.get(email="you@example.org").is_staff
    assert Workspace.objects.filter(slug="my-team").exists()
    tidy = f"dropdb {owner} && dropuser {owner}"
    run(tidy, PATH=path, **superuser)


@pytest.mark.slow
def test_a_repository_is_read_by_token(run: Run) -> None:
    said = run(*typed("docs/how-to/sync-by-personal-access-token.md"))

    assert "read 79 threads and 314 messages" in said
