"""Write the tables of docs/how-to/troubleshoot.md: what the doctor says, and every error."""

import ast
import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from dexxy.common.errors import DexxyError

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/how-to/troubleshoot.md"
DOCTOR = ROOT / "dexxy/doctor"
BEGIN = "<!-- The rest is written by `make fmt` from dexxy/doctor and the errors of the code. -->\n"
_AS_IT_SAYS = "What it says."
# Names, and what each may stand for.
Known = Mapping[str, Sequence[ast.expr]]
# A class of errors that has a code of its own.
_CODE = re.compile(r"^    code = \"", re.MULTILINE)


def written() -> str:
    """Return the page with its tables as the code says them."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return "".join([head, BEGIN, *_doctor(), *_errors()])


def _doctor() -> Iterator[str]:
    yield "\n## What the doctor says\n\n… stands for what differs.\n\n"
    yield "| it looks at | it says | do |\n|---|---|---|\n"
    rows = {row for path in DOCTOR.glob("*.py") for row in findings(path)}
    for name, says, fix in sorted(rows):
        yield f"| {name} | {says} | {fix} |\n"


def findings(path: Path) -> Iterator[tuple[str, str, str]]:
    """Find what a file of the doctor can say: of what, what is not well, and what to do."""
    file = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(file):
        if not isinstance(function, ast.FunctionDef):
            continue
        # What another function of the file calls a name may be handed on to this one.
        known = {**_assigned(file), **_assigned(function)}
        for call in ast.walk(function):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in ("failed", "notice")
                and len(call.args) > 1
            ):
                name, says, *fix = (_said(one, known) for one in call.args)
                yield name, says, _AS_IT_SAYS if fix == ["…"] else "".join(fix)


def _assigned(node: ast.Module | ast.FunctionDef) -> Known:
    """Return what each name stands for, all that it may be."""
    found: dict[str, list[ast.expr]] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Assign):
            for name, value in _pairs(one.targets[0], one.value):
                found.setdefault(name, []).append(value)
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name of an assignment, of several at once too, with what it stands for."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, what in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, what)


def _said(node: ast.expr, known: Known) -> str:
    """Return what an expression says, with … for what is known at run time only."""
    if isinstance(node, ast.Constant):
        return str(node.value).replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        return re.sub("…+", "…", "".join(_said(one, {}) for one in node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _said(node.left, known) + _said(node.right, known)
    if isinstance(node, ast.IfExp):
        return _either([node.body, node.orelse], known)
    if isinstance(node, ast.BoolOp):
        return _said(node.values[-1], known)
    if isinstance(node, ast.Name) and node.id in known:
        return _either(
            known[node.id], {name: one for name, one in known.items() if name != node.id}
        )
    if isinstance(node, ast.Call):
        return _called(node, known)
    return "…"


def _either(nodes: Sequence[ast.expr], known: Known) -> str:
    """Return each of the texts that may be said, once."""
    said = list(dict.fromkeys(_said(node, known) for node in nodes))
    telling = [one for one in said if one not in ("…", "")]
    return " / ".join(telling or ["…"])


def _called(node: ast.Call, known: Known) -> str:
    """Return what a call says: of a text to translate, or one whose places are filled."""
    if isinstance(node.func, ast.Name):
        # Of a singular and a plural, the plural.
        place = {"_": 0, "gettext_lazy": 0, "str": 0, "ngettext": 1}.get(node.func.id)
        return "…" if place is None or not node.args else _said(node.args[place], known)
    if not isinstance(node.func, ast.Attribute):
        return "…"
    if node.func.attr == "capitalize":
        return _said(node.func.value, known)
    if node.func.attr != "format":
        return "…"
    # What stands for something that is missing is no part of the text.
    given = [one for one in node.keywords if not isinstance(one.value, ast.BoolOp)]
    filled = {str(one.arg): _said(one.value, known) for one in given}
    text = re.sub(
        r"\{(\w*)[^}]*\}", lambda place: filled.get(place[1], "…"), _said(node.func.value, known)
    )
    return re.sub("…+", "…", text)


def _errors() -> Iterator[str]:
    yield (
        "\n## Every error by its code\n\nThe code stands in logs, in `--json` and, in capitals, in"
        " answers of the API. The message beside it says what to do.\n\n"
    )
    yield "| code | what it is | by itself |\n|---|---|---|\n"
    for code, (meanings, is_tried_again) in sorted(errors().items()):
        again = "is tried again" if is_tried_again else ""
        yield f"| `{code}` | {' '.join(meanings)} | {again} |\n"


def errors() -> dict[str, tuple[list[str], bool]]:
    """Return what each code means, and whether the same can succeed later without a change."""
    import dexxy
    from dexxy.common.errors import DexxyError as Root

    for path in Path(dexxy.__file__).parent.rglob("*.py"):
        is_of_product = not {"tests", "migrations", "html"} & set(path.parts)
        # What has no such error may need what is installed for few.
        if is_of_product and _CODE.search(path.read_text(encoding="utf-8")):
            name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            importlib.import_module(name)
    found: dict[str, tuple[list[str], bool]] = {}
    for error in _below(Root):
        is_ours = error.__module__.startswith("dexxy.") and ".tests" not in error.__module__
        if "code" not in vars(error) or not is_ours:
            continue
        first = (error.__doc__ or "").strip().partition("\n")[0]
        meanings, is_tried_again = found.get(error.code, ([], False))
        found[error.code] = ([*meanings, first], is_tried_again or error.retryable)
    return {code: (sorted(set(said)), again) for code, (said, again) in found.items()}


def _below(kind: "type[DexxyError]") -> "Iterator[type[DexxyError]]":
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def main() -> None:
    """Write the page anew."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    django.setup()
    PAGE.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
