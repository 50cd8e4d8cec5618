"""SQL is put together from parts, and no text of it is edited afterwards.

What replaces words in a statement finds them wherever they stand, and nothing tells whoever changes
the statement. `Condition.on` and `filled` put parts where the statement says so.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Here the parts are put in.
_HOME = "dexxy/common/sql.py"
# Whoever imports one of these has statements.
_OF_SQL = ("dexxy.common.sql", "dexxy.messages.feed.conditions", "django.db")


def edited(source: str) -> list[int]:
    """Return the lines of a module with statements on which it replaces something in one.

    A statement is a constant, what a call returns, or called `sql`; a text of somebody's is a
    variable of another name.
    """
    tree = ast.parse(source)
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    if not any(module.startswith(_OF_SQL) for module in modules) and not _has_statement(tree):
        return []
    return sorted({text.lineno for text in _replaced_in(tree) if _is_statement(text)})


def _has_statement(tree: ast.AST) -> bool:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and "SELECT " in text for text in texts)


def _replaced_in(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="replace", value=text), args=[_, *_]):
                yield text


def _is_statement(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        # `a.replace(x).replace(y)`, and `where(...)`, but not `get(...)` of what somebody sent.
        if isinstance(node.func, ast.Attribute):
            return node.func.attr == "on" or (
                node.func.attr == "replace" and _is_statement(node.func.value)
            )
        return True
    name = getattr(node, "attr", getattr(node, "id", ""))
    return name.isupper() or name.lower().endswith("sql")


def modules() -> list[Path]:
    found = (ROOT / "dexxy").rglob("*.py")
    return [path for path in found if not {"tests", "migrations"} & set(path.parts)]


def test_no_text_of_sql_is_edited() -> None:
    found = {
        str(path.relative_to(ROOT)): edited(path.read_text(encoding="utf-8"))
        for path in modules()
        if path != ROOT / _HOME
    }

    assert len(found) > 500
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "held = HELD.replace('%(workspace)s', 'e.workspace_id')",
        "kept = where('s', rows).replace('s.labels', LABELS)",
        "kept = condition.on('s').replace('s.labels', LABELS)",
        "sql = sql.replace('{once}', 'MATERIALIZED')",
        "found = asked.sql.replace('a', 'b').replace('b', 'c')",
        "found = f'{MINE.replace(a, b)}'",
    ],
)
def test_what_edits_a_statement_is_found(line: str) -> None:
    assert edited(f"from dexxy.common.sql import fetch_all\n{line}") == [2]


@pytest.mark.parametrize(
    "line",
    [
        "text = text.replace('\\0', '')",
        "note = request.POST.get('note', '').replace('a', 'b')",
        "day = datetime.min.replace(tzinfo=UTC)",
        "name = name.replace('%', '%%')",
    ],
)
def test_what_edits_a_text_of_somebody_s_is_not(line: str) -> None:
    assert edited(f"from dexxy.common.sql import fetch_all\n{line}") == []
