"""Build the HTML of the documentation; `make docs` runs it."""

import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import build_main

from tools.documentation.links import ROOT
from tools.documentation.staging import stage

HERE = Path(__file__).resolve().parent
# Where `dexxy web` looks for it, in a checkout and in an installation.
HTML = ROOT / "dexxy" / "web" / "docs" / "html"
# What the pages look like is the one style sheet of Dexxy, and some lines more.
STATIC = ROOT / "dexxy" / "web" / "static" / "dexxy"


def build(into: Path) -> int:
    """Build all pages into a folder, which appears whole; return what the builder ends with."""
    with tempfile.TemporaryDirectory(prefix="dexxy-docs-") as folder:
        names = ("source", "static", "doctrees", "html")
        source, static, doctrees, html = (Path(folder, name) for name in names)
        stage(source)
        static.mkdir()
        for name in ("dexxy.css", "icon.svg"):
            shutil.copyfile(STATIC / name, static / name)
        # A warning is a dead link, or a page that nothing leads to.
        options = ["--fail-on-warning", "--keep-going", "--quiet", "-c", str(HERE)]
        options += ["-D", f"html_static_path={static}", "-d", str(doctrees)]
        code = build_main(["-b", "html", *options, str(source), str(html)])
        if code == 0:
            shutil.rmtree(into, ignore_errors=True)
            ours = shutil.ignore_patterns(".buildinfo*", "objects.inv", "pygments.css")
            shutil.copytree(html, into, ignore=ours)
    return code


def main() -> None:
    """Build the pages where `dexxy web` serves them, or where the command line says."""
    into = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HTML
    code = build(into)
    if code == 0:
        sys.stdout.write(f"{into / 'index.html'}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
