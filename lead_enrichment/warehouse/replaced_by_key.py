"""The model kind `replaced_by_key`: a table as of kind FULL, of which a run builds the rows that may have changed.

A model's query says itself which those are. It begins with a CTE `touched` that lists keys of what it reads:

    WITH touched AS (
      SELECT e.entity_key FROM intermediate.int_entity AS e
      UNION
      SELECT e.entity_key FROM intermediate.int_lead_current AS c JOIN intermediate.int_entity AS e USING (lead_key)
    )
    … WHERE f.entity_key IN (SELECT t.entity_key FROM touched AS t)

As it stands, the query gives all rows, and so do unit tests and other engines. A run reads the table behind each FROM
of `touched` as the rows that changed since this model was last built, and what is joined there whole. The rows of the
touched keys are computed, compared with those that the table has, and the differences replaced and logged in turn.

The table is built whole where that is not known to be the same: by a plan, where another table that it reads changed,
where a table of `touched` was built whole itself, or where most keys are touched. Then the conditions on `touched` are
left out. A model without `touched` is computed whole each time, and only what differs is replaced.

Tried on SQLMesh 0.236.4, which finds the kind by the package's entry point in the group `sqlmesh.materializations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from sqlglot import exp, parse_one
from sqlmesh.core.model.kind import CustomKind
from sqlmesh.core.snapshot.evaluator import CustomMaterialization
from sqlmesh.utils.errors import ConfigError

from lead_enrichment.warehouse.change_log import ChangeLog, short_name
from lead_enrichment.warehouse.connection import transaction

DIALECT = "duckdb"
TOUCHED = "touched"
# Where more keys are touched than this share of the rows that they come from, the whole is as quick. And a table of
# which more rows were replaced since it was written in one piece is written so again.
MOST = 0.3
# What is computed on the way.
TEMPORARY = ("touched_key", "renewed", "difference")


class ReplacedByKeyKind(CustomKind):
    """The kind's settings.

    `touched_by`: the columns of the model that hold a key of `touched`, where they are named otherwise, such as the
    two leads of a pair; a row is touched if one of them is.
    """

    batch_concurrency: int | None = 1

    @property
    def touched_by(self) -> list[str]:
        """The columns that hold a key of `touched`; none where they are named as there."""
        given: Any = self.materialization_properties.get("touched_by")
        columns = given.expressions if isinstance(given, exp.Tuple) else [given] if given else []
        if any(not isinstance(column, exp.Column) for column in columns):
            raise ConfigError(
                f"The kind {ReplacedByKey.NAME} needs columns as touched_by. Name them in the model, such as: "
                "materialization_properties (touched_by = (left_lead_key, right_lead_key))"
            )
        return [column.name for column in columns]


@dataclass(frozen=True)
class Reading:
    """What a run knows while it builds a model.

    Args:
        log: The changes of the warehouse's tables.
        inputs: Of each table that the model names what it reads there, and what identifies its content: the table
            itself, or the tables behind a view.
        may_narrow: Whether it may be built from changes; a plan builds all that it is asked to.
        audited: Its table, and the number of the last change that its audits have seen; None where they see it whole.
    """

    log: ChangeLog
    inputs: Mapping[str, Mapping[str, str]]
    may_narrow: bool
    audited: tuple[str, int] | None = None

    def identities(self, query: exp.Query) -> dict[str, str]:
        """Return of each table that a query reads what identifies its content."""
        named = {short_name(table) for table in query.find_all(exp.Table)}
        return {name: identity for table in named for name, identity in self.inputs.get(table, {}).items()}


_READING: ContextVar[Reading | None] = ContextVar("READING", default=None)


@contextmanager
def built_from(reading: Reading | None) -> Iterator[None]:
    """Let a model be built and audited by what a run knows of it; None where it is another kind's."""
    token = _READING.set(reading)
    try:
        yield
    finally:
        _READING.reset(token)


def changed_since_audited() -> exp.Query | None:
    """Return the query of the keys that changed since the audits saw the table that is being built.

    Returns:
        None where any may have changed.
    """
    reading = _READING.get()
    keys = reading.log.since(*reading.audited) if reading and reading.audited else None
    return None if keys is None else parse_one(keys, dialect=DIALECT, into=exp.Select)


class ReplacedByKey(CustomMaterialization[ReplacedByKeyKind]):
    """Builds the rows of the keys that were touched since the last build, or all."""

    NAME = "replaced_by_key"

    def insert(
        self,
        table_name: str,
        query_or_df: Any,
        model: Any,
        is_first_insert: bool,
        render_kwargs: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        """Build the model, and write down what it was built from: both, or neither where the run is stopped."""
        if not isinstance(query_or_df, exp.Query):
            raise ConfigError(f"{model.name} is a Python model; the kind {self.NAME} needs one in SQL.")
        reading = _READING.get()
        if reading is None:
            self._replace_query_for_model(model, table_name, whole(query_or_df), render_kwargs, **kwargs)
            return
        table = KeyedTable(
            name=table_name,
            columns=[*model.columns_to_types_or_raise],
            logged=logged_columns(model),
            touched_by=model.kind.touched_by,
            query=query_or_df,
        )
        log, cursor = reading.log, self.adapter.cursor
        with transaction(cursor):
            if is_first_insert or not reading.may_narrow or not table.renew(cursor, reading):
                self._replace_query_for_model(model, table_name, table.whole, render_kwargs, **kwargs)
                log.built_whole(table_name)
            elif log.replaced(table_name) > MOST * table.count(cursor, table_name):
                # Row by row it has lost the order in which it is read fastest.
                table.write_anew(cursor)
                log.written_anew(table_name)
            log.was_read(table_name, reading.identities(query_or_df))
            for name in TEMPORARY:
                cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")


def is_replaced_by_key(model: Any) -> bool:
    """Whether a model of SQLMesh's is of this kind."""
    return isinstance(model.kind, ReplacedByKeyKind)


def logged_columns(model: Any) -> list[str]:
    """Return the columns by which the changed rows of a model are logged: its grain, and the keys that it refers to."""
    named = [column for key in (*model.grains, *model.references) for column in key.find_all(exp.Column)]
    return [*dict.fromkeys(column.name for column in named)]


@dataclass(frozen=True)
class KeyedTable:
    """A table that is kept by replacing rows.

    Args:
        name: The table.
        columns: Its columns.
        logged: Those by which changed rows are logged.
        touched_by: Those that hold a key of `touched`, where they are named otherwise.
        query: The model's query, of physical tables.
    """

    name: str
    columns: list[str]
    logged: list[str]
    touched_by: list[str]
    query: exp.Query

    @cached_property
    def touched(self) -> exp.Query | None:
        """The query of the touched keys; None where the model has none."""
        return touched_of(self.query)

    @cached_property
    def narrowed(self) -> str:
        """The query of the rows of the touched keys, which a temporary table holds."""
        keys = parse_one("SELECT * FROM temp.touched_key", dialect=DIALECT)
        narrowed = self.query.copy()
        for cte in [*narrowed.find_all(exp.CTE)]:
            if cte.alias == TOUCHED:
                cte.set("this", keys)
        return _sql(narrowed)

    @cached_property
    def whole(self) -> exp.Query:
        """The query of all rows."""
        return whole(self.query)

    def renew(self, cursor: Any, reading: Reading) -> bool:
        """Replace the rows that differ.

        Returns:
            False where the table has to be built whole; it is as it was then.
        """
        touched = self.touched
        if touched is None:
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE renewed AS {_sql(self.query)}")
            condition = "TRUE"
        else:
            now, before = reading.identities(self.query), reading.log.read(self.name)
            if before.keys() != now.keys():
                return False
            changed = {name for name, identity in now.items() if not identity or identity != before[name][0]}
            # What only `touched` joins says which keys belong to which, as of now.
            others = reading.identities(self.whole).keys() - {*map(short_name, driving(touched))}
            keys = _of_changes(
                touched, {name: before[name][1] if name in changed else None for name in before}, reading
            )
            if keys is None or changed & others:
                return False
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE touched_key AS SELECT DISTINCT * FROM ({keys})")
            keys_touched = self.count(cursor, "temp.touched_key")
            if not keys_touched:
                return True
            if keys_touched > MOST * max(self.count(cursor, _sql(table)) for table in driving(touched)):
                return False
            condition = self.condition(touched)
            cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE renewed AS SELECT * FROM ({self.narrowed}) AS held WHERE {condition}"
            )
        self._replace(cursor, reading.log, condition)
        return True

    def write_anew(self, cursor: Any) -> None:
        """Write the table in one piece, in the order that the query gives it."""
        order = self.query.args.get("order")
        cursor.execute(f"CREATE OR REPLACE TABLE {self.name} AS FROM {self.name} {_sql(order) if order else ''}")

    @staticmethod
    def count(cursor: Any, table: str) -> int:
        """Return the number of rows of a table."""
        (rows,) = cursor.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
        return int(rows)

    def condition(self, touched: exp.Query) -> str:
        """Return the condition that a row of the table `held` is one of the touched keys."""
        keys = ", ".join(touched.named_selects)
        if self.touched_by:
            return " OR ".join(f"held.{column} IN (SELECT {keys} FROM temp.touched_key)" for column in self.touched_by)
        held = ", ".join(f"held.{column}" for column in touched.named_selects)
        return f"({held}) IN (SELECT {keys} FROM temp.touched_key)"

    def _replace(self, cursor: Any, log: ChangeLog, condition: str) -> None:
        """Put the rows of `renewed` in the place of the touched ones that differ from them."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        keys = ", ".join(self.logged)
        # The rows themselves are compared by their hashes: two that differ are taken for the same once in 2 to the 64.
        held = f"SELECT rowid AS held_at, {keys}, HASH(({names})) AS content FROM {self.name} AS held WHERE {condition}"
        new = f"SELECT rowid AS new_at, {keys}, HASH(({names})) AS content FROM renewed"
        cursor.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE difference AS
            SELECT held_at, new_at, {", ".join(f"COALESCE(h.{key}, n.{key}) AS {key}" for key in self.logged)}
            FROM ({held}) AS h FULL JOIN ({new}) AS n
            ON h.content = n.content AND {" AND ".join(f"h.{key} IS NOT DISTINCT FROM n.{key}" for key in self.logged)}
            WHERE held_at IS NULL OR new_at IS NULL
            """
        )
        cursor.execute(f"DELETE FROM {self.name} WHERE rowid IN (SELECT held_at FROM difference)")
        added = f"SELECT {names} FROM renewed WHERE rowid IN (SELECT new_at FROM difference)"
        cursor.execute(f"INSERT INTO {self.name} ({names}) {added}")
        log.add(self.name, f"SELECT {keys} FROM difference", self.count(cursor, "temp.difference"))


def whole(query: exp.Query) -> exp.Query:
    """Return a model's query of all rows, without what narrows it to touched keys."""

    def left_out(node: exp.Expr) -> exp.Expr:
        asked = node.args.get("query") if isinstance(node, exp.In) else None
        return exp.true() if asked and any(table.name == TOUCHED for table in asked.find_all(exp.Table)) else node

    all_rows = cast(exp.Query, query.transform(left_out))
    for cte in [*all_rows.find_all(exp.CTE)]:
        if cte.alias == TOUCHED:
            _drop(cte)
    return all_rows


def touched_of(query: exp.Query) -> exp.Query | None:
    """Return the query of the touched keys of a model's query; None where it has none."""
    return next((cte.this for cte in query.ctes if cte.alias == TOUCHED), None)


def driving(touched: exp.Query) -> list[exp.Table]:
    """Return the tables behind each FROM of the touched keys, whose changes are read there.

    Raises:
        ConfigError: One is no table.
    """
    tables = []
    for select in touched.find_all(exp.Select):
        table = select.args["from_"].this
        if not isinstance(table, exp.Table):
            raise ConfigError(f"Each FROM of the CTE {TOUCHED} needs a table, not: {table.sql(dialect=DIALECT)}")
        tables.append(table)
    return tables


def _of_changes(touched: exp.Query, numbers: Mapping[str, int | None], reading: Reading) -> str | None:
    """Return the query of the touched keys, of what has changed.

    Args:
        touched: The query, of whole tables.
        numbers: Of each table that the model reads the last change that it has seen; None where it has seen all.
        reading: What the run knows.

    Returns:
        None where the changes of a table are not known.
    """
    narrowed = touched.copy()
    for table in driving(narrowed):
        name = short_name(table)
        number = numbers.get(name)
        changes = (
            f"SELECT * FROM {_sql(exp.to_table(name))} LIMIT 0" if number is None else reading.log.since(name, number)
        )
        if changes is None:
            return None
        rows = parse_one(changes, dialect=DIALECT, into=exp.Select)
        table.replace(rows.subquery(table.alias_or_name))
    return _sql(narrowed)


def _drop(cte: exp.CTE) -> None:
    clause = cte.parent
    cte.pop()
    if clause and not clause.expressions:
        clause.pop()


def _sql(expression: exp.Expr) -> str:
    return expression.sql(dialect=DIALECT, comments=False)
