"""`leads quality lead`: every point that a lead lacks, down to the rule and the row of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.quality.report import LeadQuality
    from lead_enrichment.warehouse.reading import Row


def lead_command(
    lead: Annotated[str, typer.Argument(metavar="KEY", help="Key of a lead, such as texas:1234567.")],
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score and its failures as JSON.")] = False,
) -> None:
    """Show why a lead does not score 100.

    Each rule that it fails, with the points that this costs, the columns and
    values that the rule read, the row of the file that brought them, where
    the rule stands, and what to do. A key is found by: leads lead NAME
    """
    from lead_enrichment.quality.report import lead_quality
    from lead_enrichment.warehouse.reading import environment

    with errors_as_sentences(), environment(data_paths(create=False), env) as connection:
        found = lead_quality(connection, lead, Path())
    if as_json:
        print_json({"lead_key": found.lead["lead_key"], "score": found.score, "failures": found.failures})
    else:
        _print(Console(highlight=False), found)


def _print(console: Console, found: LeadQuality) -> None:
    from lead_enrichment.quality.report import sum_in_words

    score = found.score
    console.print(f"{found.lead['name'] or 'without a name'} ({found.lead['lead_key']})", style="bold")
    console.print(f"Scores {score['score']:.1f} of 100 on {score['as_of']:%Y-%m-%d}.")
    for failure in found.failures:
        points = f"{failure['points']:.1f} points" if failure["points"] else "No points"
        console.print(f"\n{points}: {failure['rule']} ({failure['dimension']}, {failure['severity']})", style="bold")
        for line in _lines(failure):
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    if found.failures:
        console.print(f"\n{sum_in_words(score, found.failures)}", soft_wrap=True)
    console.print(
        f"It fails {counted(len(found.failures), 'rule')} of the weight {score['failed_weight']:g}; "
        f"all that apply have {score['applicable_weight']:g}.",
        soft_wrap=True,
    )


def _lines(failure: Row) -> list[str]:
    """Return what there is to say of a failed rule, in sentences."""
    line = f", line {failure['rule_line']}" if failure["rule_line"] else ""
    return [
        f"{failure['reason'][:1].upper()}{failure['reason'][1:]}.",
        f"Delivered in {failure['file_name'] or failure['file_id']}, row {failure['row_number']:,}.",
        f"Rule: {failure['rule_file']}{line}.",
        f"Remedy, for {failure['owner']}: {failure['remedy']}",
    ]
