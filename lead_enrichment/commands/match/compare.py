"""`leads match compare`: what an environment would change for the leads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.warehouse.reading import Row


def compare_command(
    environment: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="As in `sqlmesh plan ENVIRONMENT`.")],
    samples: Annotated[int, typer.Option(help="Leads and pairs of each change to name.", min=0)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """Show which leads and pairs an environment would judge otherwise than production does.

    Change a weight, a rule or a threshold, run `sqlmesh plan dev`, then
    `leads match compare dev`, and only then `sqlmesh plan`.
    """
    from lead_enrichment.matching.comparison import compare
    from lead_enrichment.matching.evidence import with_names
    from lead_enrichment.warehouse.reading import warehouse

    with errors_as_sentences(), warehouse(data_paths(create=False)) as connection:
        found = compare(connection, environment, samples)
        changes = [*found.leads, *found.verdicts, *found.bands]
        told = [_sample(row) for change in changes for row in change["samples"]]
        named = dict(zip(told, with_names(connection, told), strict=True))
    if as_json:
        print_json(asdict(found))
        return
    console = Console(highlight=False)
    scores = f"{counted(found.scores, 'pair')} would score otherwise"
    if not (found.leads or found.bands or found.verdicts):
        console.print(f"No lead and no pair would be judged otherwise; {scores}.")
        return
    for title, rows in (
        ("Leads", found.leads),
        ("Verdicts of pairs", found.verdicts),
        ("Bands of pairs", found.bands),
    ):
        if rows:
            console.print(_table(title, rows, named))
    console.print(
        f"{scores}. Why a pair does: leads match explain LEAD OTHER --env {environment}", markup=False, soft_wrap=True
    )


def _table(title: str, changes: list[Row], named: dict[str, str]) -> Listing:
    table = Listing(title, *numbers("Number"), "Such as")
    for change in changes:
        samples = "\n".join(named[_sample(row)] for row in change["samples"])
        table.add_row(change["change"], f"{change['number']:,}", samples)
    return table


def _sample(row: Row) -> str:
    if "lead_key" in row:
        return f"{row['lead_key']}: {row['reason_after'] or row['reason_before']}"
    before, after = (row[name] if row[name] is not None else "none" for name in ("weight_before", "weight_after"))
    return f"{row['left_lead_key']} and {row['right_lead_key']}: {before} to {after} bits"
