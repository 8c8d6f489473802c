"""`leads contracts scaffold`: the draft of a new source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences


def scaffold_command(
    file: Annotated[Path, typer.Argument(help="A file as the new source delivers it.")],
    source: Annotated[str, typer.Option(help="Key of the source, such as utah.")],
) -> None:
    """Draft the contract and the staging model of a new source from a file of it.

    Names, natural key and what each column holds are guessed from the header
    and the first rows; what was not recognised is in the contract, and NULL
    in the model. A person finishes both: docs/adding-a-source.md walks
    through it.
    """
    from lead_enrichment.scaffold import write_draft

    with errors_as_sentences():
        contract, model, remarks = write_draft(file, source, Path())
    for remark in remarks:
        typer.echo(remark)
    typer.echo(f"{contract} and {model} are drafted. Read both, then:")
    typer.echo("  leads contracts write-external-models && sqlmesh format && leads contracts check")
