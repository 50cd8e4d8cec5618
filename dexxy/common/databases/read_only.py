"""Let PostgreSQL refuse whatever would be written, where all may ask and nobody may change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InternalError, connection, transaction
from psycopg.errors import ReadOnlySqlTransaction


@contextmanager
def only_read(refusal: str) -> Iterator[None]:
    """Read all inside in one transaction that may only read.

    Args:
        refusal: what is said of a statement that writes.

    Raises:
        PermissionDenied: something inside writes.
    """

    def asked(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except InternalError as error:
            if isinstance(error.__cause__, ReadOnlySqlTransaction):
                raise PermissionDenied(refusal) from error
            raise

    with transaction.atomic(), connection.execute_wrapper(asked):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
