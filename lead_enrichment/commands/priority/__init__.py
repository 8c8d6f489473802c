"""`leads priority`: which facilities to call first, and whether that order is any good."""

from __future__ import annotations

import typer

from lead_enrichment.commands.priority.evaluate import evaluate_command

app = typer.Typer(no_args_is_help=True, help="Judge the order in which facilities are called.")
app.callback()(lambda: None)
app.command("evaluate")(evaluate_command)
