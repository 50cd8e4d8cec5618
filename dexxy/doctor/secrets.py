"""Whether what is encrypted here can be read with the keys that are known."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _

from dexxy.accounts.security.factor_secrets import factor_secrets
from dexxy.common.crypto import EncryptedTextField, Secret
from dexxy.doctor.finding import Finding, failed, well


def keys() -> Finding:
    """Look whether every secret in the database can be decrypted."""
    stored = [secret for model in apps.get_models() for secret in _stored(model)]
    stored += factor_secrets()
    unreadable = sum(not secret.is_readable for secret in stored)
    if unreadable:
        return failed(
            _("Secret keys"),
            _("Encrypted with another key: {unreadable} of {count}.").format(
                unreadable=unreadable, count=len(stored)
            ),
            _("Put the old key behind the new one in DEXXY_SECRET_KEY, or connect GitHub again."),
        )
    return well(_("Secret keys"), _readable(len(stored)))


def _readable(count: int) -> str:
    if not count:
        return _("No secret is stored.")
    if count == 1:
        return _("The stored secret can be read.")
    return _("All {n} stored secrets can be read.").format(n=count)


def _stored(model: type[Model]) -> Iterator[Secret]:
    """Read every secret of MODEL, as it is stored."""
    for column in model._meta.local_fields:
        if isinstance(column, EncryptedTextField):
            rows = model._base_manager.exclude(**{column.name: ""})
            yield from rows.values_list(column.name, flat=True)
