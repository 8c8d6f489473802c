"""`leads quality`: what deliveries hold, and what is wrong with it."""

from __future__ import annotations

import typer

from lead_enrichment.commands.quality.profile import profile_command

app = typer.Typer(no_args_is_help=True, help="Show what deliveries hold, and what is wrong with it.")
app.command("profile")(profile_command)
