"""Read a file of people: CSV with a header, a row each, a few at a time.

Columns are `name`, `email`, `company`, `location`, `tags`, `notes`, and `username:PLATFORM` for
each platform. Others are ignored, and named in the report.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

from dexxy.common.errors import BadInputError
from dexxy.members.adding import LONGEST_USERNAME, account_key
from dexxy.members.addresses import mailbox

_TEXTS = {"name": 200, "email": 254, "company": 200, "location": 200, "notes": 20_000}
_TAGS = "tags"
_LONGEST_TAG = 50
_ALIASES = {
    "e-mail": "email",
    "mail": "email",
    "organization": "company",
    "organisation": "company",
}
_USERNAME = re.compile(r"username:(?!import$)([a-z0-9][a-z0-9._:-]{0,99})")
_SEPARATORS = ",;\t|"
# As much of a file as tells its encoding, and holds its header.
_HEAD = 65_536
_LONGEST_KEY = 100


class ImportFileError(BadInputError):
    """The file cannot be read as a whole."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row: a person, or what is wrong with it.

    Args:
        number: of the line on which it ends; the header is the first.
        accounts: platform and username of each.
    """

    number: int
    name: str = ""
    email: str = ""
    company: str = ""
    location: str = ""
    notes: str = ""
    tags: Sequence[str] = ()
    accounts: Sequence[tuple[str, str]] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """What the row is known by: the address, else the first username."""
        return self.email or self.accounts[0][1]

    @property
    def key(self) -> str:
        """The key of the row, by which it is found when it is imported again."""
        platform, username = self.accounts[0] if self.accounts else ("", "")
        key = self.email.lower() if self.email else f"{platform}:{account_key(username)}"
        return key if len(key) <= _LONGEST_KEY else sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Columns:
    """The header of a file: the index of the cell in which each row has what.

    Args:
        indexes: of name, email, company, location, notes and tags, as far as they are there.
        usernames: platform -> index of the username there.
        ignored: the names of columns that say nothing to us.
    """

    indexes: dict[str, int] = field(default_factory=dict)
    usernames: dict[str, int] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    width: int = 0


class ImportFile:
    """A file of people.

    Args:
        encoding: what it is written in; found out where it is ''.

    Raises:
        ImportFileError: it has no header that we can use, or another encoding.
    """

    def __init__(self, file: BinaryIO, *, encoding: str = "") -> None:
        head = file.read(_HEAD)
        file.seek(0)
        self._encoding = encoding or encoding_of(head)
        try:
            self._text = io.TextIOWrapper(file, self._encoding, newline="")
        except LookupError as error:
            raise ImportFileError(f"There is no encoding called {encoding}.") from error
        self._lines = self._guarded(csv.reader(self._text, delimiter=self._separator(head)))
        self.columns = columns_of(next(self._lines, (0, []))[1])

    def rows(self) -> Iterator[ImportedRow]:
        """Yield the rows once; empty ones are left out.

        Raises:
            ImportFileError: what follows cannot be read at all.
        """
        for number, cells in self._lines:
            if any(cell.strip() for cell in cells):
                yield _row(number, cells, self.columns)

    def _separator(self, head: bytes) -> str:
        text = head.decode(self._encoding, errors="replace").lstrip("\ufeff")
        first = text.splitlines()[0] if text.strip() else ""
        return max(_SEPARATORS, key=first.count)

    def _guarded(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        try:
            for cells in reader:
                yield reader.line_num, cells
        except UnicodeError as error:
            raise ImportFileError(
                f"Something in the file is not {self._encoding}, at line {reader.line_num + 1} or"
                " later: save it as UTF-8, or name its encoding with --encoding, as latin-1."
            ) from error
        except csv.Error as error:
            raise ImportFileError(f"Line {reader.line_num} is no CSV: {error}.") from error


def encoding_of(head: bytes) -> str:
    """Tell the encoding of a file that begins with HEAD: by its mark, or by where it has nulls."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    if head[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8"


def columns_of(header: Sequence[str]) -> Columns:
    """Find our columns in the HEADER of a file.

    Raises:
        ImportFileError: one is there twice, or none tells people apart.
    """
    if not any(title.strip() for title in header):
        raise ImportFileError("The file is empty, or its first line is: that line names columns.")
    found = Columns(width=len(header))
    ignored = []
    for index, title in enumerate(header):
        name = title.strip().lower()
        name = _ALIASES.get(name, name)
        platform = _USERNAME.fullmatch(name)
        into, key = (found.usernames, platform[1]) if platform else (found.indexes, name)
        if platform is None and name not in _TEXTS and name != _TAGS:
            ignored.append(title.strip())
        elif key in into:
            raise ImportFileError(f"The column {title.strip()} is there twice.")
        else:
            into[key] = index
    if "email" not in found.indexes and not found.usernames:
        raise ImportFileError(
            "The first line names no column by which people are told apart: call one `email`, or"
            " `username:github`, `username:discord` and the like."
        )
    return Columns(found.indexes, found.usernames, ignored, found.width)


def _row(number: int, cells: Sequence[str], columns: Columns) -> ImportedRow:
    if len(cells) != columns.width:
        cell = "cell" if len(cells) == 1 else "cells"
        problem = f"It has {len(cells)} {cell}; the header has {columns.width}."
        return ImportedRow(number, problem=problem)
    given = {name: cells[index].strip() for name, index in columns.indexes.items()}
    tags = [tag.strip() for tag in re.split("[;,]", given.pop(_TAGS, "")) if tag.strip()]
    named = {platform: cells[index].strip() for platform, index in columns.usernames.items()}
    accounts = [(platform, username) for platform, username in named.items() if username]
    problem = _problem(given, tags, accounts)
    if problem:
        return ImportedRow(number, problem=problem)
    return ImportedRow(number, **given, tags=tuple(dict.fromkeys(tags)), accounts=accounts)


def _problem(
    given: dict[str, str], tags: Sequence[str], accounts: Sequence[tuple[str, str]]
) -> str:
    """Return what is wrong with a row, or ''."""
    texts = [*given.values(), *tags, *(username for _, username in accounts)]
    if any("\0" in text for text in texts):
        return "It holds a null byte."
    for name, text in given.items():
        if len(text) > _TEXTS[name]:
            return f"Its {name} is longer than {_TEXTS[name]:,} characters."
    if any(len(tag) > _LONGEST_TAG for tag in tags):
        return f"A tag is longer than {_LONGEST_TAG} characters."
    if any(len(username) > LONGEST_USERNAME for _, username in accounts):
        return f"A username is longer than {LONGEST_USERNAME} characters."
    email = given.get("email", "")
    if email and mailbox(email) is None:
        return f"{email[:100]} is no e-mail address."
    return "" if email or accounts else "It has neither an e-mail address nor a username."
