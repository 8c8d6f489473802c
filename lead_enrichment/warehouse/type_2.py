"""The model kind `type_2_from_log`: validity of versions (SCD type 2), built from an append-only log of changes.

SQLMesh's own type 2 kinds see nothing but their interval, so they replay history day by day and write the whole table
at each step. Here the log is at hand: whatever interval is built, the keys that changed in it get their rows from the
whole log again, and all other rows stay. One step builds any number of days, and days in any order.

Tried on SQLMesh 0.236.4, which finds the kind by the package's entry point in the group `sqlmesh.materializations`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import model_validator
from sqlglot import exp, parse_one
from sqlmesh.core.model.kind import CustomKind
from sqlmesh.core.snapshot.definition import remove_interval
from sqlmesh.core.snapshot.evaluator import CustomMaterialization
from sqlmesh.utils.date import to_datetime
from sqlmesh.utils.errors import ConfigError

# The columns of the begin and the end of validity.
VALID_FROM, VALID_TO = "valid_from", "valid_to"
# Days before and after any in a log.
FIRST_DAY, LAST_DAY = "1970-01-01", "2200-01-01"
DIALECT = "duckdb"

Span = tuple[int, int]


class Type2FromLogKind(CustomKind):
    """The kind's settings: `unique_key`, the column of the durable key, and `version`, that of the version's key."""

    # Two steps at a time would write the same table.
    batch_concurrency: int | None = 1

    @model_validator(mode="after")
    def _names_its_columns(self) -> Type2FromLogKind:
        for name in ("unique_key", "version"):
            self._column(name)
        return self

    def _column(self, name: str) -> exp.Column:
        column = self.materialization_properties.get(name)
        if not isinstance(column, exp.Column):
            raise ConfigError(
                f"The kind {Type2FromLog.NAME} needs one column as {name}. Name it in the model, such as: "
                "materialization_properties (unique_key = lead_key, version = lead_version_key)"
            )
        return column

    @property
    def key(self) -> str:
        """The column that says whose validity a row is."""
        return self._column("unique_key").name

    @property
    def version(self) -> str:
        """The column that tells two states of a key apart."""
        return self._column("version").name


class Type2FromLog(CustomMaterialization[Type2FromLogKind]):
    """Keeps for each key the versions that it had, each valid from its change until the next.

    The model's query gives the changes of an interval, one a key and day at most, with the time of the change in
    `valid_from` and nothing in `valid_to`.

    Of several changes within a day the query gives the last. One that was the last when it was built, and is no more,
    stays in the table, since readers have seen it: the later one closes it. A restatement of the day drops it.
    """

    NAME = "type_2_from_log"

    def insert(
        self,
        table_name: str,
        query_or_df: Any,
        model: Any,
        is_first_insert: bool,
        render_kwargs: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        """Build the keys that changed in the interval; in a new table, and in one restated as a whole, all keys."""
        if not isinstance(query_or_df, exp.Query):
            raise ConfigError(f"{model.name} is a Python model; the kind {self.NAME} needs one in SQL.")
        kind: Type2FromLogKind = model.kind
        columns = list(model.columns_to_types_or_raise)
        log = model.render_query_or_raise(**{**render_kwargs, "start": FIRST_DAY, "end": LAST_DAY})
        history = History(kind.key, kind.version, columns, log)
        if is_first_insert:
            self._replace_query_for_model(model, table_name, history.query(), render_kwargs, **kwargs)
            return
        snapshot = kwargs["snapshot"]
        built = snapshot.intervals if kwargs["deployability_index"].is_deployable(snapshot) else snapshot.dev_intervals
        interval = _whole_days(snapshot, kwargs["start"], kwargs["end"])
        anew = [interval]
        for start, end in built:
            anew = remove_interval(anew, *_whole_days(snapshot, start, end))

        def write_anew(query: exp.Expr) -> None:
            self._replace_query_for_model(model, table_name, query, render_kwargs, **kwargs)

        renew(self.adapter, table_name, history, query_or_df, interval, anew, write_anew)


@dataclass(frozen=True)
class History:
    """What a log says of validity: each change that differs from the one before, until the next.

    Args:
        key: The column that says whose validity a row is.
        version: The column that tells two states of a key apart.
        columns: The table's columns.
        log: The query of the changes of all days.
    """

    key: str
    version: str
    columns: Sequence[str]
    log: exp.Query

    @property
    def names(self) -> str:
        """The columns, as SQL lists them."""
        return ", ".join(self.columns)

    def query(self, touched: str = "", table: str = "", anew: Sequence[Span] = ()) -> exp.Expr:
        """Return the query of validity.

        Args:
            touched: A table of the keys to give; all keys of the log where it is left out.
            table: What was built so far. Its changes that the log no longer gives count too, except those in `anew`.
            anew: The spans of time that are built for the first time, or restated; in milliseconds.
        """
        known = f"SELECT {self.names} FROM log"
        if touched:
            known = f"""
                {known} WHERE {self.is_in(touched)}
                UNION ALL
                SELECT {self.names} FROM {table} AS held
                WHERE {self.is_in(touched)}
                  AND NOT {_begins_in(anew)}
                  AND NOT EXISTS (
                    SELECT 1 FROM log AS logged
                    WHERE logged.{self.key} = held.{self.key} AND logged.{VALID_FROM} = held.{VALID_FROM}
                  )
            """
        by_key = f"OVER (PARTITION BY {self.key} ORDER BY {VALID_FROM})"
        shown = (f"LEAD({VALID_FROM}) {by_key} AS {VALID_TO}" if name == VALID_TO else name for name in self.columns)
        return parse_one(
            f"""
            WITH log AS ({_text(self.log)}), known AS ({known}), compared AS (
                SELECT {self.names}, LAG({self.version}) {by_key} AS version_before FROM known
            )
            SELECT {", ".join(shown)} FROM compared WHERE version_before IS NULL OR version_before <> {self.version}
            """,
            dialect=DIALECT,
        )

    def is_in(self, touched: str) -> str:
        """Return the condition that a row's key is in a table of keys."""
        return f"{self.key} IN (SELECT {self.key} FROM {touched})"


def renew(
    adapter: Any,
    table_name: str,
    history: History,
    changes: exp.Query,
    interval: Span,
    anew: Sequence[Span],
    write_anew: Callable[[exp.Expr], None],
) -> None:
    """Compute the keys again that changed in an interval, and leave the rows of all others as they are.

    Args:
        adapter: SQLMesh's engine adapter.
        table_name: The table of validity.
        history: What the log says.
        changes: The query of the log's changes in the interval.
        interval: The interval, in milliseconds.
        anew: The parts of it that are built for the first time, or restated.
        write_anew: Called with a query of the whole table where the engine has no DELETE, such as Spark over Parquet.
    """
    table = _text(exp.to_table(table_name))
    keys = parse_one(
        f"""
        SELECT {history.key} FROM ({_text(changes)}) AS now
        UNION
        SELECT {history.key} FROM {table} AS before WHERE {_begins_in([interval])}
        """,
        dialect=DIALECT,
    )
    with adapter.temp_table(keys, name=table_name) as touched_table:
        if not adapter.fetchone(exp.select("1").from_(touched_table).limit(1)):
            return
        touched = _text(touched_table)
        with adapter.temp_table(history.query(touched, table, anew), name=table_name) as renewed:
            rows = exp.select(*history.columns).from_(renewed)
            if adapter.INSERT_OVERWRITE_STRATEGY.is_delete_insert:
                adapter.delete_from(table_name, parse_one(history.is_in(touched), dialect=DIALECT))
                adapter.insert_append(table_name, rows)
            else:
                # Without an alias, or SQLMesh does not see that the query reads the table that it replaces.
                others = f"SELECT {history.names} FROM {table} WHERE NOT {history.is_in(touched)}"
                write_anew(exp.union(parse_one(others, dialect=DIALECT), rows, distinct=False))


def _begins_in(spans: Sequence[Span]) -> str:
    """Return the condition that a validity begins in one of the spans."""
    conditions = (
        f"{VALID_FROM} >= CAST('{to_datetime(start)}' AS TIMESTAMPTZ) "
        f"AND {VALID_FROM} < CAST('{to_datetime(end)}' AS TIMESTAMPTZ)"
        for start, end in spans
    )
    return f"({' OR '.join(f'({condition})' for condition in conditions) or 'FALSE'})"


def _whole_days(snapshot: Any, start: Any, end: Any) -> Span:
    """Return an interval widened to whole days: a day that is not over is built from all that it brought so far."""
    span: Span = snapshot.inclusive_exclusive(start, end, strict=False, allow_partial=False)
    return span


def _text(expression: exp.Expr) -> str:
    return expression.sql(dialect=DIALECT, comments=False)
