"""`leads match review`: the pairs that a person should judge."""

from __future__ import annotations

import json
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.prompt import Prompt
from rich.table import Table

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.match.explain import print_pair
from lead_enrichment.matching.decisions import Decision, decide, drop, queue
from lead_enrichment.matching.evidence import explain_pair
from lead_enrichment.matching.warehouse import Row, warehouse
from lead_enrichment.paths import data_paths
from lead_enrichment.users import user_name

KEYS = {"s": "same", "d": "different", "i": "sister_site", "u": "unsure"}


def review_command(
    limit: Annotated[int, typer.Option(help="Pairs to show.", min=1)] = 20,
    work: Annotated[bool, typer.Option(help="Go through them one by one and decide.")] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; you by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the queue as JSON.")] = False,
) -> None:
    """List the pairs that a person should judge, the most valuable first.

    First come those that settle whether a facility is known to sales, then
    the larger facilities, then the surer pairs. A decision whose leads have
    changed since, or on which people disagree, comes up again.
    """
    console = Console(highlight=False)
    made: list[Decision] = []
    with errors_as_sentences():
        paths = data_paths()
        with warehouse(paths) as connection:
            waiting, pairs = queue(connection, limit)
            if as_json:
                typer.echo(json.dumps({"waiting": waiting, "pairs": pairs}, indent=2, default=str))
                return
            if not pairs:
                console.print("No pair waits for a person.")
                return
            if work:
                made = _work(console, connection, pairs, by or user_name())
            else:
                console.print(_table(pairs))
        if made:
            target = drop(paths, made)
            console.print(f"{len(made):,} decisions wait as {target}. They count from the next run on: make refresh")
    if not work:
        console.print(f"{waiting:,} pairs wait. Go through them: leads match review --work", markup=False)


def _table(pairs: list[Row]) -> Table:
    table = Table("Leads", "Names", "Children", "Probability", "Net-new", "Why a person")
    table.columns[0].no_wrap = True
    for column in (2, 3):
        table.columns[column].justify = "right"
    for pair in pairs:
        why = pair["reason"]
        if pair["is_decision_stale"]:
            why = f"{pair['decided_by']} decided {pair['decision']}, and one of the two has changed since"
        if pair["is_contradicted"]:
            why = f"people disagree: {why}"
        table.add_row(
            f"{pair['left_lead_key']}\n{pair['right_lead_key']}", f"{pair['name_left']}\n{pair['name_right']}",
            f"{pair['capacity']:,}" if pair["capacity"] else "", f"{pair['match_probability']:.0%}",
            "yes" if pair["settles_net_new"] else "", why, end_section=True,
        )  # fmt: skip
    return table


def _work(console: Console, connection: duckdb.DuckDBPyConnection, pairs: list[Row], person: str) -> list[Decision]:
    """Ask for a verdict on one pair after the other; nothing is written before the end."""
    made: list[Decision] = []
    for number, pair in enumerate(pairs, start=1):
        left, right = pair["left_lead_key"], pair["right_lead_key"]
        console.rule(f"{number} of {len(pairs)}")
        print_pair(console, explain_pair(connection, left, right), left, right)
        answer = Prompt.ask(
            "[s]ame, [d]ifferent, s[i]ster site, [u]nsure, s[k]ip or [q]uit?".replace("[", r"\["),
            choices=[*KEYS, "k", "q"],
            show_choices=False,
            console=console,
        )
        if answer == "q":
            break
        if answer == "k":
            continue
        reason = Prompt.ask("Why", default="judged in review", console=console)
        made.append(decide(connection, (left, right), KEYS[answer], reason, person))
    return made
