"""`leads priority evaluate`: whether the best tenth holds more conversions than the average, out of time."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

DAY = ["%Y-%m-%d"]


def evaluate_command(
    cutoff: Annotated[
        datetime | None,
        typer.Option(formats=DAY, help="First day that is judged; by default three months before the newest delivery."),
    ] = None,
    minimum: Annotated[int, typer.Option(min=1, help="From so many conversions on weights are learned.")] = 50,
    prior: Annotated[int, typer.Option(min=1, help="So many conversions the weights set by hand are worth.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Learn the priority from the months before a day, and judge it on those after it.

    Says how many of the conversions after that day the tenth of the
    facilities held that had the highest priority on it, and how many a tenth
    drawn by lot would have held.
    """
    from lead_enrichment.priority import evaluate
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences(), production(data_paths()) as connection:
        newest: date = connection.execute("SELECT MAX(as_of) FROM marts.sales_lead").fetchone()[0]  # type: ignore[index]
        month = newest.year * 12 + newest.month - 1 - 2
        first = cutoff.replace(tzinfo=UTC).date() if cutoff else date(month // 12, month % 12 + 1, 1)
        found = evaluate(connection, first, date.fromordinal(newest.toordinal() + 1), minimum, prior)
    if as_json:
        print_json({**asdict(found), "lift": found.lift})
        return
    weights = "learned" if found.is_learned else "set by hand, since more are needed to learn from"
    said = (
        f"{counted(found.learned_from, 'conversion')} before {found.cutoff}: the weights are {weights}.\n"
        f"{counted(found.facilities, 'facility', 'facilities')} that sales knew on {found.cutoff}, of which "
        f"{found.conversions:,} converted before {found.until}. A tenth drawn by lot would hold {found.expected:.1f} "
        f"of them, the best tenth by priority held {found.found:.1f}"
    )
    Console().print(f"{said}{f': {found.lift:.1f} times as many.' if found.lift is not None else '.'}", highlight=False)
