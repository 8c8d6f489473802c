"""`leads match review`: the pairs that a person should judge."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.match.explain import print_pair
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.matching.sentences import sureness
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.users import user_name
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.matching.decisions import Decision
    from lead_enrichment.matching.evidence import Explanation
    from lead_enrichment.warehouse.reading import Row

ANSWERS = {"s": "same", "d": "different", "i": "sister_site", "u": "unsure"}


def review_command(
    limit: Annotated[
        int | None, typer.Option(help="Pairs to show; by default a day's work, match_reviews_per_day.", min=1)
    ] = None,
    work: Annotated[bool, typer.Option(help="Go through them one by one and decide.")] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; you by default.")] = None,
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the queue as JSON.")] = False,
) -> None:
    """List the pairs that a person should judge, the most valuable first.

    First come those that decide whether a facility is known to sales, then
    centers, then the larger facilities, then the surer pairs; last those about
    which somebody was unsure. A pair that was decided comes up again where
    one of its leads has changed since, or where decisions contradict each
    other. With --work, Ctrl-C or q ends the session, and what was decided
    until then is kept.
    """
    from lead_enrichment.matching.decisions import queue
    from lead_enrichment.matching.evidence import explanation_of, with_names
    from lead_enrichment.submission import one_line
    from lead_enrichment.warehouse.project import read_variable
    from lead_enrichment.warehouse.reading import Row, environment

    console = Console(highlight=False)
    with errors_as_sentences():
        person = one_line(by or user_name(), "name of who decides")
        paths = data_paths()
        per_day = read_variable(Path(), "match_reviews_per_day", default=20)
        # Read and closed at once: while a person thinks, a run may want the warehouse.
        with environment(paths, env) as connection:
            waiting, pairs = queue(connection, paths, limit or per_day)
            reasons = with_names(connection, [pair["reason"] for pair in pairs])
            pairs = [Row(pair, reason=reason) for pair, reason in zip(pairs, reasons, strict=True)]
            explained = [explanation_of(connection, pair) for pair in pairs] if work else []
        if as_json:
            print_json({"waiting": waiting, "pairs": pairs})
        elif not pairs:
            console.print("No pair waits for a person.")
        elif work:
            _work(console, paths, explained, person)
        else:
            console.print(_table(pairs))
            count = counted(waiting, "pair waits", "pairs wait")
            console.print(f"{count}. Go through them: leads match review --work", markup=False)
            days = -(-waiting // per_day)
            if days > 1:
                console.print(
                    f"That is {counted(days, 'day')} of work at {per_day:,} a day (match_reviews_per_day in "
                    "config.yaml). Where that is more than you can do, raise match_review_probability: what is less "
                    "sure is left apart.",
                    soft_wrap=True,
                )


def _table(pairs: list[Row]) -> Listing:
    from lead_enrichment.matching.decisions import asked_before

    table = Listing(*keys("Leads"), "Names", "Licence", *numbers("Children", "Sure"), "Net-new", "Why a person")
    for pair in pairs:
        table.add_row(
            f"{pair['left_lead_key']}\n{pair['right_lead_key']}", f"{pair['name_left']}\n{pair['name_right']}",
            pair["license_type"], f"{pair['capacity']:,}" if pair["capacity"] else "",
            sureness(pair["match_probability"]), "yes" if pair["settles_net_new"] else "",
            asked_before(pair) or str(pair["reason"]), end_section=True,
        )  # fmt: skip
    return table


def _work(console: Console, paths: DataPaths, explained: list[Explanation], person: str) -> None:
    """Ask for a verdict on one pair after the other, and write what was decided however that ends."""
    from rich.prompt import Prompt

    from lead_enrichment.matching.decisions import submit
    from lead_enrichment.warehouse.reading import Row

    made: list[Decision] = []
    try:
        for number, found in enumerate(explained, start=1):
            pair = found.pair or Row()
            console.rule(f"{number} of {len(explained)}")
            print_pair(console, found, pair["left_lead_key"], pair["right_lead_key"])
            console.print(_about(pair), markup=False)
            answer = Prompt.ask(
                "[s]ame, [d]ifferent, s[i]ster site, [u]nsure, s[k]ip or [q]uit?".replace("[", r"\["),
                choices=[*ANSWERS, "k", "q"],
                show_choices=False,
                console=console,
            )
            if answer == "q":
                break
            if answer != "k":
                made.append(_decision(pair, ANSWERS[answer], _reason(console, pair, ANSWERS[answer]), person))
    except (EOFError, KeyboardInterrupt):
        console.print()
    finally:
        if made:
            target = submit(paths, made)
            console.print(
                f"{counted(len(made), 'decision waits', 'decisions wait')} as {target}. "
                "What was decided counts from the next run on: make refresh",
                soft_wrap=True,
                markup=False,
            )
        else:
            console.print("Nothing was decided.")


def _about(pair: Row) -> str:
    """Return what depends on the verdict of a pair."""
    from lead_enrichment.matching.decisions import asked_before

    parts = [
        asked_before(pair) or pair["reason"],
        f"licence {pair['license_type']}" if pair["license_type"] else "",
        f"{pair['capacity']:,} children" if pair["capacity"] else "",
        "decides whether sales knows the facility" if pair["settles_net_new"] else "",
    ]
    return f"Why a person: {'; '.join(filter(None, parts))}."


def _reason(console: Console, pair: Row, verdict: str) -> str:
    """Ask for the reason; by default it is the evidence for the verdict."""
    from rich.prompt import Prompt

    evidence = pair["reason_for"] if verdict == "same" else pair["reason_against"]
    answer = Prompt.ask("Why", default=evidence, console=console)
    return " ".join(answer.split()) or evidence


def _decision(pair: Row, verdict: str, reason: str, person: str) -> Decision:
    from lead_enrichment.matching.decisions import Decision

    return Decision(
        lead_key_1=pair["left_lead_key"],
        content_hash_1=pair["left_content_hash"],
        lead_key_2=pair["right_lead_key"],
        content_hash_2=pair["right_content_hash"],
        verdict=verdict,
        reason=reason,
        decided_by=person,
        decided_at=datetime.now(UTC),
    )
