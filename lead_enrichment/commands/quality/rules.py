"""`leads quality rules`: every rule, and how many leads fail it."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted


def rules_command(
    source: Annotated[str, typer.Option(help="Count the leads of this source only.")] = "",
    failing: Annotated[bool, typer.Option("--failing", help="List only rules that some lead fails.")] = False,
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rules as JSON.")] = False,
) -> None:
    """List every rule with how many live leads it tests and how many fail it.

    The dearest first. What a rule costs a lead is its weight by the weight of
    all rules that apply to that lead. How a rule did in each delivery is in
    quality.rule_result.
    """
    from lead_enrichment.quality.report import rule_hits
    from lead_enrichment.warehouse.reading import environment

    with errors_as_sentences(), environment(data_paths(create=False), env) as connection:
        found = [row for row in rule_hits(connection, source) if row["failed"] or row["broken"] or not failing]
    if as_json:
        print_json(found)
        return
    console = Console(highlight=False)
    table = Listing(*keys("Rule"), "Severity", *numbers("Weight", "Tested", "Fail", "Share"))
    for row in found:
        share = "" if row["failed_share"] is None else f"{row['failed_share']:.1%}"
        table.add_row(
            row["rule"], row["severity"], f"{row['weight']:g}", f"{row['tested']:,}",
            f"{row['failed']:,}", share,
        )  # fmt: skip
    console.print(table)
    broken = [row["rule"] for row in found if row["broken"]]
    console.print(f"{counted(len(found), 'rule')}. Why one lead fails: leads quality lead KEY", soft_wrap=True)
    if broken:
        console.print(f"Not evaluated for some leads: {', '.join(broken)}. Why: leads quality check", soft_wrap=True)
