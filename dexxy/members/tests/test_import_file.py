"""Files of people: whatever a spreadsheet writes, or one line that says what is wrong."""

import io

import pytest
from django.utils import translation

from dexxy.members.imports.file import ImportedRow, ImportFile, ImportFileError


def read(data: bytes | str, encoding: str = "") -> list[ImportedRow]:
    given = data.encode() if isinstance(data, str) else data
    return list(ImportFile(io.BytesIO(given), encoding=encoding).rows())


def problem(row: str, header: str = "name,email,username:discord") -> str:
    [found] = read(f"{header}\n{row}\n")
    return found.problem


def test_every_column_is_read() -> None:
    [row] = read(
        "Name, E-Mail ,company,Location,tags,notes,username:github,username:discord\n"
        'Ada,Ada@Lovelace.org,Engines,London,"vip; math,vip",Likes engines.,ada,\n'
    )

    assert row == ImportedRow(
        number=2,
        name="Ada",
        email="Ada@Lovelace.org",
        company="Engines",
        location="London",
        notes="Likes engines.",
        tags=("vip", "math"),
        accounts=[("github", "ada")],
    )
    assert row.key == "ada@lovelace.org"


def test_who_has_no_address_is_known_by_the_first_username() -> None:
    first, second = read(f"username:discord,username:slack\nAda#1,ada\n,{'x' * 100}\n")

    assert (first.key, first.label) == ("discord:ada#1", "Ada#1")
    assert (len(second.key), second.label) == (64, "x" * 100)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_found_out(encoding: str) -> None:
    rows = read("name,email\r\nZoë 李,zoe@example.net\r\n".encode(encoding))

    assert [row.name for row in rows] == ["Zoë 李"]


def test_another_encoding_is_refused_until_it_is_named() -> None:
    data = "name,email\nZoë,zoe@lovelace.org\n".encode("latin-1")

    with pytest.raises(ImportFileError, match=r"is not utf-8, at line . or later: save"):
        read(data)
    assert [row.name for row in read(data, "latin-1")] == ["Zoë"]
    with pytest.raises(ImportFileError, match="no encoding called latin-99"):
        read(data, "latin-99")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_of_spreadsheets_are_found_out(separator: str) -> None:
    data = "name,email\nAda,ada@lovelace.org\n".replace(",", separator)

    assert [row.email for row in read(data)] == ["ada@lovelace.org"]


def test_columns_that_say_nothing_to_us_are_named() -> None:
    file = ImportFile(io.BytesIO(b"Phone,email,,Shoe size\n1,ada@lovelace.org,,9\n"))

    assert file.columns.ignored == ["Phone", "", "Shoe size"]
    assert [row.email for row in file.rows()] == ["ada@lovelace.org"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "The file is empty"),
        ("name,username:import\nAda,ada@lovelace.org\n", "names no column"),
        ("name,company\nAda,Engines\n", "names no column"),
        ("email,name,E-mail\n", "The column E-mail is there twice"),
        ("email,username:slack,username:Slack\n", "username:Slack is there twice"),
        ('email\n"ada@lovelace.org\n' + "x" * 200_000, "Line 3 is no CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: str, message: str) -> None:
    with pytest.raises(ImportFileError, match=message):
        read(data)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Ada,not an address,", "not an address is no e-mail address."),
        ("Ada,a@b,", "a@b is no e-mail address."),
        ("Ada,,", "It has neither an e-mail address nor a username."),
        ("Ada", "It has 1 cell; the header has 3."),
        ("Ada,a@b.org,,more", "It has 4 cells; the header has 3."),
        (f"{'x' * 201},a@b.org,", "Its name is longer than 200 characters."),
        (f"Ada,{'x' * 255}@b.org,", "Its e-mail address is longer than 254 characters."),
        (f"Ada,,{'x' * 101}", "A username is longer than 100 characters."),
        ("A\0da,a@b.org,", "It holds a null byte."),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: str, expected: str) -> None:
    assert problem(row) == expected


def test_it_is_said_in_the_language_of_who_imports() -> None:
    with translation.override("de"):
        assert problem("Ada,not an address,") == "not an address ist keine E-Mail-Adresse."
        assert problem(f"a@b.org,{'x' * 20_001}", "email,notes").endswith("als 20.000 Zeichen.")
        with pytest.raises(ImportFileError, match="Die Spalte email gibt es zweimal"):
            read("email,email\n")


def test_a_tag_that_is_too_long_is_said() -> None:
    assert problem(f"a@b.org,{'x' * 51}", "email,tags") == "A tag is longer than 50 characters."


def test_a_row_with_more_tags_than_a_person_has_says_so() -> None:
    tags = [f"tag {number}" for number in range(51)]

    assert problem(f"a@b.org,{';'.join(tags[:50] * 2)}", "email,tags") == ""
    assert problem(f"a@b.org,{';'.join(tags)}", "email,tags") == (
        "It has 51 tags, and a person 50 at most: take some out."
    )


def test_more_columns_than_anybody_has_are_refused() -> None:
    assert len(ImportFile(io.BytesIO(b"email" + b"," * 999)).columns.ignored) == 999
    with pytest.raises(ImportFileError, match=r"names 1,001 columns, and 1,000 at most.*delete"):
        read("email" + "," * 1000)

    named = [f"username:p{number}" for number in range(21)]
    assert len(ImportFile(io.BytesIO(",".join(named[:20]).encode())).columns.usernames) == 20
    with pytest.raises(ImportFileError, match=r"names 21 columns of usernames, and 20 at most"):
        read(",".join(named))


def test_empty_lines_are_left_out_and_lines_are_counted() -> None:
    rows = read('email,notes\n\nada@lovelace.org,"one\ntwo"\n ,\nbob@lovelace.org,\n')

    assert [(row.number, row.email) for row in rows] == [
        (4, "ada@lovelace.org"),
        (6, "bob@lovelace.org"),
    ]
