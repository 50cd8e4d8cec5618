"""Make exports piece by piece, so that a worker that is killed costs one piece."""

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from time import monotonic
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from dexxy.kept.files import file_keep, file_read, files_forget, files_tidy
from dexxy.people.archive.batches import Content, archive_batch, archive_total
from dexxy.people.export_keeping import exports_wake
from dexxy.people.export_selection import Asked, Selection
from dexxy.people.export_text import export_batch, export_head, export_total
from dexxy.people.models import UNFINISHED, Export, ExportFile, ExportPiece, ExportState, Format

# Bytes of a piece at most: a download has one in memory.
PIECE = 2**20
# A worker that is not heard of for so long has died.
HELD_FOR = timedelta(minutes=5)
# How often a worker may die of an export, or fail, before it is given up.
MOST_ATTEMPTS = 3

log = structlog.get_logger()


class _LostError(Exception):
    """The export is not ours any more: it was ended, or somebody else makes it."""


def exports_due() -> bool:
    """Say whether any export is to be made, or to be deleted."""
    return ExportFile.objects.filter(_to_make() | Q(expires_at__lte=timezone.now())).exists()


def exports_wake_if_due() -> None:
    """Wake a worker where there is something to do. If the queue is down, that is logged."""
    if exports_due():
        exports_wake()


def exports_work(*, seconds: float) -> bool:
    """Delete what has expired and make exports, the oldest first.

    Args:
        seconds: for about so long, and a batch at least.

    Returns: whether more is to be done.
    """
    until = monotonic() + seconds
    exports_prune()
    while (export := _claim()) is not None:
        try:
            _make(export, until)
        except _LostError:
            log.info("export ended before it was made", export=export.pk)
        if monotonic() >= until:
            break
    return exports_due()


def exports_prune() -> None:
    """Delete the exports whose time is over, with their pieces."""
    for export in ExportFile.objects.filter(expires_at__lte=timezone.now()).order_by("pk"):
        files_forget(_names(export))
        export.delete()
    files_tidy()


def export_pieces(export: ExportFile) -> Iterator[bytes]:
    """Return an export that is ready, piece by piece.

    Raises:
        FileNotFoundError: it expired meanwhile.
    """
    for name in _names(export):
        yield file_read(name)


def export_kept(export: ExportFile) -> list[tuple[str, int]]:
    """Return under which names an export that is ready is kept, each with its bytes; 0 where
    nobody noted that."""
    return list(export.pieces.order_by("number").values_list("name", "size"))


def _names(export: ExportFile) -> list[str]:
    return list(export.pieces.order_by("number").values_list("name", flat=True))


def _to_make() -> Q:
    now = timezone.now()
    is_free = Q(held_until=None) | Q(held_until__lte=now)
    return is_free & Q(state__in=UNFINISHED, expires_at__gt=now)


@transaction.atomic
def _claim() -> ExportFile | None:
    free = ExportFile.objects.filter(_to_make()).order_by("pk")
    export = free.select_for_update(skip_locked=True).first()
    if export is None:
        return None
    export.holder = token_hex(16)
    export.held_until = timezone.now() + HELD_FOR
    export.attempts += 1
    export.state = ExportState.MAKING
    export.save()
    return export


def _make(export: ExportFile, until: float) -> None:
    """Go on with EXPORT until it is ready, or until the time UNTIL by `monotonic`."""
    if export.attempts > MOST_ATTEMPTS:
        log.error("export given up", export=export.pk)
        return _note(export, state=ExportState.FAILED)
    what, form = Export(export.what), Format(export.form)
    asked = Asked(export.workspace, export.requested_by, Selection.read(export.selection))
    cursor = export.cursor
    begun, rows = b"", 0
    if not cursor:
        _note(export, rows_expected=_total(asked, what))
        begun = _head(export)
    while True:
        batch = _batch(asked, what, form, cursor)
        begun, rows, cursor = begun + batch.content, rows + batch.rows, batch.cursor
        is_over = not cursor or monotonic() >= until
        if is_over or len(begun) >= PIECE:
            _store(export, begun, rows, cursor, is_over=is_over)
            begun, rows = b"", 0
        if is_over:
            return None


def _total(asked: Asked, what: Export) -> int:
    return archive_total(asked) if what == Export.ALL else export_total(asked, what)


def _head(export: ExportFile) -> bytes:
    what, form = Export(export.what), Format(export.form)
    if what == Export.ALL:
        return b""
    return export_head(what, form, with_bom=export.with_bom).encode()


def _batch(asked: Asked, what: Export, form: Format, cursor: str) -> Content:
    if what == Export.ALL:
        return archive_batch(asked, cursor)
    batch = export_batch(asked, what, form, cursor)
    return Content(batch.text.encode(), batch.rows, batch.cursor)


def _store(export: ExportFile, content: bytes, rows: int, cursor: str, *, is_over: bool) -> None:
    """Keep the next CONTENT of EXPORT, and note how far it is."""
    pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)]
    names = [f"exports/{export.pk}/{token_hex(16)}" for _ in pieces]
    for name, piece in zip(names, pieces, strict=True):
        file_keep(name, piece)
    state = ExportState.MAKING if cursor else ExportState.READY
    try:
        with transaction.atomic():
            _note(
                export,
                state=ExportState.WAITING if cursor and is_over else state,
                size=F("size") + len(content),
                rows_done=F("rows_done") + rows,
                cursor=cursor,
                attempts=0,
                held_until=None if is_over else timezone.now() + HELD_FOR,
            )
            first = export.pieces.count()
            ExportPiece.objects.bulk_create(
                ExportPiece(export=export, number=number, name=name, size=len(piece))
                for number, (name, piece) in enumerate(zip(names, pieces, strict=True), first)
            )
    except _LostError:
        files_forget(names)
        raise


def _note(export: ExportFile, **values: Any) -> None:
    """Write down VALUES of EXPORT, unless it is somebody else's by now.

    Raises:
        _LostError: it is.
    """
    ours = ExportFile.objects.kept().filter(pk=export.pk, holder=export.holder)
    if not ours.update(updated_at=timezone.now(), **values):
        raise _LostError
