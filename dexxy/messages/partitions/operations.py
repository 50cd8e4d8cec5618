"""Operations of migrations for tables that may be partitioned."""

from typing import Any

from django.contrib.postgres import operations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Index as ModelIndex
from django.db.models import Model

from dexxy.messages.partitions import shape
from dexxy.messages.partitions.tables import partitions_of


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Build an index while everything goes on, on a table that is partitioned or not.

    PostgreSQL builds none concurrently on a partitioned table: so it is built in each partition.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._ensure_not_in_transaction(schema_editor)
            _add(model, self.index, schema_editor)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._ensure_not_in_transaction(schema_editor)
            _remove(model, self.index, schema_editor)


class RemoveIndexConcurrently(operations.RemoveIndexConcurrently):
    """Drop an index of a table that is partitioned or not.

    PostgreSQL drops none concurrently on a partitioned table: there everybody waits for a moment.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._ensure_not_in_transaction(schema_editor)
            of_model = from_state.models[app_label, self.model_name_lower]
            _remove(model, of_model.get_index_by_name(self.name), schema_editor)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._ensure_not_in_transaction(schema_editor)
            of_model = to_state.models[app_label, self.model_name_lower]
            _add(model, of_model.get_index_by_name(self.name), schema_editor)


# The types know the editors of all databases, and PostgreSQL's alone builds concurrently.
def _add(model: type[Model], index: ModelIndex, editor: Any) -> None:
    table = model._meta.db_table
    if not partitions_of(table):
        editor.add_index(model, index, concurrently=True)
        return
    definition = str(index.create_sql(model, editor)).partition(f' ON "{table}" ')[2]
    if not definition.startswith("USING"):
        definition = f"USING btree {definition}"
    # It becomes part of a statement with parameters.
    of_all = shape.Index(index.name, definition.replace("%", "%%"))
    shape.index_build(table, index.name, of_all)


def _remove(model: type[Model], index: ModelIndex, editor: Any) -> None:
    is_parted = bool(partitions_of(model._meta.db_table))
    editor.remove_index(model, index, concurrently=not is_parted)
