"""How rows are written: the roots of all addresses in them, and the dialect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.ids import legacy_node_id
from dexxy_simulator.model import Node


def _legacy_id(node: Node) -> str:
    return legacy_node_id(node.typename, node.database_id)


@dataclass(frozen=True)
class Urls:
    """The roots of the REST API and of the pages, without a slash at the end.

    `shows_aliases` says that accounts are called by their other name. `legacy_id` writes a node id
    in the older format; a world's own finds the node by it from then on.
    """

    api: str
    html: str
    dialect: Dialect = USUAL
    shows_aliases: bool = False
    legacy_id: Callable[[Node], str] = _legacy_id

    def node_id(self, node: Node) -> str:
        """Write a node id in the format that the REST API has."""
        if self.dialect.legacy_node_ids_in_rest:
            return self.legacy_id(node)
        return node.node_id


# What the recorded rows carry.
GITHUB: Final = Urls(api="https://api.github.com", html="https://github.com")
