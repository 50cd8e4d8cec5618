"""Whether what is encrypted here can be read with the keys that are known."""

from django.apps import apps
from django.db import connection
from psycopg import sql

from dexxy.common.crypto import EncryptedTextField, UndecryptableSecretError, decrypt
from dexxy.doctor.finding import Finding, failed, well


def keys() -> Finding:
    """Look whether every secret in the database can be decrypted."""
    stored = [secret for model in apps.get_models() for secret in _stored(model)]
    unreadable = sum(not _is_readable(secret) for secret in stored)
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


def _stored(model: type) -> list[str]:
    """Return the encrypted texts of MODEL as they are in its table."""
    meta = model._meta  # type: ignore[attr-defined]  # public in all but its name
    columns = [str(f.column) for f in meta.local_fields if isinstance(f, EncryptedTextField)]
    found: list[str] = []
    for column in columns:
        query = sql.SQL("SELECT {column} FROM {table} WHERE {column} <> ''").format(
            column=sql.Identifier(column), table=sql.Identifier(meta.db_table)
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            found += [row[0] for row in cursor.fetchall()]
    return found


def _is_readable(secret: str) -> bool:
    try:
        decrypt(secret)
    except UndecryptableSecretError:
        return False
    return True
