"""`leads contracts`: what the contracts hold, and keeping what is written from them in step."""

from __future__ import annotations

import typer

from lead_enrichment.commands.contracts.check import check_command
from lead_enrichment.commands.contracts.external_models import write_external_models_command
from lead_enrichment.commands.contracts.impact import impact_command
from lead_enrichment.commands.contracts.proposals import accept_command, proposals_command, reject_command
from lead_enrichment.commands.contracts.scaffold import scaffold_command

app = typer.Typer(no_args_is_help=True, help="Work with the contracts of the sources.")
app.command("write-external-models")(write_external_models_command)
app.command("check")(check_command)
app.command("scaffold")(scaffold_command)
app.command("proposals")(proposals_command)
app.command("accept")(accept_command)
app.command("reject")(reject_command)
app.command("impact")(impact_command)
