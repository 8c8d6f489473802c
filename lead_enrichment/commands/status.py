"""`leads status`: which deliveries came, and which were refused."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lead_enrichment.bronze import write_empty_tables
from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.contracts import contracts
from lead_enrichment.ingest import DUPLICATE, LOADED, QUARANTINED
from lead_enrichment.ledger import Ledger
from lead_enrichment.paths import data_paths


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Show the deliveries of each source, and every file that was refused with its reason."""
    with errors_as_sentences():
        paths = data_paths()
        write_empty_tables(paths.bronze)
        attempts = Ledger(paths.bronze).attempts()
    sources = [_of_source(key, attempts) for key in contracts()]
    refused = [
        {"source": row["source_key"], "file": row["file_name"], "at": f"{row['started_at']:%Y-%m-%d %H:%M}",
         "reason": row["reason"]}
        for row in attempts
        if row["status"] == QUARANTINED
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps({"sources": sources, "refused": refused}, indent=2))
        return
    console = Console()
    table = Table("Source", "Files loaded", "Newest file date", "Rows loaded", "Rows rejected", "Repeated", "Refused")
    for item in sources:
        table.add_row(
            item["source"], f"{item['files_loaded']:,}", item["newest_file_date"] or "none yet",
            f"{item['rows_loaded']:,}", f"{item['rows_rejected']:,}", f"{item['files_repeated']:,}",
            f"{item['files_refused']:,}",
        )  # fmt: skip
    console.print(table)
    if refused:
        table = Table("Refused at", "File", "Reason")
        for row in refused[-20:]:
            table.add_row(row["at"], f"{row['source']}/{row['file']}", row["reason"])
        console.print(table)
        console.print(f"Refused files lie in {paths.quarantine}.", highlight=False, soft_wrap=True)


def _of_source(key: str, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [row for row in attempts if row["source_key"] == key]
    loaded = [row for row in rows if row["status"] == LOADED]
    return {
        "source": key,
        "files_loaded": len(loaded),
        "newest_file_date": str(max(row["file_date"] for row in loaded)) if loaded else None,
        "rows_loaded": sum(row["rows_loaded"] for row in loaded),
        "rows_rejected": sum(row["rows_rejected"] for row in loaded),
        "files_repeated": sum(row["status"] == DUPLICATE for row in rows),
        "files_refused": sum(row["status"] == QUARANTINED for row in rows),
    }
