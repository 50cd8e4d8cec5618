import pytest

from dexxy.web.rows.excerpts import excerpt


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("plain words", "plain words"),
        ("two\r\n\r\nlines", "two lines"),
        ("# Title\n- [x] done\n1. first", "Title done first"),
        ("**bold** `code` ~~gone~~", "bold code gone"),
        ("![a dot](https://example.com/x.png) [here](https://example.com)", "a dot here"),
        ("<!-- a template\nof two lines -->said", "said"),
        ("<!-- never closed", ""),
        ("> quoted\n\nown words", "own words"),
        ("> only quoted", "> only quoted"),
        ("```go\nx := 1\n```", "x := 1"),
        ("|a|b|\n|-|-|\n|1|2|", "ab 12"),
        ("<b>bold</b> &amp; <br>", "bold &"),
        ("1 < 2 and snake_case", "1 < 2 and snake_case"),
        ("", ""),
    ],
)
def test_a_line_has_the_words_of_a_body_without_its_marks(body: str, line: str) -> None:
    assert excerpt(body) == line


def test_a_line_ends_where_a_row_does() -> None:
    assert excerpt("x" * 240) == "x" * 240
    assert excerpt("x" * 241) == "x" * 240 + "…"
