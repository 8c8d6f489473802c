"""`leads summary`: what production says about the leads now."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import LOADED, QUARANTINED
from lead_enrichment.ledger import Ledger
from lead_enrichment.paths import DataPaths, data_paths

COUNTS = """
    SELECT
        source_key,
        COUNT(*) FILTER (is_live) AS leads,
        COUNT(*) FILTER (NOT is_live) AS gone,
        COUNT(*) FILTER (is_duplicate_in_salesforce) AS duplicates,
        COUNT(*) FILTER (matched_lead_key IS NOT NULL) AS matched,
        COUNT(*) FILTER (is_net_new) AS net_new
    FROM facts.fact_lead_match
    GROUP BY source_key
    ORDER BY source_key
"""


def summary_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show leads, duplicates, matches and net-new leads by source, and the files behind them."""
    with errors_as_sentences():
        paths = data_paths(create=False)
        rows = _counts(paths)
        attempts = Ledger(paths.bronze).attempts()
    loaded = [row for row in attempts if row["status"] == LOADED]
    refused = sum(row["status"] == QUARANTINED for row in attempts)
    recent = datetime.now(UTC) - timedelta(minutes=10)
    new = sum(row["finished_at"] > recent for row in loaded)
    if as_json:
        typer.echo(json.dumps({"sources": rows, "files_loaded": len(loaded), "files_refused": refused}, indent=2))
        return
    console = Console(highlight=False)
    table = Table("Source", "Leads", "Gone", "Duplicates", "Matched", "Net-new", title="Leads in production")
    for row in rows:
        table.add_row(str(row["source_key"]), *(f"{row[name]:,}" for name in list(row)[1:]))
    console.print(table)
    console.print(f"Files: {len(loaded):,} loaded, {refused:,} refused.")
    console.print(f"{new:,} files came in during the last ten minutes." if new else "Nothing is new.")
    console.print(
        "Next: `leads status` for the files, `sqlmesh plan dev` after changing a model, `make ui` for lineage, "
        "`make refresh` after dropping a file into landing/<source>/.",
        soft_wrap=True,
    )


def _counts(paths: DataPaths) -> list[dict[str, int]]:
    """Read the counts by source from production.

    Raises:
        UsageError: There is no warehouse yet, another process holds it, or production lacks the match fact.
    """
    if not paths.warehouse.exists():
        raise UsageError("there is no warehouse yet", str(paths.warehouse), "Run: make run")
    try:
        with duckdb.connect(str(paths.warehouse), read_only=True) as connection:
            counts: list[dict[str, int]] = connection.execute(COUNTS).to_arrow_table().to_pylist()
            return counts
    except duckdb.IOException as error:
        raise UsageError(
            "another process holds the warehouse", str(paths.warehouse), "Stop `make ui` or wait for the run to end."
        ) from error
    except duckdb.CatalogException as error:
        raise UsageError("production has not been planned yet", str(paths.warehouse), "Run: sqlmesh plan") from error
