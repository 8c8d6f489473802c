"""`leads contracts write-external-models`: what SQLMesh knows of bronze."""

from __future__ import annotations

import typer

from lead_enrichment.commands import errors_as_sentences


def write_external_models_command() -> None:
    """Write external_models/bronze.yaml from the contracts, after one of them was changed."""
    from lead_enrichment.bronze import EXTERNAL_MODELS, external_models_yaml

    with errors_as_sentences():
        EXTERNAL_MODELS.write_text(external_models_yaml(), encoding="utf-8")
    typer.echo(f"{EXTERNAL_MODELS} written.")
