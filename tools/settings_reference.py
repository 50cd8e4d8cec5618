"""Write the tables of docs/reference/settings.md: what each variable is for, from the catalogue,
and what it is by default and may be, from where it is read."""

import ast
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dexxy.config.catalogue import CATALOGUE, Described

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/settings.md"
CONFIG = ROOT / "dexxy/config"
# A table and the name of its part of the catalogue.
_TABLE = re.compile(r"(<!-- (\w+): written by `make fmt`[^\n]*-->\n).*?(<!-- end -->\n)", re.DOTALL)
_ARITHMETIC = {ast.Mult: operator.mul, ast.Sub: operator.sub, ast.Pow: operator.pow}
# Numbers from here on limit nothing that anybody would write.
_NO_LIMIT = 10**12


@dataclass(frozen=True)
class Read:
    """How a variable is read: by which function of dexxy.config.env, and with what."""

    reader: str
    arguments: tuple[Any, ...]
    limits: dict[str, Any]

    @property
    def default(self) -> str:
        """What holds where the variable is not set, as one would write it; '' for nothing."""
        first = self.arguments[0] if self.arguments else None
        if first is None:
            return ""
        return ("yes" if first else "no") if self.reader == "flag" else str(first)

    @property
    def allowed(self) -> str:
        """What it may be, where that is not said by the meaning."""
        most = self.limits.get("most")
        if self.reader != "integer" or most is None or most > _NO_LIMIT:
            return ""
        return f". A whole number from {self.limits['least']} to {most}"


def reads() -> dict[str, Read]:
    """Find all variables that dexxy.config reads; of several readers of one, the most telling."""
    found: dict[str, Read] = {}
    for path in sorted(CONFIG.glob("*.py")):
        for name, read in _reads_of(ast.parse(path.read_text(encoding="utf-8"))):
            if name not in found or (read.arguments and not found[name].arguments):
                found[name] = read
    return found


def _reads_of(file: ast.Module) -> Iterator[tuple[str, Read]]:
    constants = {
        node.targets[0].id: node.value
        for node in file.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(file):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and node.func.attr.islower()  # a reader such as env.text, not env.SettingError
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            arguments = tuple(_value(one, constants) for one in node.args[1:])
            limits = {str(one.arg): _value(one.value, constants) for one in node.keywords}
            yield node.args[0].value, Read(node.func.attr, arguments, limits)


def _value(node: ast.expr, constants: dict[str, ast.expr]) -> Any:
    """Return a literal, or what literals come to; None for what is known at run time only."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return _value(constants[node.id], constants)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        left, right = _value(node.left, constants), _value(node.right, constants)
        return None if left is None or right is None else _ARITHMETIC[type(node.op)](left, right)
    return None


def written() -> str:
    """Return the page with its tables as the code says them."""
    known = reads()

    def table(found: re.Match[str]) -> str:
        rows = [_row(name, one, known[name]) for name, one in CATALOGUE[found[2]].items()]
        head = ["| variable | default | meaning |", "|---|---|---|"]
        return f"{found[1]}{chr(10).join([*head, *rows])}\n{found[3]}"

    return _TABLE.sub(table, PAGE.read_text(encoding="utf-8"))


def _row(name: str, described: Described, read: Read) -> str:
    default = described.default or (f"`{read.default}`" if read.default else "")
    meaning = f"{described.meaning}{read.allowed}".replace("|", "\\|")
    return f"| `{name}` | {default} | {meaning} |"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
