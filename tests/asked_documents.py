"""All GraphQL documents that Dexxy asks GitHub, found by the functions that write them.

Each is written with every choice that its parameters leave. A function that is new is found by its
name, and a parameter that is new fails here until its choices are known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature
from itertools import product
from typing import Any, Final

from dexxy.integrations.services.github.api import queries
from dexxy.integrations.services.github.connecting.probe import FIELDS
from dexxy.messages.models import ThreadKind

_CHOICES: Final[Mapping[str, Sequence[Any]]] = {
    "kind": list(ThreadKind),
    "kinds": [*([kind] for kind in ThreadKind), list(ThreadKind)],
    "connections": [[name] for name in queries.NESTED_LISTS],
    "count": [1],
    "fields": list(FIELDS.values()),
}


def documents() -> dict[str, str]:
    """Return each document by how it is written, such as `skip_document(issue, blindly=True)`."""
    return {
        f"{name}({', '.join(f'{key}={value}' for key, value in given.items())})": write(**given)
        for name, write in vars(queries).items()
        if name.endswith("_document") and not name.startswith("_")
        for given in _every(write)
    }


def _every(write: Callable[..., str]) -> Iterator[dict[str, Any]]:
    """Yield the arguments of a function, in each combination."""
    parameters = signature(write).parameters
    choices = [
        [False, True] if one.annotation is bool else _CHOICES[name]
        for name, one in parameters.items()
    ]
    for values in product(*choices):
        yield dict(zip(parameters, values, strict=True))
