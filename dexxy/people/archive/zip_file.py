"""A zip file that is written a few bytes at a time, by whoever knows how far it is.

What has been written is never needed again: so a worker that dies costs one batch, and nothing of
the file has to be in memory. Each batch is compressed by itself, with a full flush at its end;
together they are one stream of deflate. Sizes are those of zip64, since nobody knows them before.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import struct
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

_VERSION = 45  # the first with zip64
_FLAGS = 0x0808  # sizes follow the content; names are UTF-8
_DEFLATE = 8
# An empty last block of deflate.
_LAST = b"\x03\x00"
_IN_EXTRA, _IN_EXTRA_SHORT = 0xFFFFFFFF, 0xFFFF
_ZIP64 = 1
_PRIVATE = 0o100600 << 16  # as a file of its owner alone


@dataclass(frozen=True)
class Entry:
    """One file of the archive, as far as it is written.

    Args:
        offset: where in the archive it begins, in bytes.
        packed: its bytes in the archive.
    """

    name: str
    offset: int
    crc: int = 0
    size: int = 0
    packed: int = 0
    rows: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return what `read` reads."""
        return asdict(self)

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """Return what `as_json` wrote."""
        return cls(**written)


def entry_head(entry: Entry, made_at: datetime) -> bytes:
    """Return what stands before the content of ENTRY."""
    name = entry.name.encode()
    extra = struct.pack("<HHQQ", _ZIP64, 16, 0, 0)
    return (
        struct.pack(
            "<4s5H3I2H",
            *(b"PK\x03\x04", _VERSION, _FLAGS, _DEFLATE, *_dos(made_at)),
            *(0, _IN_EXTRA, _IN_EXTRA, len(name), len(extra)),
        )
        + name
        + extra
    )


def entry_more(entry: Entry, content: bytes, rows: int) -> tuple[Entry, bytes]:
    """Return ENTRY with CONTENT added, and the bytes that are to be written for that.

    Args:
        rows: how many CONTENT has.
    """
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = compressor.compress(content) + compressor.flush(zlib.Z_FULL_FLUSH)
    longer = replace(
        entry,
        crc=zlib.crc32(content, entry.crc),
        size=entry.size + len(content),
        packed=entry.packed + len(packed),
        rows=entry.rows + rows,
    )
    return longer, packed


def entry_tail(entry: Entry) -> tuple[Entry, bytes]:
    """Return ENTRY at its end, and what stands behind its content."""
    whole = replace(entry, packed=entry.packed + len(_LAST))
    sizes = struct.pack("<4sIQQ", b"PK\x07\x08", whole.crc, whole.packed, whole.size)
    return whole, _LAST + sizes


def archive_tail(entries: list[Entry], at: int, made_at: datetime) -> bytes:
    """Return what stands at the end of an archive: where its ENTRIES are.

    Args:
        at: the bytes before it.
    """
    directory = b"".join(_listed(entry, made_at) for entry in entries)
    count, size = len(entries), len(directory)
    end64 = struct.pack(
        "<4sQ2H2I4Q",
        *(b"PK\x06\x06", 44, _MADE_BY, _VERSION, 0, 0),
        *(count, count, size, at),
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at + size, 1)
    end = struct.pack(
        "<4s4H2IH",
        *(b"PK\x05\x06", 0, 0, _IN_EXTRA_SHORT, _IN_EXTRA_SHORT, _IN_EXTRA, _IN_EXTRA, 0),
    )
    return directory + end64 + locator + end


_MADE_BY = 3 << 8 | _VERSION  # on Unix


def _listed(entry: Entry, made_at: datetime) -> bytes:
    name = entry.name.encode()
    extra = struct.pack("<HHQQQ", _ZIP64, 24, entry.size, entry.packed, entry.offset)
    return (
        struct.pack(
            "<4s6H3I5H2I",
            *(b"PK\x01\x02", _MADE_BY, _VERSION, _FLAGS, _DEFLATE, *_dos(made_at)),
            *(entry.crc, _IN_EXTRA, _IN_EXTRA, len(name), len(extra), 0, 0, 0),
            *(_PRIVATE, _IN_EXTRA),
        )
        + name
        + extra
    )


def _dos(moment: datetime) -> tuple[int, int]:
    """Return the time and the date of MOMENT as zip files have them."""
    date = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    return moment.hour << 11 | moment.minute << 5 | moment.second // 2, date
