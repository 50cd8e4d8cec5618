"""Sources that a script feeds: there is nothing of them but what it tells."""

from collections.abc import Iterable
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.sources.models import Source, SourceKind


@dataclass(frozen=True, slots=True)
class FedSource:
    """What is told of one source.

    Args:
        provider: the name of its platform.
        is_deleted: nothing of it is to be shown any more.
    """

    provider: str
    external_id: str
    name: str = ""
    url: str = ""
    is_deleted: bool = False


def sources_fed(workspace: Workspace) -> dict[tuple[str, str], int]:
    """Return the sources that scripts feed, also those that are archived.

    Returns: provider and external id -> primary key.
    """
    found = workspace.sources.fed()
    return {(one.server, one.external_id): one.pk for one in found}


def sources_feed(workspace: Workspace, told: Iterable[FedSource]) -> list[Source]:
    """Store what is told of sources, inside the caller's transaction.

    Returns: those that changed.
    """
    changed = []
    for one in sorted(told, key=lambda one: (one.provider, one.external_id)):
        key = {"kind": SourceKind.FED, "server": one.provider, "external_id": one.external_id}
        stored = workspace.sources.select_for_update(no_key=True).filter(**key).first()
        if stored is None and one.is_deleted:
            continue
        source = stored or Source(workspace=workspace, **key)
        before = (source.pk, source.name, source.url, source.is_archived)
        source.is_archived = one.is_deleted
        if not one.is_deleted:
            source.name, source.url = one.name, one.url
        if (source.pk, source.name, source.url, source.is_archived) != before:
            source.save()
            changed.append(source)
    return changed
