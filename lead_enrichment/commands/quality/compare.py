"""`leads quality compare`: what an environment would change for the scores."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

if TYPE_CHECKING:
    from lead_enrichment.warehouse.reading import Row


def compare_command(
    environment: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="As in `sqlmesh plan ENVIRONMENT`.")],
    samples: Annotated[int, typer.Option(help="Leads of each change to name.", min=0)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """Show which leads an environment would score otherwise, and by which rules.

    Change a rule, run `leads quality check` and `sqlmesh plan dev`, then
    `leads quality compare dev`, and only then `sqlmesh plan`.
    """
    from lead_enrichment.quality.report import compare
    from lead_enrichment.warehouse.reading import warehouse

    with errors_as_sentences(), warehouse(data_paths(create=False)) as connection:
        found = compare(connection, environment, samples)
    if as_json:
        print_json(asdict(found))
        return
    console = Console(highlight=False)
    if not (found.scores or found.failures):
        console.print("No lead would be scored otherwise.")
        return
    if found.scores:
        table = Listing("Score", *numbers("Leads", "Mean change"), "Such as")
        for row in found.scores:
            samples_of = "\n".join(map(_sample, row["samples"]))
            table.add_row(row["change"], f"{row['leads']:,}", _signed(row["mean_change"]), samples_of)
        console.print(table)
    if found.failures:
        table = Listing(*keys("Rule"), *numbers("Now fail", "No more"), "Such as")
        for row in found.failures:
            named = [*row["now_fail_samples"], *row["fail_no_more_samples"]][:samples]
            table.add_row(row["rule"], f"{row['now_fail']:,}", f"{row['fail_no_more']:,}", "\n".join(named))
        console.print(table)
    table = Listing(*keys("Source"), *numbers("Mean score before", "After"))
    for row in found.sources:
        table.add_row(row["source_key"], _score(row["score_before"]), _score(row["score_after"]))
    console.print(table)
    console.print(f"Why a lead would: leads quality lead KEY --env {environment}", soft_wrap=True)


def _sample(row: Row) -> str:
    return f"{row['lead_key']}: {_score(row['score_before'])} to {_score(row['score_after'])}"


def _score(score: float | None) -> str:
    return "none" if score is None else f"{score:.1f}"


def _signed(change: float | None) -> str:
    return "" if change is None else f"{change:+.1f}"
