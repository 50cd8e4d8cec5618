"""What others wrote and we serve is what they published."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "dexxy/web/static/vendor"


def sums() -> dict[str, str]:
    """Return the sum of each file, by its name."""
    lines = (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_each_file_has_the_sum_that_is_written_down() -> None:
    files = {path.name: path.read_bytes() for path in VENDOR.iterdir() if path.is_file()}
    files.pop("SHA256SUMS")

    assert {name: hashlib.sha256(text).hexdigest() for name, text in files.items()} == sums()


def test_each_script_is_named_by_its_version_and_served_by_that_name() -> None:
    scripts = [name for name in sums() if name.endswith(".js")]
    page = (ROOT / "dexxy/web/templates/web/base.html").read_text("utf-8")

    assert scripts
    for name in scripts:
        assert re.fullmatch(r"[\w.]+-\d+\.\d+\.\d+\.min\.js", name)
        version = re.findall(r"\d+\.\d+\.\d+", name)[0]
        assert f'version:"{version}"' in (VENDOR / name).read_text("utf-8")
        assert f"{{% static 'vendor/{name}' %}}" in page


def test_no_page_loads_a_script_from_elsewhere() -> None:
    pages = [path.read_text("utf-8") for path in ROOT.glob("dexxy/*/templates/**/*.html")]

    sources = [source for page in pages for source in re.findall(r"<script\b([^>]*)>", page)]
    assert sources
    assert [source for source in sources if "src=\"{% static '" not in source] == []
