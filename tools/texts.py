"""Finds the texts of the pages and keeps the catalogue of each other language up to date.

Django's own `makemessages` needs GNU gettext on the machine; Babel is installed with our tools.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "dexxy" / "locale"
# By how they are called: which arguments are texts, and which is their context.
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def found() -> Catalog:
    """Return all texts of the modules and templates of dexxy, with where they stand."""
    catalogue = Catalog(project="Dexxy", charset="utf-8")
    for path, source in _sources():
        for line, text, comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            at = [(path.relative_to(ROOT).as_posix(), line)]
            flags = ["python-brace-format"] if "{" in str(text) else []
            catalogue.add(text, locations=at, auto_comments=comments, context=context, flags=flags)
    return catalogue


def catalogues() -> list[Path]:
    """Return the catalogues that there are, by language."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """Read a catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def brought_up_to_date(catalogue: Catalog, texts: Catalog) -> Catalog:
    """Return CATALOGUE with just TEXTS: the new ones empty, the old ones gone."""
    catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """Return CATALOGUE as Django loads it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def write(catalogue: Catalog, path: Path) -> None:
    """Write CATALOGUE, and beside it what Django loads."""
    with path.open("wb") as file:
        # Lines of the source change with each commit and would hide what changed here.
        write_po(file, catalogue, include_lineno=False, sort_output=True, omit_header=False)
    path.with_suffix(".mo").write_bytes(compiled(catalogue))


def _sources() -> Iterator[tuple[Path, str]]:
    """Yield each file that can hold texts, as Python that calls gettext."""
    for path in sorted((ROOT / "dexxy").rglob("*.py")):
        if "tests" not in path.parts and "migrations" not in path.parts:
            yield path, path.read_text()
    for path in sorted((ROOT / "dexxy").rglob("templates/**/*.html")):
        # What is no call is crossed out there; only its indentation would disturb.
        lines = templatize(path.read_text(), origin=str(path)).splitlines()
        yield path, "\n".join(line.strip() for line in lines)


def main() -> None:
    """Bring all catalogues up to date, and say what is missing in them."""
    texts = found()
    for path in catalogues():
        catalogue = brought_up_to_date(read(path), texts)
        write(catalogue, path)
        missing = [message.id for message in catalogue if message.id and not all(strings(message))]
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(missing)} texts are not translated.\n")


def strings(message: Message) -> tuple[str, ...]:
    """Return the translations of a text: one, or one for each plural form."""
    return _texts(message.string)


def _texts(found: str | Sequence[str] | None) -> tuple[str, ...]:
    return (found or "",) if isinstance(found, str | None) else tuple(found)


if __name__ == "__main__":
    main()
