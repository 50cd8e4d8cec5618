"""The messages of commits that a hook lets through."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.check_message import problem

NO_BODY = "There is no body: an empty line below the subject, and then why it is done."
ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "message",
    [
        "Ask GitHub with httpx alone\n\nBecause it is light.\n",
        "x" * 72 + "\n\nWhy.",
        "\N{LATIN SMALL LETTER E WITH ACUTE}" * 72 + "\n\nWhy.",
        "Merge branch 'main' into httpx",
        "fixup! Ask GitHub with httpx alone",
    ],
)
def test_a_short_subject_with_a_body_and_what_git_writes_are_let_through(message: str) -> None:
    assert problem(message) is None


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("x" * 73, "The subject has 73 characters: up to 72, the body says why."),
        ("", "The first line is empty: it says what the commit does."),
        ("\nSubject", "The first line is empty: it says what the commit does."),
        ("Subject\nbody", "An empty line stands between the subject and the body."),
        ("Subject", NO_BODY),
        ("Subject\n\n# Please enter the commit message\n", NO_BODY),
        (f"Subject\n\n# {'-' * 24} >8 {'-' * 24}\ndiff --git a b\n", NO_BODY),
    ],
)
def test_any_other_message_is_refused_with_what_is_wrong(message: str, wrong: str) -> None:
    assert problem(message) == wrong


def test_the_hook_ends_with_the_exit_code_that_git_looks_at(tmp_path: Path) -> None:
    message = tmp_path / "COMMIT_EDITMSG"
    message.write_text("x" * 73)

    ended = subprocess.run(
        [sys.executable, "-m", "tools.check_message", str(message)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The subject has 73 characters")
