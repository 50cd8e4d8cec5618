"""Delete workspaces whose time is over, with every row that is theirs."""

from collections.abc import Iterator

import structlog
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import CASCADE, PROTECT, ForeignKey, Model
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.github.connecting.installation_link import connection_end
from dexxy.kept.files import files_forget
from dexxy.people.models import ExportPiece

log = structlog.get_logger()

# Who cannot be without what they point to goes with it.
_TIES = (CASCADE, PROTECT)


def workspaces_delete_due() -> int:
    """Delete each workspace whose grace is over; one that fails is logged, and stays due.

    Returns: how many were deleted.
    """
    due = Workspace.objects.filter(delete_at__lte=timezone.now()).order_by("pk")
    return sum(_try_to_delete(pk, slug) for pk, slug in due.values_list("pk", "slug"))


def _try_to_delete(pk: int, slug: str) -> bool:
    try:
        return _delete(pk)
    except Exception:
        if not connection.is_usable():
            raise
        # A defect of ours keeps one workspace, and not those after it.
        log.exception("workspace not deleted", workspace=slug)
        return False


def _delete(pk: int) -> bool:
    """Delete one workspace, in one transaction: whoever looks sees all of it or nothing."""
    with transaction.atomic():
        found = Workspace.objects.select_for_update().filter(pk=pk, delete_at__lte=timezone.now())
        workspace = found.first()
        if workspace is None:  # taken back, or deleted by another worker
            return False
        files = ExportPiece.objects.filter(export__workspace=workspace).order_by("pk")
        names = list(files.values_list("name", flat=True))
        # First of all, so that whoever reads GitHub for it stops before it stores.
        ended = connection_end(workspace)
        rows = sum(_delete_rows(model, path, workspace) for model, path in _owned())
        if ended is not None:
            # What an App is installed on stays known: another workspace may connect it.
            GitHubInstallation.objects.filter(pk=ended.pk, app=None).delete()
        Workspace.objects.filter(pk=pk)._raw_delete(DEFAULT_DB_ALIAS)
        # A storage that is away undoes nothing.
        transaction.on_commit(lambda: files_forget(names), robust=True)
    log.info("workspace deleted", workspace=workspace.slug, rows=rows)
    return True


def _owned() -> Iterator[tuple[type[Model], str]]:
    """Return the models whose rows belong to a workspace, each with the lookup of that.

    Apps and models stand in the order in which they build on each other, so the last one that
    is defined is the first one to go; the constraints are checked at the end. Before all of them
    go the tables of many-to-many fields, to which nothing refers.
    """
    models = [*reversed(apps.get_models(include_auto_created=True))]
    for model in sorted(models, key=lambda one: not one._meta.auto_created):
        path = _path(model)
        if path:
            yield model, path


def _path(model: type[Model]) -> str:
    """Return the lookup from MODEL to its workspace; '' where it has none."""
    ties = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.remote_field.on_delete in _TIES
    ]
    for field in ties:
        if field.related_model is Workspace:
            return field.name
    for field in ties:
        if field.related_model is not model and (further := _path(field.related_model)):
            return f"{field.name}__{further}"
    return ""


def _delete_rows(model: type[Model], path: str, workspace: Workspace) -> int:
    # Not by Django's own `delete`, which would have every row in memory to look for others.
    return int(model._base_manager.filter(**{path: workspace})._raw_delete(DEFAULT_DB_ALIAS))
