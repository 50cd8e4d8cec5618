"""What a search found is marked, and nothing that was written becomes HTML by that."""

import pytest

from dexxy.web.search.marks import excerpt_of, marked, pattern_of


@pytest.mark.parametrize(
    ("words", "text", "shown"),
    [
        ("", "a < b", "a &lt; b"),
        ("ticker", "The Ticker, tickers", "The <mark>Ticker</mark>, <mark>tickers</mark>"),
        ("tickers", "one ticker", "one <mark>ticker</mark>"),
        ("leaking", "it leaks", "it <mark>leaks</mark>"),
        ("tick", "sticky", "sticky"),
        ('"memory leak"', "memory\n leak, leak", "<mark>memory\n leak</mark>, leak"),
        ("script", "<script>", "&lt;<mark>script</mark>&gt;"),
        ("a&b", "a&b", "<mark>a</mark>&amp;<mark>b</mark>"),
        ("(.*", "(.*", "(.*"),
        ("内存", "有内存泄漏", "有<mark>内存</mark>泄漏"),
    ],
)
def test_what_was_found_is_marked(words: str, text: str, shown: str) -> None:
    assert marked(text, pattern_of(words)) == shown


def test_an_excerpt_begins_before_the_first_match() -> None:
    body = f"{'before ' * 100}the leak is here {'behind ' * 100}"

    shown = excerpt_of(body, pattern_of("leak"))

    assert shown.startswith("…before before")
    assert "the leak is here" in shown
    assert len(shown) < 300
    assert excerpt_of("A short leak.", pattern_of("leak")) == "A short leak."
    assert excerpt_of(body, None).startswith("before before")
