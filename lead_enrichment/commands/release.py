"""`leads release`: let a refused file in."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.paths import data_paths
from lead_enrichment.wording import visible


def release_command(
    name: Annotated[str, typer.Argument(metavar="FILE", help="Name of the file in quarantine, as delivered.")],
    reason: Annotated[str, typer.Option(help="Why it is right; the ledger keeps it with your name.")],
) -> None:
    """Put a refused file back into landing although it breaks a limit of its contract.

    A limit is a question to a person: is a fifth of the rows really gone?
    Who releases the file answers it. What no reader can make sense of, such
    as a missing column, is not let in by this.
    """
    from lead_enrichment.ingest.quarantine import release

    with errors_as_sentences():
        target = release(data_paths(), name, reason)
    typer.echo(f"{visible(str(target))} is released. Next: make refresh")
