"""`leads doctor`: do ledger, archive, bronze, warehouse and published copy tell the same?"""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted


def doctor_command(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
) -> None:
    """Compare ledger, archive, bronze, warehouse and published copy by hashes and counts, and name each difference.

    Exit code 1 where a difference is left.
    """
    from lead_enrichment.ingest.doctor import examine

    console = Console(highlight=False)
    with errors_as_sentences():
        found = examine(data_paths(), repair)
    left = [item for item in found if not item.is_mended]
    if as_json:
        print_json(
            [
                {"what": item.difference.what, "where": item.difference.where, "remedy": item.difference.remedy,
                 "mended": item.is_mended, "failure": item.failure or None}
                for item in found
            ]
        )  # fmt: skip
    else:
        for item in found:
            outcome = "Mended." if item.is_mended else f"Not mended: {item.failure}" if item.failure else ""
            words = [f"{item.difference.where}: {item.difference.what}.", outcome or item.difference.remedy]
            console.print(" ".join(filter(None, words)), soft_wrap=True)
        mended = f", {len(found) - len(left):,} mended" if repair else ""
        console.print(f"{counted(len(found), 'difference')} found{mended}.")
    if left:
        raise typer.Exit(1)
