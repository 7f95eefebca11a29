"""Indexes that are made and dropped while turns go on (docs/migrations.md).

For migrations with `atomic = False`. Django's own operations are for PostgreSQL alone; on other
databases these do what AddIndex and RemoveIndex do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres import operations
from django.db.migrations import AddIndex, RemoveIndex
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState

    class _Concurrent(Operation):
        """What the mixin stands before."""

else:
    _Concurrent = object


class _WherePossible(_Concurrent):
    plain: ClassVar[type[Operation]]

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        act = super().database_forwards
        if schema_editor.connection.vendor != "postgresql":
            act = partial(self.plain.database_forwards, self)
        act(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        act = super().database_backwards
        if schema_editor.connection.vendor != "postgresql":
            act = partial(self.plain.database_backwards, self)
        act(app_label, schema_editor, from_state, to_state)


class AddIndexConcurrently(_WherePossible, operations.AddIndexConcurrently):
    plain = AddIndex


class RemoveIndexConcurrently(_WherePossible, operations.RemoveIndexConcurrently):
    plain = RemoveIndex
