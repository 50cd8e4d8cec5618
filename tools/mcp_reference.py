"""Write the tables of docs/reference/mcp.md from the tools themselves."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/mcp.md"
BEGIN = "<!-- The rest is written by `make fmt` from the tools. -->\n"


def written() -> str:
    """Return the part of the page that tells of each tool."""
    from dexxy.mcp.catalogue import TOOLS
    from dexxy.mcp.server import described

    told = [(described(tool), tool) for tool in TOOLS.values()]
    parts = _parts(shown.output_schema or {} for shown, _ in told)
    return "\n".join([*(_tool(*one) for one in told), parts])


def _parts(schemas: Iterable[dict[str, Any]]) -> str:
    """Return what the parts are that answers are made of, each once."""
    lines = ["## Parts of answers", "", "| part | has |", "|---|---|"]
    parts: dict[str, str] = {}
    for schema in schemas:
        for name, found in sorted(schema.get("$defs", {}).items()):
            if "properties" in found:
                fields = found["properties"].items()
                each = [f"`{field}`: {_meaning(one, schema)}" for field, one in fields]
                parts[name] = " ".join(each)
    lines += [f"| {name} | {has} |" for name, has in sorted(parts.items())]
    return "\n".join([*lines, ""])


def _tool(shown: Any, tool: Any) -> str:
    takes = shown.input_schema
    lines = [f"## {shown.name}", "", f"*{shown.title}.* {shown.description}", ""]
    cost = tool.points if isinstance(tool.points, int) else "10 a figure"
    lines += [f"Costs {cost} points.", ""]
    properties = takes.get("properties", {})
    if properties:
        lines += ["| argument | default | meaning |", "|---|---|---|"]
        needed = takes.get("required", [])
        for name, one in properties.items():
            default = "needed" if name in needed else _default(one)
            lines.append(f"| `{name}` | {default} | {_meaning(one, takes)} |")
        lines.append("")
    lines += ["| answer | meaning |", "|---|---|"]
    told = shown.output_schema
    for name, one in told["properties"].items():
        lines.append(f"| `{name}` | {_meaning(one, told)} |")
    return "\n".join([*lines, ""])


def _default(one: dict[str, Any]) -> str:
    default = one.get("default")
    if default in (None, "", []):
        return ""
    shown = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    return f"`{shown}`"


def _meaning(one: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return what a value is: its type, its limits, and what is said of it."""
    said = str(one.get("description", "")).replace("|", "\\|")
    kind = _kind(one, schema)
    limits = [
        f"{word} {one[name]}"
        for name, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "up to"))
        if name in one
    ]
    return " ".join(filter(None, [f"{' '.join([kind, *limits])}.", said]))


def _kind(one: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in one:
        return _referred(one["$ref"].rpartition("/")[2], schema)
    if "allOf" in one or "anyOf" in one:
        parts = one.get("allOf") or one["anyOf"]
        kinds = [_kind(part, schema) for part in parts if part.get("type") != "null"]
        return " or ".join(kinds)
    if one.get("type") == "array":
        return f"list of {_kind(one['items'], schema)}"
    if "enum" in one:
        return "one of " + ", ".join(f"`{value}`" for value in one["enum"])
    if one.get("format") == "date-time":
        return "time"
    kind = str(one.get("type", ""))
    return {"string": "text", "integer": "number"}.get(kind, kind)


def _referred(name: str, schema: dict[str, Any]) -> str:
    found = schema["$defs"][name]
    if "enum" in found:
        return "one of " + ", ".join(f"`{value}`" for value in found["enum"])
    return name


def main() -> None:
    """Write the page anew."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    django.setup()
    head, mark, _ = PAGE.read_text("utf-8").partition(BEGIN)
    if not mark:
        sys.exit(f"{PAGE} has no line {BEGIN.strip()}")
    PAGE.write_text(f"{head}{BEGIN}\n{written()}", encoding="utf-8")


if __name__ == "__main__":
    main()
