"""`leads contracts`: keeps what is written from the contracts in step with them."""

from __future__ import annotations

import typer

from lead_enrichment.bronze import EXTERNAL_MODELS, external_models_yaml

app = typer.Typer(no_args_is_help=True, help="Work with the contracts of the sources.")


@app.callback()
def contracts() -> None:
    """Work with the contracts of the sources."""


@app.command("write-external-models")
def write_external_models() -> None:
    """Write external_models/bronze.yaml from the contracts, after one of them was changed."""
    EXTERNAL_MODELS.write_text(external_models_yaml(), encoding="utf-8")
    typer.echo(f"{EXTERNAL_MODELS} written.")
