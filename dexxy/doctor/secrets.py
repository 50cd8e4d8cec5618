"""Whether what is encrypted here can be read with the keys that are known."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model

from dexxy.common.crypto import EncryptedTextField, Secret
from dexxy.doctor.finding import Finding, failed, well


def keys() -> Finding:
    """Look whether every secret in the database can be decrypted."""
    stored = [secret for model in apps.get_models() for secret in _stored(model)]
    unreadable = sum(not secret.is_readable for secret in stored)
    if unreadable:
        return failed(
            "Secret keys",
            f"Encrypted with another key: {unreadable} of {len(stored)}.",
            "Put the old key behind the new one in DEXXY_SECRET_KEY, or connect GitHub again.",
        )
    return well("Secret keys", _readable(len(stored)))


def _readable(count: int) -> str:
    if not count:
        return "No secret is stored."
    return (
        f"All {count} stored secrets can be read."
        if count > 1
        else "The stored secret can be read."
    )


def _stored(model: type[Model]) -> Iterator[Secret]:
    """Read every secret of MODEL, as it is stored."""
    for column in model._meta.local_fields:
        if isinstance(column, EncryptedTextField):
            rows = model._base_manager.exclude(**{column.name: ""})
            yield from rows.values_list(column.name, flat=True)
