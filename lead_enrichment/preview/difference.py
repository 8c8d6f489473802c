"""What differs between two states of production: leads, their attributes, flags and counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.warehouse.connection import connect, exactly, literal
from lead_enrichment.warehouse.reading import one_row

SAMPLES = 5
# Schemas whose models sales and analysts read.
READ_SCHEMAS = ("facts", "marts")
FLAGS = {"is_net_new": "net-new", "is_duplicate_in_salesforce": "duplicate to merge"}
KINDS = {
    "added": "New leads",
    "delisted": "No longer listed, or deleted",
    "back": "Back again",
    "changed": "Changed",
}
MEASURES = {
    "leads": "is_live",
    "gone": "NOT is_live",
    "duplicates": "is_duplicate_in_salesforce",
    "matched": "matched_lead_key IS NOT NULL",
    "to_review": "match_status = 'to_review'",
    "net_new": "is_net_new",
}


@dataclass(frozen=True)
class Sample:
    """One lead before and after."""

    lead_key: str
    name: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True)
class LeadChange:
    """Leads to which the same happened: how many, and the first few of them."""

    what: str
    leads: int
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Count:
    """A number before and after."""

    before: int
    after: int


@dataclass(frozen=True)
class Difference:
    """All that differs between two states.

    Args:
        leads: New, gone, back and changed leads, in the order of KINDS.
        attributes: By column, the leads known before in which it differs.
        flags: By flag and direction, the leads whose flag flipped; a lead that was not there had none.
        sources: Counts by source and measure.
        models: Rows by model.
    """

    leads: tuple[LeadChange, ...]
    attributes: tuple[LeadChange, ...]
    flags: tuple[LeadChange, ...]
    sources: dict[str, dict[str, Count]]
    models: dict[str, Count]

    @property
    def is_empty(self) -> bool:
        """Whether no lead is affected."""
        return not any(change.leads for change in (*self.leads, *self.flags))


@dataclass(frozen=True)
class KeptState:
    """A state of the warehouse, kept as Parquet files so that the warehouse may go on."""

    leads: Path
    matches: Path
    model_rows: dict[str, int]


def keep_state(warehouse: Path, folder: Path) -> KeptState:
    """Write what is compared of a warehouse into a folder.

    Views name the catalog, so two warehouses cannot be attached side by side: each would read the first one's tables.

    Raises:
        duckdb.CatalogException: Production has not been planned in it.
    """
    state = KeptState(folder / "leads_before.parquet", folder / "matches_before.parquet", {})
    with connect(str(warehouse), read_only=True) as connection:
        for model, path in (("intermediate.int_lead_current", state.leads), ("facts.fact_lead_match", state.matches)):
            connection.execute(f"COPY (SELECT * FROM {model}) TO {literal(path)} (FORMAT parquet)")
        state.model_rows.update(_model_rows(connection))
    return state


def compare(before: KeptState, warehouse: Path, untracked: Iterable[str]) -> Difference:
    """Return what differs between a state kept before and a warehouse now.

    Args:
        before: The state kept before.
        warehouse: The DuckDB file that holds the later state.
        untracked: Columns of a lead that do not count as changed where they alone differ.
    """
    with connect(str(warehouse), read_only=True) as connection:
        for view, path in (("lead_before", before.leads), ("match_before", before.matches)):
            connection.execute(f"CREATE TEMP VIEW {view} AS FROM READ_PARQUET({literal(exactly(path))})")
        connection.execute("""
            CREATE TEMP TABLE lead_pair AS
            SELECT
                COALESCE(a.lead_key, b.lead_key) AS lead_key,
                COALESCE(a.name, b.name) AS name,
                b AS before,
                a AS after,
                CASE
                    WHEN b.lead_key IS NULL THEN 'added'
                    WHEN b.is_live AND NOT COALESCE(a.is_live, FALSE) THEN 'delisted'
                    WHEN NOT b.is_live AND a.is_live THEN 'back'
                    ELSE 'changed'
                END AS kind
            FROM intermediate.int_lead_current AS a
            FULL JOIN lead_before AS b ON b.lead_key = a.lead_key
            WHERE a.content_hash IS DISTINCT FROM b.content_hash OR a.is_live IS DISTINCT FROM b.is_live
        """)
        columns = [row[0] for row in connection.execute("DESCRIBE lead_before").fetchall()]
        derived = {"lead_version_key", "is_crm", "is_listed", "is_live", "first_received_at", "born_at"}
        tracked = [name for name in columns if name not in {*untracked, *derived}]
        return Difference(
            leads=tuple(_lead_change(connection, kind, tracked) for kind in KINDS),
            attributes=_attribute_changes(connection, tracked),
            flags=tuple(_flag_change(connection, flag, became) for flag in FLAGS for became in (True, False)),
            sources=_source_counts(connection),
            models={
                name: Count(before.model_rows.get(name, 0), rows) for name, rows in _model_rows(connection).items()
            },
        )


def counts_by_source(table: str) -> str:
    """Return the SQL that counts each of MEASURES by source in a table of the shape of facts.fact_lead_match."""
    measures = ", ".join(f"COUNT(*) FILTER ({condition}) AS {name}" for name, condition in MEASURES.items())
    return f"SELECT source_key, {measures} FROM {table} GROUP BY source_key ORDER BY source_key"


def _lead_change(connection: duckdb.DuckDBPyConnection, kind: str, tracked: list[str]) -> LeadChange:
    (leads,) = one_row(connection, "SELECT COUNT(*) FROM lead_pair WHERE kind = ?", kind)
    rows = connection.execute(
        "SELECT lead_key, name, before, after FROM lead_pair WHERE kind = ? ORDER BY lead_key LIMIT ?", [kind, SAMPLES]
    ).fetchall()
    return LeadChange(kind, leads, tuple(_lead_sample(kind, row, tracked) for row in rows))


def _lead_sample(kind: str, row: tuple[Any, ...], tracked: list[str]) -> Sample:
    """Show one lead: what it was and is, or where it only changed the attributes that differ."""
    lead_key, name, before, after = row
    if kind != "changed":
        return Sample(lead_key, name, _lead_state(before), _lead_state(after))
    differing = [column for column in tracked if before[column] != after[column]]
    then, now = (
        "; ".join(f"{column}: {'(empty)' if lead[column] is None else lead[column]}" for column in differing)
        for lead in (before, after)
    )
    return Sample(lead_key, name, then, now)


def _lead_state(lead: dict[str, Any] | None) -> str:
    if lead is None or lead["lead_key"] is None:
        return "not known"
    if lead["is_deleted"]:
        return "deleted"
    return "live" if lead["is_live"] else "no longer listed"


def _attribute_changes(connection: duckdb.DuckDBPyConnection, tracked: list[str]) -> tuple[LeadChange, ...]:
    """Return the changed columns of leads known before and after, the most frequent first."""
    known = "before.lead_key IS NOT NULL AND after.lead_key IS NOT NULL"
    differs = {name: f'before."{name}" IS DISTINCT FROM after."{name}"' for name in tracked}
    counts = ", ".join(f"COUNT(*) FILTER ({condition})" for condition in differs.values())
    found = one_row(connection, f"SELECT {counts} FROM lead_pair WHERE {known}")
    changes = []
    for name, leads in zip(tracked, found, strict=True):
        if leads:
            rows = connection.execute(
                f'SELECT lead_key, name, before."{name}"::TEXT, after."{name}"::TEXT FROM lead_pair '
                f"WHERE {known} AND {differs[name]} ORDER BY lead_key LIMIT {SAMPLES}"
            ).fetchall()
            changes.append(LeadChange(name, leads, tuple(Sample(*row) for row in rows)))
    return tuple(sorted(changes, key=lambda change: -change.leads))


def _flag_change(connection: duckdb.DuckDBPyConnection, flag: str, became: bool) -> LeadChange:
    label = FLAGS[flag]
    flipped = f"""
        FROM facts.fact_lead_match AS a
        FULL JOIN match_before AS b ON b.lead_key = a.lead_key
        LEFT JOIN intermediate.int_lead_current AS l ON l.lead_key = a.lead_key
        WHERE COALESCE(a.{flag}, FALSE) = {became} AND COALESCE(b.{flag}, FALSE) <> {became}
    """
    (leads,) = one_row(connection, f"SELECT COUNT(*) {flipped}")
    rows = connection.execute(
        "SELECT COALESCE(a.lead_key, b.lead_key), l.name, COALESCE(b.reason, 'not known'), "
        f"COALESCE(a.reason, 'not known') {flipped} ORDER BY ALL LIMIT {SAMPLES}"
    ).fetchall()
    return LeadChange(f"Now {label}" if became else f"No longer {label}", leads, tuple(Sample(*row) for row in rows))


def _source_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Count]]:
    counted = {
        moment: {
            row[0]: dict(zip(MEASURES, row[1:], strict=True))
            for row in connection.execute(counts_by_source(table)).fetchall()
        }
        for moment, table in (("before", "match_before"), ("after", "facts.fact_lead_match"))
    }
    return {
        source: {
            name: Count(counted["before"].get(source, {}).get(name, 0), counted["after"].get(source, {}).get(name, 0))
            for name in MEASURES
        }
        for source in sorted({*counted["before"], *counted["after"]})
    }


def _model_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE list_contains(?, table_schema) ORDER BY 1",
        [list(READ_SCHEMAS)],
    ).fetchall()
    return {name: one_row(connection, f"SELECT COUNT(*) FROM {name}")[0] for (name,) in names}
