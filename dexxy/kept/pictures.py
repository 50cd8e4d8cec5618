"""Load the pictures that messages show, so that their authors do not learn who reads them.

A page names a picture by its address and our signature. Who asks for one that is not here wakes a
worker: no web process ever waits for an address that somebody chose.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from secrets import token_hex
from time import monotonic

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F, Sum, Window
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.queue import worker_wake
from dexxy.kept.files import file_keep, file_read, files_forget
from dexxy.kept.models import Picture, PictureState

KEPT_FOR = timedelta(days=7)
# What could not be loaded is tried again, and what nobody came to load is forgotten.
TRIED_AGAIN_AFTER = timedelta(hours=1)
LARGEST = 5 * 2**20
# Bytes of all pictures together; the oldest give way.
MOST_BYTES = 2**30
QUEUE = "pictures"
JOB = "dexxy.kept.tasks.load_pictures"

_SECONDS = 10.0
_HELD_FOR = timedelta(minutes=1)
_AT_ONCE = 8
# How each kind begins. What is told in a header is not believed.
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
)
_SVG = "image/svg+xml"

log = structlog.get_logger()


class PictureNotFoundError(NotFoundError):
    """We did not sign an address, or show no pictures at all."""


class PictureOnItsWayError(DexxyError):
    """A worker is about to load a picture."""

    code = "picture_on_its_way"
    retryable = True


class NoPictureError(DexxyError):
    """What an address answers is no picture."""

    code = "no_picture"


@dataclass(frozen=True)
class Loaded:
    """A picture, its bytes included."""

    content_type: str
    content: bytes


def picture_signature(address: str) -> str:
    """Sign an address, so that nobody else can make us load one."""
    return _signed(address, settings.SECRET_KEY)


# A page has the same few pictures many times.
@lru_cache(maxsize=4096)
def _signed(address: str, _key: str) -> str:
    return _signer().signature(address)


def picture_read(address: str, signature: str) -> Loaded:
    """Return the picture at ADDRESS; wake a worker if it is not here yet.

    Raises:
        PictureNotFoundError: we did not sign the address, or show no pictures at all.
        NoPictureError: a worker found none there that we show.
        PictureOnItsWayError: it is not here yet.
    """
    try:
        _signer().unsign(f"{address}:{signature}")
    except BadSignature as error:
        raise PictureNotFoundError(_("There is no such picture.")) from error
    if settings.DEXXY_IMAGES == "none":
        raise PictureNotFoundError(_("Pictures are switched off here."))
    picture = _wanted(address)
    if picture.state == PictureState.REFUSED:
        raise NoPictureError(_("There is no picture at that address, or none that is shown."))
    if picture.state == PictureState.KEPT:
        try:
            return Loaded(picture.content_type, file_read(picture.name))
        except FileNotFoundError:
            picture.delete()
            _wanted(address)
    worker_wake(QUEUE, JOB)
    raise PictureOnItsWayError(_("The picture is being loaded: ask again."))


def pictures_wake_if_due() -> None:
    """Wake a worker where pictures are to be loaded or deleted."""
    if _is_due():
        worker_wake(QUEUE, JOB)


def pictures_work(*, seconds: float) -> bool:
    """Delete pictures whose time is over, and load those that are wanted, for about SECONDS.

    Returns: whether more is to be done.
    """
    until = monotonic() + seconds
    _prune()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while monotonic() < until and (claimed := _claim()):
            addresses = [picture.address for picture in claimed]
            for picture, loaded in zip(claimed, threads.map(_load, addresses), strict=True):
                _note(picture, loaded)
    return _is_due()


def pictures_expire() -> None:
    """End all pictures, inside the caller's transaction: somebody was erased, maybe from one."""
    Picture.objects.current().update(expires_at=timezone.now())
    transaction.on_commit(pictures_wake_if_due)


def _signer() -> Signer:
    return Signer(salt="dexxy.kept.pictures")


def _wanted(address: str) -> Picture:
    """Return the row of a picture, a new one where there is none or its time is over."""
    now = timezone.now()
    made = {"address": address, "expires_at": now + TRIED_AGAIN_AFTER}
    picture, _ = Picture.objects.get_or_create(digest=_digest(address), defaults=made)
    if picture.expires_at <= now:
        # The worker deletes what is left of it.
        picture.delete()
        files_forget([picture.name] if picture.name else [])
        picture, _ = Picture.objects.get_or_create(digest=_digest(address), defaults=made)
    return picture


def _digest(address: str) -> str:
    return sha256(address.encode()).hexdigest()


def _is_due() -> bool:
    over = Picture.objects.filter(expires_at__lte=timezone.now())
    return over.exists() or Picture.objects.due().exists()


@transaction.atomic
def _claim() -> list[Picture]:
    due = Picture.objects.due().order_by("pk").select_for_update(skip_locked=True)
    claimed = list(due[:_AT_ONCE])
    held = Picture.objects.filter(pk__in=[picture.pk for picture in claimed])
    held.update(held_until=timezone.now() + _HELD_FOR)
    return claimed


def _load(address: str) -> Loaded | DexxyError:
    """Load a picture, or say why not; in a thread, which asks no database."""
    # It brings httpx, which the processes that show pages do without.
    from dexxy.common.outside import Bounds, OutsideError, outside_ask

    try:
        answer = outside_ask(
            address,
            headers={"Accept": "image/*"},
            bounds=Bounds(seconds=_SECONDS, size=LARGEST),
        )
    except OutsideError as error:
        return error
    except Exception:
        # A defect of ours is the failure of one picture, and not of those beside it.
        log.exception("loading a picture crashed", address=address)
        return NoPictureError(_("It cannot be loaded."))
    if answer.status != 200:
        return NoPictureError(
            _("It answers with the status {status}.").format(status=answer.status)
        )
    kind = _kind(answer.body, answer.headers.get("content-type", ""))
    return Loaded(kind, answer.body) if kind else NoPictureError(_("It is no picture."))


def _kind(content: bytes, told: str) -> str:
    for sign, start, kind in _KINDS:
        if content.startswith(sign, start):
            return kind
    # It has no sign of its own; what shows it lets it do nothing.
    is_svg = told.partition(";")[0].strip() == _SVG and b"<svg" in content[:4096]
    return _SVG if is_svg else ""


def _note(picture: Picture, loaded: Loaded | DexxyError) -> None:
    now = timezone.now()
    row = Picture.objects.current().filter(pk=picture.pk, state=PictureState.WANTED)
    if isinstance(loaded, DexxyError):
        log.info("picture not loaded", picture=picture.pk, error=str(loaded))
        expires_at = now + TRIED_AGAIN_AFTER
        row.update(state=PictureState.REFUSED, expires_at=expires_at, updated_at=now)
        return
    name = f"pictures/{token_hex(16)}"
    file_keep(name, loaded.content)
    values = {"name": name, "content_type": loaded.content_type, "size": len(loaded.content)}
    kept = row.update(state=PictureState.KEPT, expires_at=now + KEPT_FOR, updated_at=now, **values)
    if not kept:
        files_forget([name])


def _prune() -> None:
    """Delete what is over, and the oldest where all are too much."""
    for pictures in (Picture.objects.filter(expires_at__lte=timezone.now()), _beyond()):
        for picture in pictures:
            files_forget([picture.name] if picture.name else [])
            picture.delete()


def _beyond() -> Iterator[Picture]:
    newest = Window(Sum("size"), order_by=[F("updated_at").desc(), F("pk").desc()])
    kept = Picture.objects.filter(state=PictureState.KEPT).annotate(bytes=newest)
    yield from kept.filter(bytes__gt=MOST_BYTES)
