"""Why two accounts may be one person's, in the reader's language.

Evidence is stored with its English sentence, as the API tells it. Here the rule that it names says
which words of that sentence are ours, and which are an account's.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.utils.translation import gettext

from dexxy.integrations.services.contributors.comparing.suggestion_rules import DOUBTS, RULES
from dexxy.members.adding import ADDED
from dexxy.members.imports.stated_accounts import STATED
from dexxy.members.merges.by_hand import BY_HAND

_SENTENCES: Final[Mapping[str, str]] = {
    **{rule.name: rule.sentence for rule in RULES},
    **{doubt.name: doubt.sentence for doubt in DOUBTS},
    **{str(one["rule"]): str(one["sentence"]) for one in (ADDED, BY_HAND, STATED)},
}
_HOLE: Final = re.compile(r"\{[a-z.]+\}")


@cache
def _pattern(ours: str) -> re.Pattern[str]:
    """Return what a sentence looks like whose holes are filled in."""
    parts = (re.escape(part) for part in _HOLE.split(ours))
    return re.compile("(.*?)".join(parts), re.DOTALL)


def in_words(reason: Mapping[str, Any]) -> str:
    """Say in the reader's language what speaks for one person, or against it.

    Args:
        reason: `rule` and `sentence`, as stored; a rule of another version keeps its sentence.
    """
    stored: str = reason["sentence"]
    ours = _SENTENCES.get(reason["rule"], "")
    found = _pattern(ours).fullmatch(stored)
    if not found:
        return stored
    values = dict(zip(_HOLE.findall(ours), found.groups(), strict=True))
    return _HOLE.sub(lambda hole: values[hole.group()], gettext(ours))
