"""Put the pages where their addresses will be, as the builder reads them."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.documentation.links import ROOT, rewritten, target_of

DOCS = ROOT / "docs"
# Folder of docs -> what stands above its pages in the navigation.
GROUPS = {
    "tutorial": "Tutorial",
    "how-to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
}
# Pages outside of docs that belong to them, in the order of the navigation.
PROJECT = ("CONTEXT.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def stage(into: Path) -> None:
    """Copy all pages, and what they link to, into an empty folder, with links that hold there."""
    shutil.copytree(DOCS, into, ignore=shutil.ignore_patterns("README.md", "*.py", "*.pyc"))
    for page in [*DOCS.rglob("*.md"), *(ROOT / name for name in PROJECT)]:
        target = into / _place(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_text(page, into), encoding="utf-8")


def _place(path: Path) -> Path:
    """Return where a file of the repository stands among the pages."""
    if path.is_dir():
        path = path / "README.md"
    if path.suffix == ".py":
        # As text: among the pages nothing shall be taken for a module of Dexxy.
        path = path.with_name(f"{path.name}.txt")
    if not path.is_relative_to(DOCS):
        return Path("project", path.relative_to(ROOT))
    place = path.relative_to(DOCS)
    return place.with_name("index.md") if place.name == "README.md" else place


def _text(page: Path, into: Path) -> str:
    here = _place(page).parent

    def moved(link: str) -> str:
        target, anchor = target_of(page, link)
        if not target.exists():
            return link  # the builder names it
        place = _place(target)
        if target.is_file() and not (into / place).exists() and target.suffix != ".md":
            (into / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, into / place)
        away = os.path.relpath(place, here).replace(os.sep, "/")
        return f"{away}#{anchor}" if anchor else away

    text = rewritten(page.read_text("utf-8"), moved)
    if page == DOCS / "README.md":
        return f"{text}\n{''.join(_navigation(page))}"
    if page == DOCS / "adr" / "README.md":
        return f"{text}\n{_toctree('', _decisions())}"
    return text


def _navigation(index: Path) -> Iterator[str]:
    listed = [target_of(index, link)[0] for link in links_of(index)]
    for folder, caption in GROUPS.items():
        pages = sorted(
            (DOCS / folder).glob("*.md"),
            key=lambda page: (listed.index(page) if page in listed else len(listed), page),
        )
        yield _toctree(caption, [f"{folder}/{page.stem}" for page in pages])
    project = [f"project/{Path(name).stem}" for name in PROJECT]
    yield _toctree("Project", ["adr/index", *project])


def links_of(page: Path) -> list[str]:
    """Return the links of a page into the repository, in their order."""
    found: list[str] = []
    rewritten(page.read_text("utf-8"), lambda link: found.append(link) or link)  # type: ignore[func-returns-value]
    return found


def _decisions() -> Iterable[str]:
    return sorted(
        page.stem for page in (DOCS / "adr").glob("*.md") if re.match(r"\d{4}-", page.name)
    )


def _toctree(caption: str, pages: Iterable[str]) -> str:
    lines = ["", "```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join([*lines, *pages, "```", ""])
