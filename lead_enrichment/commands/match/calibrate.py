"""`leads match calibrate`: confidence counted against known answers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

SEED = Path("seeds") / "match_calibration.csv"


def calibrate_command(
    truth: Annotated[
        Path | None, typer.Option(help="CSV with lead_key and facility_id; the demo's truth by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the probabilities, but write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the probabilities as JSON.")] = False,
) -> None:
    """Count how often a net-new lead is known after all, and a kept one a duplicate, and write
    seeds/match_calibration.csv.

    The old probability counts like ten leads, so that few leads move it a
    little. Production is only read. Look at the effect before you promote it:
    sqlmesh plan dev, then leads match compare dev.
    """
    from lead_enrichment.matching.calibration import calibrate, write_calibration
    from lead_enrichment.warehouse.reading import warehouse

    with errors_as_sentences():
        paths = data_paths(create=False)
        with warehouse(paths) as connection:
            found = calibrate(connection, truth or paths.root / "truth" / "record_facility.csv", SEED)
        if not dry_run:
            write_calibration(SEED, found)
    if as_json:
        print_json([{**asdict(row), "new": row.new} for row in found])
        return
    table = Listing("Claim", "Verdict", "Both licensed", *numbers("From bits", "Leads", "Wrong", "Old", "New"))
    for row in found:
        table.add_row(
            row.claim.replace("_", " "),
            row.verdict.replace("_", " "),
            "yes" if row.are_both_licensed else "no",
            f"{row.least_weight:g}",
            f"{row.leads:,}",
            f"{row.wrong:,}",
            f"{row.old:.1%}",
            f"{row.new:.1%}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "Nothing is written." if dry_run else f"{SEED} is written. Next: sqlmesh plan dev, then leads match compare dev"
    )
