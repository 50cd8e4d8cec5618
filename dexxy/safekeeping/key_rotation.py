"""Everything secret that is stored, encrypted anew with the newest key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from dexxy.accounts.security.factor_secrets import factor_secrets_renew
from dexxy.common.crypto import EncryptedTextField, UndecryptableSecretError, renewed

# Rows that are read at once.
BATCH = 500
_READ = sql.SQL(
    "SELECT {key}, {column} FROM {table} WHERE {key} > %s AND {column} <> ''"
    " ORDER BY {key} LIMIT %s"
)
# What was changed since it was read has the newest key already.
_WRITE = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s")


@dataclass
class Rotated:
    """What became of one encrypted column.

    Args:
        renewed: how many were encrypted anew.
        current: how many had the newest key already.
        unreadable: how many none of the keys fits.
    """

    name: str
    renewed: int = 0
    current: int = 0
    unreadable: int = 0


def secrets_rotate(other_keys: Sequence[str] = ()) -> Iterator[Rotated]:
    """Encrypt every secret with the newest key, and tell of each column when it is done.

    Each row is written by itself, so that this can be stopped anywhere and run again.

    Args:
        other_keys: what may have been the keys elsewhere, besides those that are known here.
    """
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield _column(model, field, other_keys)
    yield _second_steps(other_keys)


def _column(
    model: type[models.Model], field: EncryptedTextField, other_keys: Sequence[str]
) -> Rotated:
    done = Rotated(f"{model._meta.verbose_name}, {field.verbose_name}")
    names = {
        "table": sql.Identifier(model._meta.db_table),
        "key": sql.Identifier(str(model._meta.pk.column)),
        "column": sql.Identifier(str(field.column)),
    }
    read, write, last = _READ.format(**names), _WRITE.format(**names), 0
    with connection.cursor() as cursor:
        while True:
            # By SQL: what is compared and written is the text as the table holds it.
            cursor.execute(read, [last, BATCH])
            rows = cursor.fetchall()
            for last, stored in rows:  # where the next batch begins
                new = _renewed(stored, other_keys, done)
                if new is not None:
                    cursor.execute(write, [new, last, stored])
            if not rows:
                return done


def _second_steps(other_keys: Sequence[str]) -> Rotated:
    done = Rotated("second step, secrets")
    factor_secrets_renew(lambda stored: _renewed(stored, other_keys, done))
    return done


def _renewed(stored: str, other_keys: Sequence[str], done: Rotated) -> str | None:
    try:
        new = renewed(stored, other_keys)
    except UndecryptableSecretError:
        done.unreadable += 1
        return None
    if new is None:
        done.current += 1
    else:
        done.renewed += 1
    return new
