"""One question about up to a hundred repositories: has anything changed in their lists of threads?

It tells what the first page of each list would: from the newest update down, what is older than the
watermark was read before. It does not tell of comments that were edited, nor of what vanished while
something else appeared.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dexxy.integrations.models import GitHubRepository, StreamName, SyncStream
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import THREAD_TYPES
from dexxy.integrations.services.github.api.values import count_of, time
from dexxy.integrations.services.github.reading.page_frame import is_switched_on, switched_off
from dexxy.integrations.services.github.reading.scans import THREAD_LISTS
from dexxy.integrations.services.github_client import Answer

Receipt = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Glance:
    """What an answer shows of one repository.

    Args:
        is_unchanged: no list that it shows has anything that was not read.
        receipt: what GitHub counts in each of these, as the receipt of a run holds it.
    """

    is_unchanged: bool
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Known:
    """A repository, and what is known of it here.

    Args:
        streams: by their names.
        receipt: of the last run that was read to its end.
        has_problem: a thread that could not be read is to be tried again.
    """

    repository: GitHubRepository
    streams: Mapping[str, SyncStream]
    receipt: Receipt
    has_problem: bool

    @property
    def shown(self) -> tuple[StreamName, ...]:
        """The lists that GitHub shows, as far as it has told."""
        refused = {name for name, stream in self.streams.items() if stream.refusal}
        return tuple(name for name in THREAD_LISTS if name not in refused)

    @property
    def switched_off(self) -> tuple[StreamName, ...]:
        """Those of the others whose feature was off."""
        return tuple(
            name
            for name, kind in THREAD_LISTS.items()
            if name in self.streams and self.streams[name].refusal == switched_off(kind)
        )


def glances_of(known: Sequence[Known], answer: Answer) -> dict[int, Glance]:
    """Read an answer to `glance_document`.

    Args:
        known: of which the same lists are shown.

    Returns: by the primary keys; what GitHub does not show has changed.

    Raises:
        UnexpectedAnswerError: the answer has another shape than the documented one.
    """
    with answer_shape("repositories"):
        nodes = answer.data["nodes"]
        return {
            one.repository.pk: _glance(one, node or {}, answer)
            for one, node in zip(known, nodes, strict=True)
        }


def _glance(known: Known, node: Mapping[str, Any], answer: Answer) -> Glance:
    repository = known.repository
    is_the_one = node.get("databaseId") == repository.github_id
    if not is_the_one or node["nameWithOwner"] != repository.full_name:
        return Glance(is_unchanged=False, receipt={})
    lines: Receipt = {}
    unchanged: list[bool] = []
    for name in known.shown:
        kind = THREAD_LISTS[name]
        shown = node[THREAD_TYPES[kind].list_field] if is_switched_on(node, kind) else None
        before, stream = known.receipt.get(kind, {}), known.streams.get(name)
        line = {
            "github": count_of(shown["totalCount"]) if shown else 0,
            "taken_at": answer.date.isoformat(),
            "is_enabled": shown is not None,
            "refusal": "",
        }
        is_as_before = all(line[key] == before.get(key) for key in ("github", "is_enabled"))
        unchanged.append(is_as_before and stream is not None and _is_known(stream, shown))
        lines[kind] = line
    unchanged += [not is_switched_on(node, THREAD_LISTS[name]) for name in known.switched_off]
    return Glance(is_unchanged=all(unchanged), receipt=lines)


def _is_known(stream: SyncStream, shown: Mapping[str, Any] | None) -> bool:
    newest: Collection[Any] = shown["nodes"] if shown else ()
    return all(
        stream.watermark is not None and time(node["updatedAt"]) < stream.watermark
        for node in newest
    )
