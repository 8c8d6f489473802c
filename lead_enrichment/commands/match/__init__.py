"""`leads match`: explain, judge, measure and compare the results of the matching."""

from __future__ import annotations

import typer

from lead_enrichment.commands.match.calibrate import calibrate_command
from lead_enrichment.commands.match.compare import compare_command
from lead_enrichment.commands.match.decide import decide_command
from lead_enrichment.commands.match.evaluate import evaluate_command
from lead_enrichment.commands.match.explain import explain_command
from lead_enrichment.commands.match.review import review_command
from lead_enrichment.commands.match.train import train_command

app = typer.Typer(no_args_is_help=True, help="Explain, judge, measure and compare which leads are one facility.")
app.command("explain")(explain_command)
app.command("review")(review_command)
app.command("decide")(decide_command)
app.command("compare")(compare_command)
app.command("evaluate")(evaluate_command)
app.command("train")(train_command)
app.command("calibrate")(calibrate_command)
