"""What the published copy holds beside the models, so that the pages of one lead find its rows at once.

In the tables of the models the keys lie anywhere, and of a text DuckDB's own statistics know eight bytes, in which all
keys of a source are alike: each question of a page would read a column of a million keys. DuckDB's indexes would find
them too, but stay in memory once they were read. So each lookup is a table sorted by the hash of a key, of which a
reader reads one block; what is in it is either the position of a row, or the row.
"""

from __future__ import annotations

import duckdb
from sqlglot import exp, parse_one

from lead_enrichment.warehouse.lookups import KEY_HASH, LOOKUP_SCHEMA, PAIR_LOOKUP, PAIRS, lookup_name
from lead_enrichment.warehouse.reading import one_row

# Views of production that show one table, and the columns by which their rows are asked for.
POSITIONS = (
    ("dims.dim_lead_validity", "lead_key"),
    ("facts.fact_enriched_lead", "entity_key"),
    ("facts.fact_lead_match", "entity_key"),
    ("facts.fact_lead_match", "lead_key"),
    ("facts.fact_match_status_change", "lead_key"),
    ("intermediate.int_lead_current", "lead_key"),
    ("intermediate.int_lead_version", "lead_key"),
    ("intermediate.int_match_lead", "email"),
    ("intermediate.int_match_lead", "lead_key"),
    ("intermediate.int_match_lead", "mobile"),
    ("intermediate.int_match_lead", "phone"),
    ("quality.lead_score", "lead_key"),
)
# Of what has many rows for a key, the rows themselves, which then lie beside each other.
ROWS = (
    ("facts.fact_enriched_attribute", "entity_key", "entity_key, attribute, reason"),
    ("quality.lead_failure", "lead_key", "lead_key, rule, points, reason, remedy"),
)
# A search asks for many rows at once, for which an index is best.
INDEXES = (("marts.sales_lead", "entity_key"), ("marts.search_lead", "lead_number"))
VIEWS = "SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE database_name = ? AND NOT internal"


def make_lookups(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Make each lookup whose model is there.

    Args:
        connection: Open on the warehouse, as its current catalog.
        catalog: Attached copy of it that gets them.
    """
    (own,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    views = dict(connection.execute(VIEWS, [catalog]).fetchall())
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {catalog}.{LOOKUP_SCHEMA}")
    for view in sorted({view for view, *_ in POSITIONS} & views.keys()):
        # A view names the catalog of what it shows, and a copy has that of the warehouse where it is read.
        shown = f"SELECT *, rowid AS position FROM {_table(views[view], own)}"
        connection.execute(f"CREATE VIEW {catalog}.{lookup_name(view)} AS {shown}")
    positions = [(view, column) for view, column in POSITIONS if view in views]
    made = [(view, column, "rowid AS position", _table(views[view], catalog)) for view, column in positions]
    made += [(view, column, columns, view) for view, column, columns in ROWS if view in views]
    for view, column, held, source in made:
        connection.execute(
            f"CREATE TABLE {catalog}.{lookup_name(view, column)} AS "
            f"SELECT {KEY_HASH.format(column)} AS key_hash, {held} FROM {source} "
            f"WHERE NOT {column} IS NULL ORDER BY key_hash"
        )
    if {"intermediate.int_match_verdict", "intermediate.int_match_score"} <= views.keys():
        connection.execute(f"CREATE TABLE {catalog}.{PAIR_LOOKUP} AS {PAIRS} ORDER BY left_lead_number")
    for view, column in INDEXES:
        if view in views:
            name = f"{view}_{column}".replace(".", "_")
            connection.execute(f"CREATE INDEX {name} ON {_table(views[view], catalog)} ({column})")


def _table(view: str, catalog: str) -> str:
    """Return the one table that a view shows, in a catalog."""
    shown = parse_one(view, dialect="duckdb").expression.find(exp.Table)
    return exp.table_(shown.name, shown.db, catalog, quoted=True).sql("duckdb")
