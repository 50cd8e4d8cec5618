"""Writes the documents that Dexxy sends, as texts in a file, for the bare loop."""

import os
from pathlib import Path

import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
import django

django.setup()

from benchmarks.bare import PARTS  # noqa: E402
from dexxy.integrations.services.github.api.queries import list_document, parts_document  # noqa: E402
from dexxy.messages.models import ThreadKind  # noqa: E402


def main() -> None:
    documents = {
        "lists": {kind.value: list_document(kind) for kind in ThreadKind},
        "parts": [parts_document(["review_comments"] * (n + 1)) for n in range(PARTS)],
    }
    path = Path(os.environ["BARE_DOCUMENTS"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(documents))


if __name__ == "__main__":
    main()
