"""Check what was told against what is stored: its sources and threads are there, or are told."""

from collections.abc import Iterator
from itertools import islice

from dexxy.accounts.models import Workspace
from dexxy.messages.ingest.feeding import threads_known
from dexxy.people.activities.lines import LineKind
from dexxy.people.activities.staging import NamedThread, Stage
from dexxy.sources.feeding import sources_fed

_AT_ONCE = 1_000
_NO_SOURCE = "There is no such source: tell of it, in a line of the type source."
_NO_THREAD = "There is no such thread: tell of it, in a line of the type thread."
_OTHER_KIND = "It is of the kind {kind} already, and a thread keeps its kind: correct the line."


def stage_check(workspace: Workspace, stage: Stage) -> None:
    """Note what is wrong with lines because of what others tell, or because of what is stored.

    Args:
        stage: with all lines that are right by themselves, sorted.
    """
    stored = sources_fed(workspace)
    told = {(row.provider, row.name) for row in stage.rows(LineKind.SOURCE) if not row.is_deleted}
    for provider, source in stage.sources():
        source_id = stored.get((provider, source))
        if source_id is None and (provider, source) not in told:
            stage.refuse_source(provider, source, _NO_SOURCE)
        else:
            _check_threads(workspace, stage, provider, source, source_id)


def _check_threads(
    workspace: Workspace, stage: Stage, provider: str, source: str, source_id: int | None
) -> None:
    for batch in _batches(stage.threads(provider, source)):
        known = (
            threads_known(workspace.pk, source_id, [one.name for one in batch]) if source_id else {}
        )
        for one in batch:
            kind = known.get(one.name, one.kind)
            if one.is_only_named and one.name not in known:
                stage.refuse_thread(provider, source, one.name, _NO_THREAD)
            elif one.kind and {one.kind, one.other_kind} != {kind}:
                text = _OTHER_KIND.format(kind=kind)
                stage.refuse_kind(provider, source, one.name, kind, text)


def _batches(threads: Iterator[NamedThread]) -> Iterator[list[NamedThread]]:
    while batch := list(islice(threads, _AT_ONCE)):
        yield batch
