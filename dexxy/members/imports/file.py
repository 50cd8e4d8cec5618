"""Parse a CSV file of people: a header, then one row for each person, read as a stream.

Columns are `name`, `email`, `company`, `location`, `tags`, `notes`, and `username:PLATFORM` for
each platform. Other columns are ignored, and the report names them.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.common.errors import BadInputError
from dexxy.members.adding import LONGEST_USERNAME, account_key
from dexxy.members.addresses import mailbox
from dexxy.members.editing import LONGEST_TAG, MOST_TAGS

_TEXTS = {"name": 200, "email": 254, "company": 200, "location": 200, "notes": 20_000}
# What is said of each where it is too long.
_TOO_LONG = {
    "name": gettext_lazy("Its name is longer than {most} characters."),
    "email": gettext_lazy("Its e-mail address is longer than {most} characters."),
    "company": gettext_lazy("Its company is longer than {most} characters."),
    "location": gettext_lazy("Its location is longer than {most} characters."),
    "notes": gettext_lazy("Its notes are longer than {most} characters."),
}
_TAGS = "tags"
_ALIASES = {
    "e-mail": "email",
    "mail": "email",
    "organization": "company",
    "organisation": "company",
}
_USERNAME = re.compile(r"username:(?!import$)([a-z0-9][a-z0-9._:-]{0,99})")
_SEPARATORS = ",;\t|"
# Bytes at the start of a file by which its encoding and separator are guessed.
_HEAD = 65_536
_LONGEST_KEY = 100
MOST_COLUMNS = 1000
# Each is a platform, whose accounts are stored apart from those of the others.
MOST_USERNAMES = 20


class ImportFileError(BadInputError):
    """The file as a whole cannot be read (a bad row is a `problem` of that row instead)."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row of the file: a person, or a problem.

    Args:
        number: of the line on which the row ends, from 1 (the header).
        accounts: (platform, username) of each account.
        problem: why the row cannot be imported, for people to read; '' if it can.
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
        """The name of the account that stands for the row: the address, else the first username."""
        return self.email or self.accounts[0][1]

    @property
    def key(self) -> str:
        """The key of the row, by which another import finds the same person again."""
        platform, username = self.accounts[0] if self.accounts else ("", "")
        key = self.email.lower() if self.email else f"{platform}:{account_key(username)}"
        return key if len(key) <= _LONGEST_KEY else sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file; an index counts the cells of a row from 0.

    Args:
        indexes: name of a column -> index.
        usernames: platform -> index of the column with usernames there.
        ignored: names of the columns that Dexxy does not know.
        width: number of columns.
    """

    indexes: dict[str, int] = field(default_factory=dict)
    usernames: dict[str, int] = field(default_factory=dict)
    ignored: Sequence[str] = ()
    width: int = 0


class ImportFile:
    """A file of people.

    Args:
        file: its bytes.
        encoding: its name, as Python knows it; '' to guess it.

    Raises:
        ImportFileError: the header has no column that we need, or the file has another encoding.
    """

    def __init__(self, file: BinaryIO, *, encoding: str = "") -> None:
        head = file.read(_HEAD)
        file.seek(0)
        self._encoding = encoding or encoding_of(head)
        try:
            self._text = io.TextIOWrapper(file, self._encoding, newline="")
        except LookupError as error:
            raise ImportFileError(
                _("There is no encoding called {name}.").format(name=encoding)
            ) from error
        self._lines = self._guarded(csv.reader(self._text, delimiter=self._separator(head)))
        self.columns = columns_of(next(self._lines, (0, []))[1])

    def rows(self) -> Iterator[ImportedRow]:
        """Yield the rows, without empty ones. The rows can be read once only.

        Raises:
            ImportFileError: the rest of the file cannot be read.
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
                _(
                    "Something in the file is not {encoding}, at line {line} or later: save it as"
                    " UTF-8. `dexxy import-members` also takes the name of another encoding."
                ).format(encoding=self._encoding, line=reader.line_num + 1)
            ) from error
        except csv.Error as error:
            raise ImportFileError(
                _("Line {line} is no CSV: {why}.").format(line=reader.line_num, why=error)
            ) from error


def encoding_of(head: bytes) -> str:
    """Guess the encoding of a file from its first bytes: by a byte order mark, or by null bytes."""
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
    """Find the columns that Dexxy knows in the HEADER of a file.

    Raises:
        ImportFileError: there are too many columns, one is there twice, or none identifies people.
    """
    if not any(title.strip() for title in header):
        raise ImportFileError(
            _("The file is empty, or its first line is: that line names columns.")
        )
    _check_number(header)
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
            raise ImportFileError(_("The column {name} is there twice.").format(name=title.strip()))
        else:
            into[key] = index
    if "email" not in found.indexes and not found.usernames:
        raise ImportFileError(
            _(
                "The first line names no column by which people are told apart: call one `email`,"
                " or `username:github`, `username:discord` and the like."
            )
        )
    return Columns(found.indexes, found.usernames, ignored, found.width)


def _check_number(header: Sequence[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise ImportFileError(
            _(
                "The first line names {n} columns, and {most} at most are read: delete those that"
                " are not used."
            ).format(n=intcomma(len(header)), most=intcomma(MOST_COLUMNS))
        )
    usernames = sum(bool(_USERNAME.fullmatch(title.strip().lower())) for title in header)
    if usernames > MOST_USERNAMES:
        raise ImportFileError(
            _(
                "The first line names {n} columns of usernames, and {most} at most are read: put"
                " the others into another file."
            ).format(n=usernames, most=MOST_USERNAMES)
        )


def _row(number: int, cells: Sequence[str], columns: Columns) -> ImportedRow:
    if len(cells) != columns.width:
        problem = ngettext(
            "It has {n} cell; the header has {width}.",
            "It has {n} cells; the header has {width}.",
            len(cells),
        )
        counted = problem.format(n=len(cells), width=columns.width)
        return ImportedRow(number, problem=counted)
    given = {name: cells[index].strip() for name, index in columns.indexes.items()}
    parts = (part.strip() for part in re.split("[;,]", given.pop(_TAGS, "")))
    tags = tuple(dict.fromkeys(filter(None, parts)))
    named = {platform: cells[index].strip() for platform, index in columns.usernames.items()}
    accounts = [(platform, username) for platform, username in named.items() if username]
    problem = _problem(given, tags, accounts)
    if problem:
        return ImportedRow(number, problem=problem)
    return ImportedRow(number, **given, tags=tags, accounts=accounts)


def _problem(
    given: dict[str, str], tags: Sequence[str], accounts: Sequence[tuple[str, str]]
) -> str:
    """Return what is wrong with a row, or ''."""
    texts = [*given.values(), *tags, *(username for _, username in accounts)]
    if any("\0" in text for text in texts):
        return _("It holds a null byte.")
    for name, text in given.items():
        if len(text) > _TEXTS[name]:
            return str(_TOO_LONG[name]).format(most=intcomma(_TEXTS[name]))
    if any(len(tag) > LONGEST_TAG for tag in tags):
        return _("A tag is longer than {most} characters.").format(most=LONGEST_TAG)
    if len(tags) > MOST_TAGS:
        return _("It has {n} tags, and a person {most} at most: take some out.").format(
            n=intcomma(len(tags)), most=MOST_TAGS
        )
    if any(len(username) > LONGEST_USERNAME for _, username in accounts):
        return _("A username is longer than {most} characters.").format(most=LONGEST_USERNAME)
    email = given.get("email", "")
    if email and mailbox(email) is None:
        return _("{text} is no e-mail address.").format(text=email[:100])
    return "" if email or accounts else _("It has neither an e-mail address nor a username.")
