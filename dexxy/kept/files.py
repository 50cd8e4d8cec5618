"""Keep bytes under a name in the storage that is configured, which may be the database."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from dexxy.kept.models import KeptFile

STORAGE = "kept"
# Nothing is kept for longer.
LONGEST_KEPT = timedelta(days=8)


def file_keep(name: str, content: bytes) -> None:
    """Keep CONTENT as the file NAME, in place of the one that there may be."""
    storage = storages[STORAGE]
    storage.delete(name)
    saved = storage.save(name, ContentFile(content))
    if saved != name:
        storage.delete(saved)
        raise OSError(f"The storage keeps {name} as {saved}: choose one that keeps names.")


def file_read(name: str) -> bytes:
    """Return what is kept as the file NAME.

    Raises:
        FileNotFoundError: nothing is.
    """
    with storages[STORAGE].open(name) as file:
        content: bytes = file.read()
    return content


def files_forget(names: Iterable[str]) -> None:
    """Delete the files NAMES, those that there are."""
    for name in names:
        storages[STORAGE].delete(name)


def files_tidy() -> None:
    """Delete what was left behind in the database by workers that died.

    Another storage has a rule of its own for that, as the settings' documentation says.
    """
    KeptFile.objects.filter(created_at__lt=timezone.now() - LONGEST_KEPT).delete()
