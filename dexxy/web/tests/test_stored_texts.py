"""What Dexxy says of GitHub is stored in English, and shown in the language of the reader."""

import pytest
from django.utils.translation import override

from dexxy.integrations.models import LEFT_OUT
from dexxy.integrations.services.github.reading import co_authors, page_frame
from dexxy.integrations.services.github.webhooks import drain, thread_events
from dexxy.integrations.services.github.webhooks.events import IGNORED, why_ignored
from dexxy.web.templatetags.sync import as_stored

STORED = [
    LEFT_OUT,
    co_authors._REFUSED,
    *page_frame._REFUSED.values(),
    *page_frame._MISSED.values(),
    *page_frame._SWITCHED_OFF.values(),
    drain._ABOUT_NOTHING,
    thread_events._NOT_CONNECTED.why,
    thread_events._LEFT_OUT.why,
    why_ignored(min(IGNORED), ""),
    "The repository was disconnected.",
    "A backup was restored while this ran.",
]


@pytest.mark.parametrize("text", STORED)
def test_a_sentence_of_ours_is_shown_in_the_language_of_the_reader(text: str) -> None:
    with override("de"):
        shown = as_stored(text)

    assert shown.startswith('<span lang="de">')
    assert text not in shown
    assert as_stored(text).startswith('<span lang="en">')


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a/b is paused. Resume it first.", ["a/b"]),
        ("The event newly_invented is unknown.", ["newly_invented"]),
        ("It answers with the status 500.", ["500"]),
        (
            "GitHub does not let Dexxy read a list to its end (It goes on behind all that there"
            " is.) It was begun again 5 times. Dexxy will try again later.",
            ["(Sie geht hinter allem weiter, was es gibt.)", "5"],
        ),
        (
            "GitHub does not let this token read it (403: {x} <b>(no)). Update). Give the token"
            " read access to issues, pull requests and discussions.",
            ["(403: {x} &lt;b&gt;(no)). Update)."],
        ),
    ],
)
def test_a_sentence_of_ours_is_translated_around_its_values(text: str, values: list[str]) -> None:
    with override("de"):
        shown = as_stored(text)

    assert shown.startswith('<span lang="de">')
    for value in values:
        assert value in shown
    assert as_stored(text).startswith('<span lang="en">')


@pytest.mark.parametrize(
    ("text", "shown"),
    [("<b>Gone</b>", "&lt;b&gt;Gone&lt;/b&gt;"), ("", ""), ("KeyError: 7", "KeyError: 7")],
)
def test_what_github_or_a_fault_said_stays_as_it_is(text: str, shown: str) -> None:
    with override("de"):
        assert as_stored(text) == f'<span lang="en">{shown}</span>'
