"""`leads refresh`: take in what has landed and bring production up to date, now."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.ingest import print_outcomes
from lead_enrichment.commands.sqlmesh import prepare_sqlmesh
from lead_enrichment.commands.summary import summary_command
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console


def refresh_command() -> None:
    """Take in what has landed, build what it changes, and show the summary. Exit code 1 where a file was refused.

    Where no file is new and production was built today already, nothing is built.
    """
    from lead_enrichment.ingest.ledger import QUARANTINED, Ledger
    from lead_enrichment.ingest.run import ingest
    from lead_enrichment.warehouse.freshness import freshness, is_built, note_built

    started, console = datetime.now(UTC), Console()
    with errors_as_sentences():
        paths = data_paths()
        outcomes = ingest(paths, console=console)
        print_outcomes(outcomes, paths, console)
        wanted = freshness(Ledger(paths.bronze).attempts(("attempt_id", "status")))
        if is_built(paths, wanted):
            console.print("Production shows all that was delivered: no model needs to be built.")
        else:
            # Every model of production, up to now.
            call_sqlmesh(["run", "--ignore-cron"])
            note_built(paths, wanted)
    summary_command(since=started.replace(microsecond=0))
    if any(item.status == QUARANTINED for item in outcomes):
        raise typer.Exit(1)


def call_sqlmesh(words: list[str]) -> None:
    """Call sqlmesh in this process, and wait where another process holds the warehouse.

    Args:
        words: Its command with options, such as `run --ignore-cron`.

    Raises:
        typer.Exit: SQLMesh has said what failed.
    """
    from sqlmesh.cli.main import cli

    prepare_sqlmesh()
    # Outside of the project: SQLMesh's web page would reload at every line written.
    logs = Path(tempfile.gettempdir()) / f"lead_enrichment_{os.getuid()}" / "logs"
    try:
        cli(["--log-file-dir", str(logs), *words], prog_name="sqlmesh")
    except SystemExit as left:
        if left.code:
            raise typer.Exit(left.code if isinstance(left.code, int) else 1) from left
