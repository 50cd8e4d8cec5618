"""Files in the database: web and worker may be on different hosts, and need no folder."""

from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from dexxy.kept.models import KeptFile


@deconstructible
class DatabaseStorage(Storage):
    """Keeps each file whole in a row: for small ones, of which there may be many."""

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        return ContentFile(bytes(self._row(name).content), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        KeptFile.objects.update_or_create(name=name, defaults={"content": content.read()})
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return NAME: who saves a file again replaces it."""
        return name

    def delete(self, name: str) -> None:
        """Delete a file, if there is one."""
        KeptFile.objects.filter(name=name).delete()

    def exists(self, name: str) -> bool:
        """Say whether there is a file called NAME."""
        return KeptFile.objects.filter(name=name).exists()

    def size(self, name: str) -> int:
        """Return how many bytes a file has."""
        return len(self._row(name).content)

    def get_created_time(self, name: str) -> datetime:
        """Return when a file was saved."""
        return self._row(name).created_at

    def _row(self, name: str) -> KeptFile:
        row = KeptFile.objects.filter(name=name).first()
        if row is None:
            raise FileNotFoundError(name)
        return row
