"""`leads match decide`: what a person knows better than the score."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.matching.verdicts import VERDICTS
from lead_enrichment.paths import data_paths
from lead_enrichment.users import user_name

BEFORE = """
    SELECT verdict, reason, decision, decided_by, decided_at FROM facts.fact_match_pair
    WHERE left_lead_key = ? AND right_lead_key = ?
"""


def decide_command(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="Key of a lead, such as texas:1234567.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Key of the other lead.")],
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help=f"One of {', '.join(VERDICTS)}.")],
    reason: Annotated[str, typer.Option(help="Why; it is shown wherever the verdict is.")],
    by: Annotated[str | None, typer.Option(help="Who decides; you by default.")] = None,
) -> None:
    """Say whether two leads are one facility. It overrules the score from the next run on.

    The verdict is dropped into landing/decisions/ as a file and kept for
    ever; a later one on the same pair overrules it. When one of the two leads
    changes it still holds, and the pair comes up again in `leads match
    review`.
    """
    from lead_enrichment.matching.decisions import decide, submit
    from lead_enrichment.warehouse.lookups import find_lead
    from lead_enrichment.warehouse.reading import production, rows

    with errors_as_sentences():
        paths = data_paths()
        lead, other = lead.strip(), other.strip()
        with production(paths) as connection:
            made = decide(connection, (lead, other), verdict, reason, by or user_name())
            before = rows(connection, BEFORE, *sorted((lead, other)))
            gone = [key for key in (lead, other) if not find_lead(connection, key)["is_live"]]
        target = submit(paths, [made])
    typer.echo(f"Decided: {lead} and {other} are {made.verdict.replace('_', ' ')}. It waits as {target}.")
    for pair in before:
        if pair["decision"]:
            typer.echo(
                f"It overrules {pair['decided_by']}, who decided {pair['decision'].replace('_', ' ')} on "
                f"{pair['decided_at']:%Y-%m-%d}."
            )
        else:
            typer.echo(f"Until then: {pair['verdict'].replace('_', ' ')} ({pair['reason']}).")
    for key in gone:
        typer.echo(f"{key} is deleted or no longer listed: the decision has no effect before it is back.")
    typer.echo("It counts from the next run on: make refresh")
