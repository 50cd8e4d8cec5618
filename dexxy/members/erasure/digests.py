"""Who was erased, known again by digests alone: nobody can tell from them who it was."""

import hmac
import secrets
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from dexxy.common.sql import fetch_all
from dexxy.members.addresses import mailbox
from dexxy.members.models import ErasedKey, ErasureSecret, Identity

_HOLD_OFF = "SELECT pg_advisory_xact_lock_shared(hashtextextended('erasures', %(workspace)s))"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('erasures', %(workspace)s))"


class ErasedPeople:
    """The erased people of one workspace, as of now.

    Args:
        workspace_id: where nobody was erased yet, every question is answered with no.
    """

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        found = ErasureSecret.objects.filter(workspace=workspace_id).first()
        self._secret = found.secret.encode() if found else b""

    def __bool__(self) -> bool:
        return bool(self._secret)

    def accounts(self, provider: str, external_ids: Iterable[str]) -> dict[str, int]:
        """Return which of the accounts with EXTERNAL_IDS were erased, and their emptied rows."""
        if not self:
            return {}
        asked = {self.digest(account_text(provider, one)): one for one in external_ids}
        found = self._keys(asked).filter(identity__isnull=False)
        return {asked[digest]: pk for digest, pk in found.values_list("digest", "identity") if pk}

    def among(self, texts: Mapping[int, Iterable[str]]) -> set[int]:
        """Return the numbers of those of whom one of TEXTS is known."""
        if not self:
            return set()
        asked = {number: {self.digest(one) for one in given} for number, given in texts.items()}
        every = {digest for digests in asked.values() for digest in digests}
        found = set(self._keys(every).values_list("digest", flat=True))
        return {number for number, digests in asked.items() if not found.isdisjoint(digests)}

    def digest(self, text: str) -> str:
        """Return what stands for TEXT."""
        return hmac.new(self._secret, text.encode(errors="replace"), "sha256").hexdigest()

    def _keys(self, digests: Iterable[str]) -> QuerySet[ErasedKey]:
        return ErasedKey.objects.filter(workspace=self._workspace_id, digest__in=list(digests))


def erased_people_begun(workspace_id: int) -> ErasedPeople:
    """Return the erased people of a workspace, of whom there will be some now."""
    ErasureSecret.objects.get_or_create(
        workspace_id=workspace_id, defaults={"secret": secrets.token_urlsafe(32)}
    )
    return ErasedPeople(workspace_id)


def account_text(provider: str, external_id: str) -> str:
    """Return the text of an account."""
    return f"account:{provider}#{external_id}"


def login_text(provider: str, username: str) -> str:
    """Return the text of a username."""
    return f"login:{provider}/{username.lower()}"


def mail_texts(email: str) -> list[str]:
    """Return the text of an address, whatever is written behind a plus; none where it is none."""
    box = mailbox(email)
    return [f"mail:{box}"] if box else []


def texts_of(account: Identity) -> list[str]:
    """Return the texts by which the person behind ACCOUNT may come back."""
    login = login_text(account.provider, account.username)
    return [account_text(account.provider, account.external_id), login, *mail_texts(account.email)]


def erasures_hold_off(workspace_id: int) -> None:
    """Let nobody be erased until the transaction ends. Whoever stores words calls it first of all.

    Writers do not wait for each other: the lock is shared.
    """
    fetch_all(_HOLD_OFF, {"workspace": workspace_id})


def erasures_lock(workspace_id: int) -> None:
    """Let nobody store words until the transaction ends, which locks no account before."""
    fetch_all(_LOCK, {"workspace": workspace_id})


def accounts_silenced(workspace_id: int) -> set[int]:
    """Return the identities whose words are not kept, from an index that is mostly empty.

    Call `erasures_hold_off` before: then the answer stays true until the transaction ends.
    """
    silenced = Identity.objects.filter(workspace=workspace_id, is_silenced=True)
    return set(silenced.values_list("pk", flat=True))
