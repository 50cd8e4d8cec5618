"""The arguments of a field, which remember what was read of them.

An argument that a resolver never looks at is a promise of the schema that the simulator does not
keep, and a client that relies on it would be right here and wrong on GitHub. So each is to be
read, also the one that was not given and has a default: what is left over ends the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeAlias

from dexxy_simulator.graph.context import Info

Resolver: TypeAlias = "Callable[[Any, Info, Arguments], Any]"


class IgnoredArgumentError(Exception):
    """A resolver did not look at an argument that its field has."""


class Arguments(Mapping[str, Any]):
    """The arguments of one field, or the fields of one of its input objects."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {
            name: Arguments(value) if isinstance(value, dict) else value
            for name, value in given.items()
        }
        self._read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    @property
    def ignored(self) -> list[str]:
        """What nobody looked at, as in `filterBy.since`."""
        found = []
        for name, value in self._given.items():
            if name not in self._read:
                found.append(name)
            elif isinstance(value, Arguments):
                found += [f"{name}.{inner}" for inner in value.ignored]
        return found


def honouring(resolver: Resolver) -> Callable[..., Any]:
    """Make of a resolver one that graphql-core can call, and that has to read all arguments.

    Raises:
        IgnoredArgumentError: when called, if it did not.
    """

    @wraps(resolver)
    def resolve(source: Any, info: Info, **given: Any) -> Any:
        if not given:
            return resolver(source, info, NOTHING)
        arguments = Arguments(given)
        found = resolver(source, info, arguments)
        if arguments.ignored:
            place = f"{info.parent_type.name}.{info.field_name}"
            raise IgnoredArgumentError(f"{place} ignores {', '.join(arguments.ignored)}")
        return found

    return resolve


NOTHING = Arguments({})
