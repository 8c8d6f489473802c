"""`leads withdraw`: take a load back."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.refresh import call_sqlmesh
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted


def withdraw_command(
    delivery: Annotated[
        str, typer.Argument(metavar="FILE", help="Id, beginning of an id, file name, or source/file name.")
    ],
    reason: Annotated[str, typer.Option(help="Why; the ledger keeps it with your name.")],
    restate: Annotated[bool, typer.Option("--restate", help="Build the days that it touched again, at once.")] = False,
) -> None:
    """Take a load back, as if the file had never come.

    The ledger keeps the load with status withdrawn, its rows leave bronze for
    withdrawn/, and the archive keeps its bytes. The models show it until the
    days since it was received are built again: the last line says how, and
    --restate does it. The same file may be loaded again.
    """
    from lead_enrichment.ingest.withdrawal import withdraw

    console = Console(highlight=False)
    with errors_as_sentences():
        done = withdraw(data_paths(), delivery, reason)
    console.print(
        f"{done.source_key}/{done.file_name} is withdrawn: {counted(done.rows, 'row')} left bronze.",
        markup=False,
        soft_wrap=True,
    )
    if done.first_day is None:
        console.print("It was received on a day still to come, which no model has built: nothing is to be restated.")
        return
    words = ["--restate-model", "staging.*", "--start", str(done.first_day), "--run", "--ignore-cron"]
    if restate:
        call_sqlmesh(["plan", *words, "--auto-apply", "--no-prompts", "--skip-tests"])
        return
    shown = " ".join(word if word != "staging.*" else f"'{word}'" for word in words)
    console.print(
        f"The models show it until the days from {done.first_day} on are built again: sqlmesh plan {shown}",
        markup=False,
        soft_wrap=True,
    )
