"""`leads contracts proposals`, `accept` and `reject`: what the columns of a refused file most likely are."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console


def proposals_command(
    show_all: Annotated[bool, typer.Option("--all", help="Those that were decided too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proposals as JSON.")] = False,
) -> None:
    """List what refused columns most likely are, each with its evidence."""
    from lead_enrichment.ingest.ledger import PROPOSED, Ledger

    with errors_as_sentences():
        found = Ledger(data_paths().bronze).proposals()
    chosen = {key: rows for key, rows in found.items() if show_all or rows[0]["status"] == PROPOSED}
    if as_json:
        print_json(chosen)
        return
    console = Console(highlight=False)
    if not chosen:
        console.print("Nothing waits for a decision.")
        return
    for proposal_id, rows in chosen.items():
        decided = "" if rows[0]["status"] == PROPOSED else f", {rows[0]['status']} by {rows[0]['decided_by']}"
        table = Listing(
            "Delivered",
            "Most likely",
            *numbers("Score"),
            "Because",
            title=f"{proposal_id}: {rows[0]['file_name']}{decided}",
        )
        for row in rows:
            score = f"{row['score']:.2f}" if row["column_name"] else ""
            table.add_row(row["header"] or "", row["column_name"] or "", score, row["evidence"])
        console.print(table)
    console.print("Next: `leads contracts accept <proposal>`, or `leads contracts reject <proposal>`.", markup=False)


def accept_command(proposal: Annotated[str, typer.Argument(help="Such as texas-1a2b3c4d.")]) -> None:
    """Write a proposal's headers into the contract as aliases, and put the file back into landing."""
    from lead_enrichment.ingest.quarantine import accept

    with errors_as_sentences():
        accepted = accept(data_paths(), proposal)
    console = Console(highlight=False)
    for column, header in accepted.aliases.items():
        console.print(f"{accepted.source_key}: '{header}' is {column} from now on.", markup=False)
    console.print(f"contracts/{accepted.source_key}.yaml is version {accepted.version}: commit it.", markup=False)
    if accepted.released:
        console.print(f"{accepted.released} is released. Next: `make refresh`.", markup=False, soft_wrap=True)
    else:
        console.print("The file no longer lies in quarantine: put it into landing again.", markup=False)


def reject_command(proposal: Annotated[str, typer.Argument(help="Such as texas-1a2b3c4d.")]) -> None:
    """Keep the file of a proposal out; it stays in quarantine."""
    from lead_enrichment.ingest.quarantine import reject

    with errors_as_sentences():
        reject(data_paths(), proposal)
    typer.echo(f"{proposal} is rejected. Its file stays in quarantine.")
