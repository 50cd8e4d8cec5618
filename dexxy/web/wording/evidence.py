"""Why two accounts may be one person's, in the reader's language.

Evidence is stored with its English sentence, as the API tells it. Here the rule that it names says
which words of that sentence are ours, and which are an account's.
"""

from collections.abc import Mapping
from typing import Any, Final

from dexxy.integrations.services.contributors.comparing.suggestion_rules import DOUBTS, RULES
from dexxy.members.adding import ADDED
from dexxy.members.imports.stated_accounts import STATED
from dexxy.members.merges.by_hand import BY_HAND
from dexxy.web.wording.stored import refilled

_SENTENCES: Final[Mapping[str, str]] = {
    **{rule.name: rule.sentence for rule in RULES},
    **{doubt.name: doubt.sentence for doubt in DOUBTS},
    **{str(one["rule"]): str(one["sentence"]) for one in (ADDED, BY_HAND, STATED)},
}


def in_words(reason: Mapping[str, Any]) -> str:
    """Say in the reader's language what speaks for one person, or against it.

    Args:
        reason: `rule` and `sentence`, as stored; a rule of another version keeps its sentence.
    """
    stored: str = reason["sentence"]
    ours = _SENTENCES.get(reason["rule"], "")
    told = refilled(stored, ours) if ours else None
    return stored if told is None else told
