"""A page, a resolver, a command and a job ask a service or a selector, and never the database.

So that whoever opens another door for an action finds its rules behind it. Django's admin is no
such door: it is made of queries. What it shares with others calls the same services.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOORS = (
    "dexxy/web/**/*.py",
    "dexxy/cli/**/*.py",
    "dexxy/mcp/**/*.py",
    "dexxy/*/graphql*.py",
    "dexxy/*/views.py",
    "dexxy/*/tasks.py",
)
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# What only sets of rows, and rows, can do.
OF_ROWS = {
    *("filter", "exclude", "order_by", "annotate", "aggregate", "alias", "distinct"),
    *("select_related", "prefetch_related", "select_for_update", "defer", "only"),
    *("values_list", "in_bulk", "exists", "earliest", "latest", "iterator"),
    *("create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"),
    *("save", "delete", "refresh_from_db", "full_clean"),
}
# What other things can do, too, but not without arguments.
OF_ROWS_WITHOUT_ARGUMENTS = {"all", "count", "first", "last"}
# What dictionaries can do, too, but not with names alone.
OF_ROWS_BY_NAMES = {"get", "update"}
SQL = {
    "django.db": {"transaction"},
    "django.db.models": {
        "Q",
        "F",
        "Count",
        "Exists",
        "OuterRef",
        "Prefetch",
        "QuerySet",
        "Subquery",
    },
    "dexxy.common.sql": {"Rows", "execute", "fetch_all"},
}


def queries(source: str) -> list[str]:
    """Return what in a module asks the database, by line."""
    found = sorted(_queries(ast.parse(source)))
    return [f"{line}: {what}" for line, what in found]


def _queries(tree: ast.AST) -> Iterator[tuple[int, str]]:
    decorators = {id(one) for node in ast.walk(tree) for one in getattr(node, "decorator_list", ())}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            wanted = SQL.get(node.module or "", set())
            yield from ((node.lineno, one.name) for one in node.names if one.name in wanted)
        elif isinstance(node, ast.Attribute) and node.attr in MANAGERS and _is_class(node.value):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Call) and id(node) not in decorators and _is_query(node):
            yield node.lineno, ast.unparse(node.func)


def _is_class(node: ast.AST) -> bool:
    name = ast.unparse(node).rpartition(".")[2]
    return name[:1].isupper()


def _is_query(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    name = call.func.attr
    if name in OF_ROWS_WITHOUT_ARGUMENTS:
        return not call.args and not call.keywords
    if name in OF_ROWS_BY_NAMES:
        return not call.args and bool(call.keywords)
    return name in OF_ROWS


def doors() -> list[Path]:
    found = {path for pattern in DOORS for path in ROOT.glob(pattern)}
    return sorted(path for path in found if "tests" not in path.parts)


@pytest.mark.parametrize("door", doors(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_door_asks_no_database(door: Path) -> None:
    assert queries(door.read_text(encoding="utf-8")) == []


def test_the_doors_are_found() -> None:
    names = {str(door.relative_to(ROOT)) for door in doors()}

    assert names >= {
        "dexxy/web/merging.py",
        "dexxy/web/mailing/writing.py",
        "dexxy/web/templatetags/dexxy.py",
        "dexxy/people/graphql.py",
        "dexxy/accounts/graphql_mutations.py",
        "dexxy/cli/management/commands/export.py",
        "dexxy/integrations/tasks.py",
        "dexxy/mcp/tools/searching.py",
        "dexxy/people/views.py",
    }


@pytest.mark.parametrize(
    "line",
    [
        "Workspace.objects",
        "rows = models.Workspace._default_manager",
        "workspace.member_merges.filter(pk=1)",
        "workspace.members.get(pk=1)",
        "workspace.members.update(is_locked=True)",
        "workspaces(viewer).first()",
        "workspace.members.all()",
        "workspace.members.count()",
        "tokens(viewer).exists()",
        "member.save(update_fields=['notes'])",
        "member.delete()",
        "workspace.memberships.create(user=user)",
        "from django.db import transaction",
        "from django.db.models import Q, TextChoices",
        "from dexxy.common.sql import fetch_all",
    ],
)
def test_what_asks_the_database_is_found(line: str) -> None:
    assert queries(line) != []


@pytest.mark.parametrize(
    "line",
    [
        "request.POST.get('name', '')",
        "known.update({1: 2})",
        "bar.update(1, completed=2)",
        "'a b'.count(' ')",
        "size.objects",
        "member_list(viewer, workspace, filters)",
        "from django.db.models import TextChoices",
        "from dexxy.common.sql import TooSlowError, deadline",
        "@register.filter(is_safe=True)\ndef words(text):\n    return text",
    ],
)
def test_what_does_not_is_left_alone(line: str) -> None:
    assert queries(line) == []
