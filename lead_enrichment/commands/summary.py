"""`leads summary`: what production holds about the leads now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

if TYPE_CHECKING:
    from lead_enrichment.warehouse.reading import Row

# A version begins at the received_at of the delivery that brought it.
CHANGES = """
    WITH version AS (
        SELECT
            source_key,
            valid_from,
            is_listed AND NOT is_deleted AS is_live,
            LAG(is_listed AND NOT is_deleted) OVER (PARTITION BY lead_key ORDER BY valid_from) AS was_live
        FROM dims.dim_lead
    )
    SELECT
        v.source_key,
        COUNT(*) FILTER (v.is_live AND v.was_live IS NULL) AS new,
        COUNT(*) FILTER (v.is_live AND v.was_live) AS changed,
        COUNT(*) FILTER (v.is_live AND NOT v.was_live) AS back,
        COUNT(*) FILTER (NOT v.is_live AND v.was_live) AS gone
    FROM version AS v
    SEMI JOIN facts.fact_file_load AS l
        ON l.source_key = v.source_key AND l.received_at = v.valid_from
            AND l.status = ? AND l.finished_at >= ?
    GROUP BY v.source_key
    ORDER BY v.source_key
"""


def summary_command(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"],
            help="Show too what the files brought that were taken in from this time on (UTC).",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show leads, duplicates, matches and net-new leads by source, and the files behind them."""
    from lead_enrichment.commands.match.standing import print_standing
    from lead_enrichment.ingest.ledger import LOADED, QUARANTINED, Ledger
    from lead_enrichment.matching.decisions import standing
    from lead_enrichment.preview.difference import counts_by_source
    from lead_enrichment.warehouse.reading import production, published_at, rows

    since = since and since.replace(tzinfo=UTC)
    with errors_as_sentences():
        paths = data_paths(create=False)
        with production(paths) as connection:
            leads = rows(connection, counts_by_source("facts.fact_lead_match"))
            changes = rows(connection, CHANGES, LOADED, since) if since else []
            decided = standing(connection, paths)
        as_of = published_at(paths)
        attempts = Ledger(paths.bronze).attempts()
    loaded = [row for row in attempts if row["status"] == LOADED]
    refused = sum(row["status"] == QUARANTINED for row in attempts)
    new_files = [row for row in loaded if since and row["finished_at"] >= since]
    if as_json:
        summary: dict[str, Any] = {"sources": leads, "files_loaded": len(loaded), "files_refused": refused}
        summary |= {"pairs_waiting": decided.waiting, "decisions": decided.outcomes}
        summary["decisions_without_effect"] = decided.without_effect
        if since:
            summary |= {"files_new": len(new_files), "changes": changes}
        print_json(summary)
        return
    console = Console(highlight=False)
    console.print(_table("Leads in production", leads))
    if as_of:
        console.print(f"As published {as_of:%Y-%m-%d %H:%M} UTC.")
    console.print(f"Files: {len(loaded):,} loaded, {refused:,} refused.")
    print_standing(console, decided)
    if since and not new_files:
        console.print("Nothing is new.")
    elif since:
        # Where all files are new, each lead is new: the first table shows it.
        if changes and len(new_files) < len(loaded):
            console.print(_table("What the new files brought", changes))
        console.print(f"{len(new_files):,} of the files are new.")
    console.print(
        "Next: `leads status` for the files, `sqlmesh plan dev` after changing a model, `make ui` for lineage, "
        "`make refresh` after putting a file into landing/<source>/.",
        soft_wrap=True,
    )


def _table(title: str, counts: list[Row]) -> Listing:
    names = list(counts[0]) if counts else ["source_key"]
    headings = numbers(
        *({"net_new": "Net-new", "to_review": "To review"}.get(name, name.capitalize()) for name in names[1:])
    )
    table = Listing("Source", *headings, title=title)
    for row in counts:
        table.add_row(str(row["source_key"]), *(f"{row[name]:,}" for name in names[1:]))
    return table
