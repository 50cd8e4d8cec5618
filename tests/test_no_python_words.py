"""No text that a person reads has words of Python: neither the name of a class nor a `repr`.

What went wrong in detail is for the log. So the log's own lines may have such words, and errors of
Python's own kinds, of which no page shows the text: where one is met, a sentence is told instead.
"""

import ast
from collections.abc import Iterator

import pytest

from tools import texts

# They write the log itself, or what only a program reads back.
FOR_PROGRAMS = {
    "dexxy/common/redaction.py",
    "dexxy/config/logs.py",
    "dexxy/members/merges/suggestion_list.py",
}
PYTHONS_OWN = {"TypeError", "ValueError", "AssertionError"}


def told(source: str) -> Iterator[int]:
    """Yield the lines in which a module makes a text of Python's words."""
    nodes: list[ast.AST] = [ast.parse(source)]
    while nodes:
        node = nodes.pop()
        if not _is_for_programs(node):
            if _is_of_python(node):
                yield node.lineno  # type: ignore[attr-defined]
            nodes += ast.iter_child_nodes(node)


def _is_for_programs(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name))):
            return name in PYTHONS_OWN
    return False


def _is_of_python(node: ast.AST) -> bool:
    match node:
        case ast.FormattedValue(conversion=conversion):
            return conversion == ord("r")
        case ast.Call(func=ast.Name(id="repr")):
            return True
        case ast.Attribute(value=ast.Call(func=ast.Name(id="type")), attr=attr):
            return attr in {"__name__", "__qualname__"}
    return False


@pytest.mark.parametrize(
    "source",
    ['f"It failed: {error!r}"', "note(repr(error))", 'f"{type(error).__name__}: {error}"'],
)
def test_a_word_of_python_is_found(source: str) -> None:
    assert list(told(source)) == [1]
    assert list(told(f"log.warning('it failed', why={source})")) == []
    assert list(told(f"raise TypeError({source})")) == []


def test_no_text_for_people_has_words_of_python() -> None:
    found = [
        f"{name}:{line}"
        for path in sorted((texts.ROOT / "dexxy").rglob("*.py"))
        for name in [path.relative_to(texts.ROOT).as_posix()]
        if "tests" not in path.parts and name not in FOR_PROGRAMS
        for line in told(path.read_text())
    ]

    assert found == []
