"""The page of settings and the code must name the same environment variables."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read_by(folder: Path) -> set[str]:
    """Find the variables that files of this folder name to the functions of dexxy.config.env."""
    return {
        node.args[0].value
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.func.attr.islower()  # a reader such as env.text, not env.SettingError
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)

    assert sorted(documented) == sorted(read_by(ROOT / "dexxy/config"))


def test_settings_read_the_environment_only_through_env() -> None:
    # Otherwise a variable would have no _FILE, and this page would not know of it.
    settings = (ROOT / "dexxy/config/settings.py").read_text(encoding="utf-8")

    assert re.findall(r"os\.environ|getenv", settings) == []
