"""Recognise erased people by keyed digests (HMAC), from which nobody can tell who they were.

A digest is made of a text: the key of an account, a login, or an e-mail address.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from django.db.models import QuerySet

from dexxy.common.sql import execute_later, fetch_all
from dexxy.members.addresses import mailbox
from dexxy.members.models import ErasedKey, ErasureSecret, Identity

_HOLD_OFF = "SELECT pg_advisory_xact_lock_shared(hashtextextended('erasures', %(workspace)s))"
_ERASED = """
SELECT EXISTS (SELECT FROM members_erasuresecret WHERE workspace_id = %(workspace)s),
       ARRAY(SELECT id FROM members_identity WHERE workspace_id = %(workspace)s AND is_silenced)
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('erasures', %(workspace)s))"


class ErasedPeople:
    """The erased people of one workspace.

    It is false, and knows nobody, if nobody was erased there when it was made.
    """

    def __init__(self, workspace_id: int) -> None:
        self._workspace_id = workspace_id
        found = ErasureSecret.objects.filter(workspace=workspace_id).first()
        self.secret = found.secret.read() if found else ""

    def __bool__(self) -> bool:
        return bool(self.secret)

    def accounts(self, provider: str, external_ids: Iterable[str]) -> dict[str, int]:
        """Return the erased ones of some accounts: external id -> id of the emptied identity."""
        if not self:
            return {}
        asked = {self.digest(account_text(provider, one)): one for one in external_ids}
        found = self._keys(asked).filter(identity__isnull=False)
        return {asked[digest]: pk for digest, pk in found.values_list("digest", "identity") if pk}

    def among(self, texts: Mapping[int, Iterable[str]]) -> set[int]:
        """Return who of some people was erased.

        Args:
            texts: number of a person -> their texts.

        Returns: the numbers of the people with at least one text of an erased person.
        """
        if not self:
            return set()
        asked = {number: {self.digest(one) for one in given} for number, given in texts.items()}
        every = {digest for digests in asked.values() for digest in digests}
        found = set(self._keys(every).values_list("digest", flat=True))
        return {number for number, digests in asked.items() if not found.isdisjoint(digests)}

    def digest(self, text: str) -> str:
        """Return the digest of TEXT."""
        return digest_of(text, self.secret)

    def _keys(self, digests: Iterable[str]) -> QuerySet[ErasedKey]:
        return ErasedKey.objects.filter(workspace=self._workspace_id, digest__in=list(digests))


def erased_people_begun(workspace_id: int) -> ErasedPeople:
    """Return the erased people of a workspace; make its HMAC key if it has none yet."""
    ErasureSecret.objects.get_or_create(
        workspace_id=workspace_id, defaults={"secret": secrets.token_urlsafe(32)}
    )
    return ErasedPeople(workspace_id)


def digest_of(text: str, secret: str) -> str:
    """Return the digest of TEXT that is made with the HMAC key SECRET."""
    return hmac.new(secret.encode(), text.encode(errors="replace"), "sha256").hexdigest()


def account_text(provider: str, external_id: str) -> str:
    """Return the text of an account's key."""
    return f"account:{provider}#{external_id}"


def login_text(provider: str, username: str) -> str:
    """Return the text of a username."""
    return f"login:{provider}/{username.lower()}"


def mail_texts(email: str) -> list[str]:
    """Return the text of an e-mail address, without a `+` suffix; [] if EMAIL is none."""
    box = mailbox(email)
    return [f"mail:{box}"] if box else []


def texts_of(account: Identity) -> list[str]:
    """Return all texts by which the person of ACCOUNT can be recognised."""
    login = login_text(account.provider, account.username)
    return [account_text(account.provider, account.external_id), login, *mail_texts(account.email)]


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased in a workspace, as long as erasures are held off.

    Args:
        anybody: whether anybody was.
        silenced: the identities whose words are not kept.
    """

    anybody: bool
    silenced: Set[int]


def erasures_hold_off(workspace_id: int) -> Erased:
    """Let nobody be erased until the transaction ends. Whoever stores words calls it first of all.

    Writers do not wait for each other: the lock is shared.
    """
    params = {"workspace": workspace_id}
    execute_later(_HOLD_OFF, params)
    [(anybody, silenced)] = fetch_all(_ERASED, params)
    return Erased(anybody, frozenset(silenced))


def erasures_lock(workspace_id: int) -> None:
    """Take the exclusive lock of erasures, before any account is locked.

    No other transaction stores texts of people until this one ends.
    """
    fetch_all(_LOCK, {"workspace": workspace_id})
