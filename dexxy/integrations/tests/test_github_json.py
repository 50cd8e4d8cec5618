"""What JSON may hold and PostgreSQL's text may not is replaced on the way in."""

import pytest

from dexxy.integrations.services.github.api.json import loads


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (rb'"a\u0000b"', "a\ufffdb"),
        (rb'"\u0000\u0000"', "\ufffd\ufffd"),
        (rb'"\\u0000"', "\\u0000"),
        (rb'"\\\u0000"', "\\\ufffd"),
        (rb'{"\u0000": 1}', {"\ufffd": 1}),
    ],
)
def test_a_nul_is_replaced_and_the_text_that_looks_like_one_is_not(
    content: bytes, value: object
) -> None:
    assert loads(content) == value


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (rb'"\ud83d"', "\ufffd"),
        (rb'"a\ude00b\uDC00"', "a\ufffdb\ufffd"),
        (rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
        (rb'["\ud83d", "\ud83d\ude00", 9007199254740993]', ["\ufffd", "😀", 9007199254740993]),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_is_read(
    content: bytes, value: object
) -> None:
    assert loads(content) == value


@pytest.mark.parametrize(
    "content", [b"", b"{", b'"\\ud83d', b"<html>", b'"\xff"', b'"\xed\xa0\x80"']
)
def test_what_is_no_json_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(content)
