"""Querysets whose SQL is made once: a turn pays for the database, not for writing the question.

Django makes the SQL of a queryset anew each time, which takes longer than the database needs to
answer: half a millisecond for a join of three tables, one for a subquery or two. Here the queryset
is built once, with stand-ins for its values, and afterwards only the values change.

    _links = Prepared(lambda alexa_user_id: AccountLink.objects.filter(alexa_user_id=alexa_user_id))
    links = _links("amzn1.ask.account.…")  # a list, as list(queryset) is
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

Value = str | int | datetime

_LATE = datetime(9000, 1, 1, tzinfo=UTC)


class Prepared[Row]:
    """`build` makes the queryset from positional values: texts, whole numbers, aware datetimes.

    It gives models, with select_related() if need be, or tuples by values_list(). It must make the
    same statement whatever the values are, and compare them as they are (`exact`, `in`, `lt` …, no
    `contains`): a value that is not found again among the statement's parameters raises ValueError
    at the first call, and so does another number of values than then. What changes the statement
    itself belongs into a `Prepared` of its own.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        # two threads that begin at the same moment both make it, and either will do
        self._plan: _Plan[Row] | None = None

    def __call__(self, *values: Value) -> list[Row]:
        if self._plan is None:
            self._plan = _planned(self._build, values)
        return self._plan.rows(values)


@dataclass(frozen=True, slots=True)
class _Plan[Row]:
    sql: str
    count: int  # of values
    # for each parameter of the statement: which value it is, or -1 and a constant
    places: Sequence[tuple[int, Any]]
    # (column, functions from what the database has to what Python has, expression)
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]
    make: Callable[[list[Any]], Row]

    def rows(self, values: Sequence[Value]) -> list[Row]:
        if len(values) != self.count:
            raise ValueError(f"{len(values)} values for a statement that takes {self.count}")
        connection = connections[DEFAULT_DB_ALIAS]
        given = [_adapted(value, connection) for value in values]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [x if n < 0 else given[n] for n, x in self.places])
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for column, converters, expression in self.converters:
                for convert in converters:
                    row[column] = convert(row[column], expression, connection)
        return [self.make(row) for row in rows]


def _planned[Row](build: Callable[..., QuerySet[Any, Row]], values: Sequence[Value]) -> _Plan[Row]:
    connection = connections[DEFAULT_DB_ALIAS]
    stand_ins = [_stand_in(number, value) for number, value in enumerate(values)]
    found = {_adapted(each, connection): number for number, each in enumerate(stand_ins)}
    queryset = build(*stand_ins)
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    places = [(found.get(param, -1), param) for param in params]
    if missing := set(range(len(values))) - {number for number, _ in places}:
        raise ValueError(f"value {min(missing)} does not stand in the statement as it is: {sql}")
    columns = [selected[0] for selected in compiler.select[: compiler.col_count]]
    converters = [
        (column, tuple(functions), expression)
        for column, (functions, expression) in compiler.get_converters(columns).items()
    ]
    return _Plan(sql, len(values), places, converters, _maker(queryset, compiler))


def _maker(queryset: QuerySet[Any, Any], compiler: SQLCompiler) -> Callable[[list[Any]], Any]:
    """What makes a result of a row, as the queryset's own iterables do; they learn it each time."""
    prefetched = queryset._prefetch_related_lookups  # type: ignore[attr-defined]  # as below
    if prefetched or compiler.has_extra_select:
        raise TypeError("a prepared queryset is one statement, with the columns that are asked for")
    if queryset._iterable_class is ValuesListIterable:
        return tuple
    if queryset._iterable_class is not ModelIterable or compiler.annotation_col_map:
        raise TypeError("a prepared queryset gives models without annotations, or tuples")
    known: Any = compiler.klass_info
    start, end = known["select_fields"][0], known["select_fields"][-1] + 1
    names = [selected[0].target.attname for selected in compiler.select[start:end]]
    mode = queryset._fetch_mode  # type: ignore[attr-defined]  # not in the stubs
    related = get_related_populators(known, compiler.select, DEFAULT_DB_ALIAS, mode)

    def make(row: list[Any]) -> Any:
        instance = known["model"].from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for populator in related:
            populator.populate(row, instance)
        return instance

    return make


def _stand_in(number: int, value: Value) -> Value:
    """A value of the same kind that stands nowhere else in the statement."""
    if isinstance(value, str):
        return f"\N{INFORMATION SEPARATOR ONE}stand-in {number}"
    if isinstance(value, datetime):
        return _LATE + timedelta(seconds=number)
    return 2**62 + number


def _adapted(value: Value, connection: Any) -> Any:
    """As the statement's parameters have it: SQLite takes a time as a text."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
