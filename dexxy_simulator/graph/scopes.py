"""What the schema does not say: which fields want a scope that a classic token need not have.

GitHub looks at the document before it runs it, so that one such field refuses the whole query,
whatever its answer would show: https://github.com/cli/cli/issues/812. Which field wants what is
documented nowhere; these were reported.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, visit

from dexxy_simulator.graph.documents import checked
from dexxy_simulator.graph.errors import GitHubError
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.tokens import covered

# Of a type, all fields.
TYPES: Final = {"Team": ("read:org", "read:discussion")}
FIELDS: Final = {("User", "email"): ("user:email", "read:user")}


class _Wanting(Visitor):
    """Collects the fields of a document that want a scope."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.found: list[tuple[FieldNode, tuple[str, ...]]] = []
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Look at a field."""
        parent = self._types.get_parent_type()
        kind, name = parent.name if parent else "", node.name.value
        if name == "__typename":
            return
        if scopes := FIELDS.get((kind, name)) or TYPES.get(kind):
            self.found.append((node, scopes))


@lru_cache(maxsize=256)
def _wanting(document: str, *, newer: bool) -> list[tuple[FieldNode, tuple[str, ...]]]:
    parsed, _ = checked(document, newer=newer)
    assert parsed is not None, "what cannot be parsed was refused"
    types = TypeInfo(schema(newer=newer))
    fields = _Wanting(types)
    visit(parsed, TypeInfoVisitor(types, fields))
    return fields.found


def refused_fields(
    document: str, granted: frozenset[str] | None, *, newer: bool
) -> list[GitHubError]:
    """Return an error, as GitHub words it, for each field that wants a scope which is not there.

    Args:
        document: one without mistakes.
        granted: the scopes of the token; None where it has none by its kind.
        newer: whether the server knows what is newer than the published schema.
    """
    if granted is None:
        return []
    return [
        GitHubError(
            "INSUFFICIENT_SCOPES",
            "Your token has not been granted the required scopes to execute this query. The"
            f" '{node.name.value}' field requires one of the following scopes: {[*scopes]}, but"
            f" your token has only been granted the: {sorted(granted)} scopes. Please modify"
            " your token's scopes at: https://github.com/settings/tokens.",
            nodes=[node],
        )
        for node, scopes in _wanting(document, newer=newer)
        if not covered(scopes, granted)
    ]
