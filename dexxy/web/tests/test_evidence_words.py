"""Evidence is stored in English, and read in the reader's language."""

from types import SimpleNamespace

import pytest
from django.utils.translation import override

from dexxy.integrations.services.contributors.comparing.suggestion_rules import (
    DOUBTS,
    RULES,
    Doubt,
    Rule,
)
from dexxy.members.adding import ADDED
from dexxy.members.imports.stated_accounts import stated_evidence
from dexxy.members.merges.by_hand import BY_HAND
from dexxy.web.wording.evidence import in_words

NAMES = SimpleNamespace(username="{value}", name="Ann {b.name}")


@pytest.mark.parametrize("rule", [*RULES, *DOUBTS], ids=lambda rule: rule.name)
def test_a_rule_is_told_in_german_with_the_words_of_the_accounts(rule: Rule | Doubt) -> None:
    stored = rule.sentence.format(value="x (1+1)", a=NAMES, b=NAMES)
    with override("de"):
        told = in_words({"rule": rule.name, "sentence": stored})

    assert told != stored
    for value in ("x (1+1)", NAMES.username, NAMES.name):
        assert told.count(value) == stored.count(value)


@pytest.mark.parametrize(
    "reason", [ADDED, BY_HAND, stated_evidence("forum", "mei")], ids=lambda one: one["rule"]
)
def test_what_is_no_rule_is_told_in_german_too(reason: dict[str, str]) -> None:
    with override("de"):
        told = in_words(reason)
    assert told != reason["sentence"]
    assert ("mei" in told) == ("mei" in reason["sentence"])


def test_english_is_as_it_was_stored() -> None:
    stored = "Both are named Ann and {b.name}."
    assert in_words({"rule": "same_name", "sentence": stored}) == stored


@pytest.mark.parametrize("rule", ["same_name", "of another version"])
def test_a_sentence_of_another_version_stays_as_it_is(rule: str) -> None:
    assert in_words({"rule": rule, "sentence": "They agree."}) == "They agree."
