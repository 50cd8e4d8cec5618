"""Check the message of a commit, whose file the command line names."""

import sys
from pathlib import Path

LONGEST = 72


def main() -> int:
    """Say what is wrong with the message; return the exit code."""
    wrong = problem(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if wrong is None:
        return 0
    print(wrong, file=sys.stderr)  # noqa: T201
    return 1


# What git writes itself, or puts into another commit before anybody else sees it.
_OF_GIT = ("Merge ", "fixup! ", "squash! ", "amend! ")
# Where the diff begins that `git commit --verbose` shows.
_SCISSORS = "# ------------------------ >8 ------------------------"


def problem(message: str) -> str | None:
    """Return what is wrong with a message, or None."""
    subject, *rest = message.partition(_SCISSORS)[0].splitlines() or [""]
    if not subject.strip():
        return "The first line is empty: it says what the commit does."
    if len(subject) > LONGEST:
        return f"The subject has {len(subject)} characters: up to {LONGEST}, the body says why."
    if rest and rest[0].strip() and not rest[0].startswith("#"):
        return "An empty line stands between the subject and the body."
    has_body = any(line.strip() and not line.startswith("#") for line in rest)
    if not has_body and not subject.startswith(_OF_GIT):
        return "There is no body: an empty line below the subject, and then why it is done."
    return None


if __name__ == "__main__":
    sys.exit(main())
