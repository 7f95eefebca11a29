from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from accounts.concurrently import AddIndexConcurrently, RemoveIndexConcurrently

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = migrations.CreateModel(
    "Shelf", [("id", models.BigAutoField(primary_key=True)), ("width", models.IntegerField())]
)
ADDED = AddIndexConcurrently("shelf", models.Index(fields=["width"], name="shelf_by_width"))


def apply(
    operation: Operation, before: ProjectState, *, backwards: bool = False
) -> tuple[ProjectState, list[str]]:
    """As a migration with `atomic = False` does; the state after it, and the SQL."""
    after = before.clone()
    operation.state_forwards("accounts", after)
    with (
        CaptureQueriesContext(connection) as asked,
        connection.schema_editor(atomic=False) as editor,
    ):
        if backwards:
            operation.database_backwards("accounts", editor, after, before)
        else:
            operation.database_forwards("accounts", editor, before, after)
    return after, [query["sql"] for query in asked]


@pytest.fixture
def shelf() -> Iterator[ProjectState]:
    state, _ = apply(TABLE, ProjectState())
    yield state
    with connection.schema_editor() as editor:
        editor.delete_model(state.apps.get_model("accounts", "Shelf"))


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "accounts_shelf"))


def test_an_index_comes_and_goes_on_any_database(shelf: ProjectState) -> None:
    after, made = apply(ADDED, shelf)
    assert "shelf_by_width" in indexes()
    _, dropped = apply(RemoveIndexConcurrently("shelf", "shelf_by_width"), after)
    assert "shelf_by_width" not in indexes()
    on_postgresql = connection.vendor == "postgresql"
    assert all(("CONCURRENTLY" in sql) is on_postgresql for sql in [*made, *dropped])


def test_and_back(shelf: ProjectState) -> None:
    after, _ = apply(ADDED, shelf)
    removal = RemoveIndexConcurrently("shelf", "shelf_by_width")
    apply(removal, after)
    apply(removal, after, backwards=True)
    assert "shelf_by_width" in indexes()
    apply(ADDED, shelf, backwards=True)
    assert "shelf_by_width" not in indexes()
