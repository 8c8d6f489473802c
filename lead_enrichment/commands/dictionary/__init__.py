"""`leads dictionary`: what tables, columns and terms mean."""

from __future__ import annotations

import typer

from lead_enrichment.commands.dictionary.export import export_command
from lead_enrichment.commands.dictionary.show import show_command

app = typer.Typer(no_args_is_help=True, help="Show what tables, columns and terms mean, or write it all into a folder.")
app.command("show")(show_command)
app.command("export")(export_command)
