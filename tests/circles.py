"""Find packages that import each other in a circle, as their files do when they are loaded.

A package that holds no other is one room. Where one holds others, such as an app, each of its own
files is a room for itself: models are below the packages of an app, and its API is above them.
"""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath


def circle(files: Mapping[PurePosixPath, str]) -> list[str]:
    """Return the rooms of one circle in the order of their imports; [] where there is none.

    Args:
        files: path from the folder of the project -> source.
    """
    modules = {module_name(path): path for path in files}
    packages = {module_name(path) for path in files if path.stem == "__init__"}
    corridors = {package.rpartition(".")[0] for package in packages}

    def room(module: str) -> str:
        package = module if module in packages else module.rpartition(".")[0]
        return module if package in corridors else package

    graph: dict[str, set[str]] = {room(module): set() for module in modules}
    for module, path in modules.items():
        for name in imported(path, files[path]):
            if name in modules and room(name) != room(module):
                graph[room(module)].add(room(name))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # graphlib begins with what is imported.
        return list(reversed(error.args[1]))
    return []


def module_name(path: PurePosixPath) -> str:
    """Return how a file is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: PurePosixPath, source: str) -> Iterator[str]:
    """Return the modules that a file may load as soon as it is loaded itself."""
    for node in _of_the_head(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            package = path.parts[: len(path.parts) - node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _of_the_head(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_for_types(
            node
        ):
            waiting += ast.iter_child_nodes(node)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
