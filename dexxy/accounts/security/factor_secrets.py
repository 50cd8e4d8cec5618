"""The secrets of second steps, which allauth keeps within rows: who reads or renews all secrets
finds them here."""

from collections.abc import Callable, Iterator

from allauth.mfa.models import Authenticator
from django.db import transaction

from dexxy.common.crypto import Secret

# Of an app, and what recovery codes are made of. What is kept of a passkey is public.
_NAMES = ("secret", "seed")


def factor_secrets() -> Iterator[Secret]:
    """Return all of them, as they are stored."""
    for data in Authenticator.objects.values_list("data", flat=True).iterator():
        yield from (Secret(data[name]) for name in _NAMES if name in data)


def factor_secrets_renew(renew: Callable[[str], str | None]) -> None:
    """Write down what RENEW makes of each of them; None leaves one as it is.

    Each row is written by itself, so that this can be stopped anywhere and run again.
    """
    for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked: a code that is used at this moment changes the same row.
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            renewed = {name: renew(row.data[name]) for name in _NAMES if name in row.data}
            changed = {name: value for name, value in renewed.items() if value is not None}
            if changed:
                row.data |= changed
                row.save(update_fields=["data"])
