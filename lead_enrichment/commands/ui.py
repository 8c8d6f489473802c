"""`leads ui`: SQLMesh's web page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

BETTER = (
    "Lineage down to the delivered file, and what a change does to leads, flags and scores: make app. This page is for "
    "making plans."
)


def ui_command(
    apply: Annotated[
        bool, typer.Option("--apply", help="Serve production itself, so that plans are applied from the page.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Open SQLMesh's web page: tables, columns, lineage and plans. Ctrl-C stops it.

    For lineage and for what a change does to the leads `leads app` is better:
    it shows flags and scores, and serves many at once.

    It shows a copy of production, so that it may stay open: runs go on, and
    what is planned or applied on the page stays in the copy and goes with it.
    With --apply the page works on production, and other SQLMesh commands wait
    until it is stopped.
    """
    from lead_enrichment.preview.page import production_copy, serve

    console = Console(highlight=False)
    console.print(BETTER, soft_wrap=True)
    with errors_as_sentences():
        paths = data_paths()
        if apply:
            console.print(
                "The page holds the warehouse while it is open: runs and plans, the nightly one too, wait until it is "
                "stopped.",
                soft_wrap=True,
            )
            code = serve(paths, host, port, is_copy=False)
        else:
            with production_copy(paths) as copy:
                console.print(
                    f"http://{host}:{port} shows a copy of production as of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. "
                    "What is applied there stays there, and is removed with the copy when the page is stopped. To "
                    "apply to production from the page: make ui APPLY=1",
                    soft_wrap=True,
                )
                code = serve(copy, host, port, is_copy=True)
    raise typer.Exit(code)
