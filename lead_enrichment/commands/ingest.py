"""`leads ingest`: take in what has landed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.match.standing import print_refusals
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.ingest.run import Outcome
    from lead_enrichment.matching.decisions import Refusal


def ingest_command(
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Date deliveries by the date they claim: for an archive of old files.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome of each file as JSON.")] = False,
) -> None:
    """Take in every file under landing/<source>/. Exit code 1 where a file went to quarantine."""
    from lead_enrichment.ingest.ledger import QUARANTINED, Ledger
    from lead_enrichment.ingest.run import UNREADABLE, ingest, touched_intervals

    console = Console()
    with errors_as_sentences():
        paths = data_paths()
        before = (
            {row["attempt_id"] for row in Ledger(paths.bronze).attempts(("attempt_id",))}
            if backfill and paths.warehouse.exists()
            else set()
        )
        outcomes = ingest(paths, backfill, None if as_json else console)
        touched = touched_intervals(paths, before) if backfill else []
    if as_json:
        refused = _refusals(outcomes, paths)
        print_json([_as_json(outcome, refused) for outcome in outcomes])
    else:
        print_outcomes(outcomes, paths, console)
    if touched:
        first, last = touched[0], touched[-1]
        # No end: what came later is compared with these files, and today must not be left out.
        Console(stderr=True).print(
            f"The files entered days from {first} to {last}, which production may have done already. Run: "
            f"sqlmesh plan --restate-model 'staging.*' --start {first} --run --ignore-cron",
            highlight=False,
            soft_wrap=True,
        )
    if any(item.status in (QUARANTINED, UNREADABLE) for item in outcomes):
        raise typer.Exit(1)


def _refusals(outcomes: list[Outcome], paths: DataPaths) -> list[Refusal]:
    """Return the decisions that decide nothing, of the files of decisions that were taken in."""
    from lead_enrichment.ingest.ledger import LOADED
    from lead_enrichment.matching.decisions import SOURCE, refusals

    files = [item.file_id for item in outcomes if item.source_key == SOURCE and item.status == LOADED]
    return refusals(paths, files)


def _as_json(outcome: Outcome, refused: list[Refusal]) -> dict[str, Any]:
    problems = [
        {"row": item.row_number, "problem": item.problem} for item in refused if item.file_id == outcome.file_id
    ]
    return {**asdict(outcome), **({"decisions_refused": problems} if problems else {})}


def print_outcomes(outcomes: list[Outcome], paths: DataPaths, console: Console) -> None:
    """Print the outcome of each file that was taken in; of more than twenty, those alone that have a reason."""
    from lead_enrichment.ingest.ledger import QUARANTINED

    if not outcomes:
        console.print(f"Nothing new in {paths.landing}.", highlight=False, soft_wrap=True)
        return
    table = Listing(*keys("Source", "File", "Status"), *numbers("Loaded", "Rejected"))
    shown = outcomes if len(outcomes) <= 20 else [item for item in outcomes if item.reason]
    for item in shown:
        table.add_row(item.source_key, item.file_name, item.status, f"{item.rows_loaded:,}", f"{item.rows_rejected:,}")
    if shown:
        console.print(table)
    for item in shown:
        if item.reason:
            # The reason of a refused file begins with its name.
            name = "" if item.reason.startswith(item.file_name or "/") else f"{item.file_name}: "
            console.print(f"{name}{item.reason}", markup=False, highlight=False, soft_wrap=True)
    print_refusals(console, outcomes, _refusals(outcomes, paths))
    rows = sum(item.rows_loaded for item in outcomes)
    refused = sum(item.status == QUARANTINED for item in outcomes)
    files = f"{counted(sum(bool(item.file_name) for item in outcomes), 'file')} taken, {counted(rows, 'row')} loaded"
    console.print(f"{files}, {counted(refused, 'file')} in quarantine.")
