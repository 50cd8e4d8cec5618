"""Queries that together select every field of the simulator's schema, as real clients would."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "documents"
DOCUMENTS: Final = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.graphql"))}
