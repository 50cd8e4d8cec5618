"""What becomes of a repository is written in one module, which holds its states as a table."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.test_architecture import ROOT, product_modules

WRITER = "dexxy.integrations.services.github.access.repository_state"
FIELDS = frozenset({"sync_status", "next_sync_at", "is_due_by_time", "sync_requested"})
# Calls that write what they are given by name.
WRITES = {"update", "create", "get_or_create", "update_or_create", "GitHubRepository"}
IN_SQL = re.compile(rf"\bSET\b[^;]*\b({'|'.join(sorted(FIELDS))})\s*=", re.IGNORECASE)


def writes(source: str) -> list[str]:
    """Return what a module writes of the fields, in order."""
    return [field for node in ast.walk(ast.parse(source)) for field in _written(node)]


def _written(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _by_call(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield from FIELDS & {node.attr}
    elif isinstance(node, ast.Dict):
        # Of `defaults`, or to be handed to one of the calls.
        yield from FIELDS & {key.value for key in node.keys if isinstance(key, ast.Constant)}
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from IN_SQL.findall(node.value)


def _by_call(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for keyword in call.keywords:
        if name in WRITES or name == "dict":
            yield from FIELDS & {keyword.arg}
        elif keyword.arg == "update_fields" or name == "bulk_update":
            yield from FIELDS & _texts(keyword.value)
    if name in {"setattr", "bulk_update"}:
        yield from FIELDS & {text for one in call.args for text in _texts(one)}


def _texts(node: ast.AST) -> set[str]:
    return {
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_only_one_module_writes_what_becomes_of_a_repository() -> None:
    found = {
        module.name: writes((ROOT / module.path).read_text(encoding="utf-8"))
        for module in product_modules()
        if module.app and module.name != WRITER and "migrations" not in module.path.parts
    }

    assert {name: fields for name, fields in found.items() if fields} == {}


def test_the_module_that_writes_them_is_found() -> None:
    written = {
        field
        for module in product_modules()
        if module.name == WRITER
        for field in writes((ROOT / module.path).read_text(encoding="utf-8"))
    }

    assert written == FIELDS


@pytest.mark.parametrize(
    "source",
    [
        "rows.update(sync_status=SyncStatus.ACTIVE)",
        "rows.filter(pk=1).update(name='x', next_sync_at=None)",
        "GitHubRepository.objects.create(next_sync_at=now)",
        "GitHubRepository(sync_requested=True)",
        "repository.sync_status = SyncStatus.PAUSED",
        "one.next_sync_at, one.name = now, name",
        "repository.save(update_fields=['name', 'next_sync_at'])",
        "rows.bulk_update(found, ['next_sync_at'])",
        "rows.bulk_update(found, fields=['next_sync_at'])",
        "setattr(repository, 'sync_status', status)",
        "rows.update_or_create(source=s, defaults={'sync_status': status})",
        "due = dict(next_sync_at=now)",
        "SQL = 'UPDATE integrations_githubrepository SET name = 1, next_sync_at = now()'",
    ],
)
def test_each_way_to_write_them_is_noticed(source: str) -> None:
    assert writes(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "rows.filter(sync_status=SyncStatus.ACTIVE)",
        "rows.exclude(next_sync_at__gt=now).order_by('next_sync_at')",
        "x = repository.sync_status",
        "list_display = ('full_name', 'sync_status')",
        "index = models.Index(fields=['next_sync_at'])",
        "sync_status = models.CharField(default=SyncStatus.PENDING)",
        "run_failed(repository, why, next_sync_at=later)",
        "SQL = 'SELECT id FROM integrations_githubrepository WHERE next_sync_at = now()'",
    ],
)
def test_whoever_only_reads_them_is_not_meant(source: str) -> None:
    assert writes(source) == []
