"""The messages of commits that a hook lets through."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.check_subject import problem

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "message",
    [
        "Ask GitHub with httpx alone\n\nBecause it is light.\n",
        "Ask GitHub with httpx alone\n# Please enter the commit message\n",
        "x" * 72,
        "\N{LATIN SMALL LETTER E WITH ACUTE}" * 72,
    ],
)
def test_a_short_subject_with_or_without_a_body_is_let_through(message: str) -> None:
    assert problem(message) is None


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("x" * 73, "The subject has 73 characters: up to 72, the body says why."),
        ("", "The first line is empty: it says what the commit does."),
        ("\nSubject", "The first line is empty: it says what the commit does."),
        ("Subject\nbody", "An empty line stands between the subject and the body."),
    ],
)
def test_any_other_message_is_refused_with_what_is_wrong(message: str, wrong: str) -> None:
    assert problem(message) == wrong


def test_the_hook_ends_with_the_exit_code_that_git_looks_at(tmp_path: Path) -> None:
    message = tmp_path / "COMMIT_EDITMSG"
    message.write_text("x" * 73)

    ended = subprocess.run(
        [sys.executable, "-m", "tools.check_subject", str(message)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The subject has 73 characters")
