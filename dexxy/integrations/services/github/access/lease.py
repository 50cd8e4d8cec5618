"""One reader a credential, as GitHub asks.

The lease lives in PostgreSQL: it is taken by a conditional UPDATE, renewed before a request
and inside every page's transaction, and runs out a minute after its holder died. A holder that
died on this very host is noticed at once. Each holder writes a random lease token (a fencing
token, as others call it): a page is stored only if it is still there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.common.errors import DexxyError
from dexxy.common.sql import Outcome, Statement, execute, run_together
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import Credential
from dexxy.integrations.services.github.access.liveness import has_died, holder_name

LEASE_SECONDS = 60
# Seconds; a request takes 40 at most.
RENEW_AFTER = 10

_TAKE = """
UPDATE integrations_credential
SET lease_token = %(token)s, lease_holder = %(holder)s,
    lease_until = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s
  AND (lease_token IS NULL OR lease_until < now() OR lease_token = %(dead)s)
"""
_RENEW = """
UPDATE integrations_credential
SET lease_until = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s AND lease_token = %(token)s
"""
_RELEASE = """
UPDATE integrations_credential
SET lease_token = NULL, lease_until = NULL, lease_holder = ''
WHERE id = %(id)s AND lease_token = %(token)s
"""
_DROP = """
UPDATE integrations_credential
SET lease_token = NULL, lease_until = NULL, lease_holder = '', woken_at = NULL
WHERE lease_holder = %(holder)s
"""


class CredentialBusyError(DexxyError):
    """Another process reads with this credential."""

    code = "credential_busy"
    retryable = True


class LeaseLostError(DexxyError):
    """Another process took the credential over; this one must stop."""

    code = "lease_lost"
    retryable = True


class LeaseGivenUpError(LeaseLostError):
    """This process was asked to stop; another one goes on."""

    code = "lease_given_up"


class Lease:
    """The right to spend a credential's requests."""

    def __init__(self, credential_id: int, token: UUID) -> None:
        self._params = {"id": credential_id, "token": token, "seconds": LEASE_SECONDS}
        self._renewed_at = monotonic()

    def keep(self) -> None:
        """Renew the lease if that was long ago: before a request it must last for the answer.

        Raises:
            LeaseLostError: it is not ours any more.
            LeaseGivenUpError: this process was asked to stop.
        """
        if asked_to_stop.is_set():
            raise LeaseGivenUpError(
                gettext_noop("This process was asked to stop, so another one goes on.")
            )
        if monotonic() - self._renewed_at > RENEW_AFTER:
            self.renew()

    def renew(self) -> None:
        """Hold the lease for another minute; in a transaction, nobody can take it meanwhile.

        Raises:
            LeaseLostError: it is not ours any more.
        """
        [done] = run_together([self.renewal])
        self.require_renewed(done)

    @property
    def renewal(self) -> Statement:
        """What renews the lease, to be run together with other statements."""
        return Statement(_RENEW, self._params)

    def require_renewed(self, done: Outcome) -> None:
        """Look whether the renewal has found the lease.

        Raises:
            LeaseLostError: it is not ours any more.
        """
        if not done.count:
            raise LeaseLostError(
                gettext_noop("Another process took over this sync, so this one stopped.")
            )
        self._renewed_at = monotonic()

    def release(self) -> None:
        execute(_RELEASE, self._params)


@contextmanager
def lease_taken(credential: Credential) -> Iterator[Lease]:
    """Hold the lease of CREDENTIAL.

    Raises:
        CredentialBusyError: a living process holds it.
    """
    token = uuid4()
    params = {
        "id": credential.pk,
        "token": token,
        "holder": holder_name(),
        "seconds": LEASE_SECONDS,
        "dead": _dead_holder(credential.pk),
    }
    if not execute(_TAKE, params):
        raise CredentialBusyError(
            gettext_noop("Another process is reading with this token just now.")
        )
    lease = Lease(credential.pk, token)
    try:
        yield lease
    finally:
        lease.release()


def leases_drop(holder: str) -> int:
    """Take the leases of a process away: it writes nothing more, and others read at once.

    Args:
        holder: its name, as `holder_name` returned it there.

    Returns: how many it had.
    """
    return execute(_DROP, {"holder": holder})


def is_held(credential: Credential) -> bool:
    """Tell whether a process that may be alive reads with CREDENTIAL."""
    if credential.lease_token is None or credential.lease_until is None:
        return False
    return credential.lease_until > timezone.now() and _dead_holder(credential.pk) is None


def _dead_holder(credential_id: int) -> UUID | None:
    """Return the lease token of a holder that has died on this host, if there is one."""
    credential = Credential.objects.get(pk=credential_id)
    return credential.lease_token if has_died(credential.lease_holder) else None
