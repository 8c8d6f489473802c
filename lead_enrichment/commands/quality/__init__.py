"""`leads quality`: check the rules of data quality, and show what they found."""

from __future__ import annotations

import typer

from lead_enrichment.commands.quality.check import check_command
from lead_enrichment.commands.quality.compare import compare_command
from lead_enrichment.commands.quality.lead import lead_command
from lead_enrichment.commands.quality.rules import rules_command

app = typer.Typer(no_args_is_help=True, help="Check the rules of data quality, and show what they found.")
app.command("check")(check_command)
app.command("rules")(rules_command)
app.command("lead")(lead_command)
app.command("compare")(compare_command)
