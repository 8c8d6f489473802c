"""Which rows of a table changed, and when: what lets a model be built from the changes of the tables that it reads.

Kept in the warehouse beside the tables, so that it is true of them whichever copy is put back. Changes are numbered in
the order in which they were made, and the numbers are never used again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

SCHEMA = "build_log"
TABLES, READ, NUMBERS = f"{SCHEMA}.changed_table", f"{SCHEMA}.read_change", f"{SCHEMA}.change_number"
NUMBER = "change_number"
# How many changes of a table are remembered. An environment that was not built for longer builds its models whole.
KEPT = 60
DIALECT = "duckdb"


class ChangeLog:
    """The changes of a warehouse's tables. A table is named as SQLMesh names it, with or without its catalog.

    Args:
        cursor: Of the warehouse's connection to DuckDB.
    """

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLES} "
            "(physical_table TEXT PRIMARY KEY, newest BIGINT, known_since BIGINT, replaced BIGINT)"
        )
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {READ} (physical_table TEXT PRIMARY KEY, inputs TEXT)")
        cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {NUMBERS}")

    def newest(self, table: str) -> int:
        """Return the number of a table's last change; 0 where none is known."""
        return int(self._ask(f"SELECT newest FROM {TABLES} WHERE physical_table = ?", short_name(table)) or 0)

    def since(self, table: str, number: int) -> str | None:
        """Return the query of the keys of the rows that changed after a change, as they were and as they are.

        Returns:
            None where that is not known: the table was built whole since, or is not logged.
        """
        known_since = self._ask(f"SELECT known_since FROM {TABLES} WHERE physical_table = ?", short_name(table))
        if known_since is None or number < known_since:
            return None
        return f"SELECT DISTINCT * EXCLUDE ({NUMBER}) FROM {_changes(table)} WHERE {NUMBER} > {number}"

    def add(self, table: str, changed: str, replaced: int = 0) -> bool:
        """Write down which rows of a table have changed, and return whether any has.

        Args:
            table: The table.
            changed: A query of the keys of these rows, as they were and as they are.
            replaced: How many of its rows were replaced; of a table that is not kept so none.
        """
        changes = _changes(table)
        logged = [name for name, *_ in self._cursor.execute(f"DESCRIBE {changed}").fetchall()]
        if not self.newest(table) or self._columns(table) not in ([], logged):
            # Nobody has asked for these keys before.
            self.built_whole(table)
        number = self._ask(f"SELECT NEXTVAL('{NUMBERS}')")
        self._cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {changes} AS SELECT *, 0::BIGINT AS {NUMBER} FROM ({changed}) LIMIT 0"
        )
        self._cursor.execute(f"INSERT INTO {changes} SELECT DISTINCT *, {number} FROM ({changed})")
        if not self._ask(f"SELECT COUNT(*) FROM {changes} WHERE {NUMBER} = {number}"):
            return False
        self._cursor.execute(
            f"UPDATE {TABLES} SET newest = {number}, replaced = replaced + {replaced} WHERE physical_table = ?",
            [short_name(table)],
        )
        oldest = self._ask(f"SELECT DISTINCT {NUMBER} FROM {changes} ORDER BY 1 DESC LIMIT 1 OFFSET {KEPT}")
        if oldest is not None:
            self._cursor.execute(f"DELETE FROM {changes} WHERE {NUMBER} <= {oldest}")
            self._cursor.execute(
                f"UPDATE {TABLES} SET known_since = {oldest} WHERE physical_table = ?", [short_name(table)]
            )
        return True

    def keep_rows(self, table: str, columns: Sequence[str], condition: str) -> None:
        """Remember some rows of a table, before they are built anew, until `add_difference`.

        Args:
            table: The table.
            columns: The columns by which its changes are logged.
            condition: SQL that tells the rows.
        """
        self._cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_before(table)} AS {_contents(table, columns, condition)}")

    def add_difference(self, table: str, columns: Sequence[str], condition: str) -> bool:
        """Write down which of the rows that `keep_rows` remembered are others now, and return whether any is."""
        before = _before(table)
        self._cursor.execute(f"CREATE OR REPLACE TEMP TABLE rows_now AS {_contents(table, columns, condition)}")
        different = f"FROM rows_now EXCEPT FROM {before} UNION ALL (FROM {before} EXCEPT FROM rows_now)"
        is_different = self.add(table, f"SELECT {', '.join(columns)} FROM ({different})")
        self._cursor.execute(f"DROP TABLE {before}; DROP TABLE rows_now")
        return is_different

    def built_whole(self, table: str) -> None:
        """Write down that any row of a table may have changed."""
        number = self._ask(f"SELECT NEXTVAL('{NUMBERS}')")
        self._cursor.execute(f"DROP TABLE IF EXISTS {_changes(table)}")
        self._cursor.execute(f"INSERT OR REPLACE INTO {TABLES} VALUES (?, {number}, {number}, 0)", [short_name(table)])

    def replaced(self, table: str) -> int:
        """Return how many rows of a table were replaced since it was last written in one piece."""
        return int(self._ask(f"SELECT replaced FROM {TABLES} WHERE physical_table = ?", short_name(table)) or 0)

    def written_anew(self, table: str) -> None:
        """Write down that a table was written in one piece, as what it was."""
        self._cursor.execute(f"UPDATE {TABLES} SET replaced = 0 WHERE physical_table = ?", [short_name(table)])

    def read(self, table: str) -> dict[str, tuple[str, int]]:
        """Return what a table was last built from: of each table that it read, its identity and its last change."""
        found = self._ask(f"SELECT inputs FROM {READ} WHERE physical_table = ?", short_name(table))
        return {name: (identity, number) for name, (identity, number) in json.loads(found or "{}").items()}

    def was_read(self, table: str, inputs: Mapping[str, str]) -> None:
        """Write down what a table is built from now.

        Args:
            table: The table.
            inputs: Of each table that it reads what identifies its content.
        """
        read = {name: (identity, self.newest(name)) for name, identity in inputs.items()}
        self._cursor.execute(f"INSERT OR REPLACE INTO {READ} VALUES (?, ?)", [short_name(table), json.dumps(read)])

    def tidy(self) -> None:
        """Forget tables that are gone."""
        gone = self._cursor.execute(
            f"""
            SELECT physical_table FROM (FROM {TABLES} SELECT physical_table UNION FROM {READ} SELECT physical_table)
            WHERE physical_table NOT IN (SELECT schema_name || '.' || table_name FROM duckdb_tables())
            """
        ).fetchall()
        for (table,) in gone:
            self._cursor.execute(f"DROP TABLE IF EXISTS {_changes(table)}")
            for state in (TABLES, READ):
                self._cursor.execute(f"DELETE FROM {state} WHERE physical_table = ?", [table])

    def _columns(self, table: str) -> list[str]:
        """Return the columns by which the changes of a table are logged; none where none was."""
        found = self._cursor.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name || '.\"' || table_name || '\"' = ? "
            f"AND column_name <> '{NUMBER}' ORDER BY column_index",
            [_changes(table)],
        ).fetchall()
        return [name for (name,) in found]

    def _ask(self, question: str, *words: str) -> Any:
        found = self._cursor.execute(question, words).fetchone()
        return None if found is None else found[0]


def _contents(table: str, columns: Sequence[str], condition: str) -> str:
    return f"SELECT {', '.join(columns)}, HASH(whole_row) AS content FROM {table} AS whole_row WHERE {condition}"


def short_name(table: str | exp.Table) -> str:
    """Return the name of a table without its catalog and quotes."""
    named = exp.to_table(table, dialect=DIALECT)
    return f"{named.db}.{named.name}"


def _before(table: str) -> str:
    return f'"rows_before_of_{exp.to_table(table, dialect=DIALECT).name}"'


def _changes(table: str) -> str:
    return f'{SCHEMA}."changes_of_{exp.to_table(table, dialect=DIALECT).name}"'
