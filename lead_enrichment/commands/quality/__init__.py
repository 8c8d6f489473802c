"""`leads quality`: the rules of data quality and what they found, and what deliveries hold."""

from __future__ import annotations

import typer

from lead_enrichment.commands.quality.check import check_command
from lead_enrichment.commands.quality.compare import compare_command
from lead_enrichment.commands.quality.lead import lead_command
from lead_enrichment.commands.quality.profile import profile_command
from lead_enrichment.commands.quality.rules import rules_command

app = typer.Typer(no_args_is_help=True, help="Check the rules of data quality, and show what they and deliveries hold.")
app.command("check")(check_command)
app.command("rules")(rules_command)
app.command("lead")(lead_command)
app.command("compare")(compare_command)
app.command("profile")(profile_command)
