"""Whatever has a page and a mutation is tried through both, and done through both at least once."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests import test_repository_doors as repositories
from tests.doors import Action
from tests.test_settings_in_browser import PAGES

ROOT = Path(__file__).resolve().parent.parent
# Mutation -> why no test does it through its doors, where all that can be tried is a refusal.
ONLY_REFUSED = {
    "githubConnectToken": "it needs a GitHub that knows the token: test_github_token_replacing.py",
    "memberExport": "its page hands few people out at once, and writes a mark for spreadsheets",
}
# These are tried in each state of a repository.
OF_REPOSITORIES = (repositories.FOLLOW, *repositories.ACTIONS.values())


def actions() -> Iterator[Action]:
    """Return the actions of all tests that try one through its doors."""
    paths = sorted([*ROOT.glob("dexxy/**/tests/**/test_*.py"), *ROOT.glob("tests/test_*.py")])
    for path in paths:
        if "\nfrom tests.doors import" not in path.read_text(encoding="utf-8"):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for value in vars(import_module(name)).values():
            if isinstance(value, list):
                yield from (one for one in value if isinstance(one, Action))


def mutation_of(action: Action) -> str:
    return action.api.partition("(")[0]


def done(tried: list[Action]) -> set[str]:
    """Return the mutations that an action does through a page and the API, refused by neither."""
    by_both = {mutation_of(one) for one in tried if one.page and one.api and not one.refusal}
    named = {name for text in OF_REPOSITORIES for name in re.findall(r"(\w+)\(", text)}
    return by_both | named


def test_every_mutation_with_a_page_is_done_through_both() -> None:
    missing = sorted(PAGES.keys() - done(list(actions())) - ONLY_REFUSED.keys())

    assert missing == []


def test_what_is_only_refused_is_tried_at_least() -> None:
    tried = {mutation_of(one) for one in actions()}

    assert sorted(ONLY_REFUSED.keys() - tried) == []


@pytest.mark.parametrize(
    "action",
    [
        Action("by the API alone", api="memberMerge(keptId: 1)"),
        Action("refused", page="merge/", api="memberMerge(keptId: 1)", refusal="No."),
        Action("by its page alone", page="merge/"),
    ],
)
def test_an_action_that_is_not_done_through_both_is_found(action: Action) -> None:
    assert "memberMerge" not in done([action])
    assert "memberMerge" in done([action, Action("a", page="merge/", api="memberMerge(a: 1)")])
