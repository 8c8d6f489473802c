"""`leads match explain`: why two leads are, or are not, one facility."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.matching.sentences import headline, phone, place, sureness, titled
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import status_words

if TYPE_CHECKING:
    from lead_enrichment.matching.evidence import Explanation
    from lead_enrichment.warehouse.reading import Row

NEAREST = 5
BITS_A_BLOCK = 1.5


def explain_command(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="Key of a lead, such as texas:1234567.")],
    other: Annotated[str | None, typer.Argument(metavar="OTHER", help="Key of the lead to hold it against.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the evidence to this .html, .png or .svg.")] = None,
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    technical: Annotated[
        bool, typer.Option("--technical", help="Show the score too: levels, bits, their sum, rules and band.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
) -> None:
    """Show what speaks for and against two leads being one; of one lead, its status, why, and its nearest leads.

    With --technical the score stands below, bit by bit. Each bit doubles the
    odds that the two are one facility: 0 bits are even odds, 4.2 are 95 in
    100, 6.6 are 99 in 100.
    """
    from lead_enrichment.matching.evidence import draw_waterfall, explain_lead, explain_pair
    from lead_enrichment.warehouse.reading import environment

    console = Console(highlight=False)
    with errors_as_sentences(), environment(data_paths(create=False), env) as connection:
        if other is None:
            if picture:
                raise UsageError("one lead has no evidence to draw", lead, "Name the lead to hold it against.")
            fact, nearest = explain_lead(connection, lead, NEAREST)
            if as_json:
                print_json({"lead": fact, "nearest": nearest})
            else:
                _print_lead(console, fact, nearest, env, technical)
            return
        found = explain_pair(connection, lead, other)
        if picture:
            if found.pair is None:
                raise UsageError("the two were never compared", f"{lead} and {other}", found.why_not)
            draw_waterfall(found.pair, picture)
        if as_json:
            why_not = found.why_not or None
            print_json({"pair": found.pair, "why_not_compared": why_not, "sentences": asdict(found.evidence)})
            return
        print_pair(console, found, lead, other)
        if technical:
            print_score(console, found)
        if picture:
            console.print(f"The picture is {picture}.")


def print_pair(console: Console, found: Explanation, lead: str, other: str) -> None:
    """Print what two leads say and what speaks for and against, or why they were never compared."""
    pair = found.pair
    if pair is None:
        console.print(f"{lead} and {other} were never compared. {found.why_not}", markup=False, soft_wrap=True)
        return
    for side in found.sides:
        said = (place(side), phone(side["phone"] or ""), side["email"], titled(side["contact_name"]))
        console.print(f"{side['name'] or 'without a name'} ({side['lead_key']})", markup=False, style="bold")
        console.print(Padding(Text(" · ".join(filter(None, said)) or "nothing else"), (0, 0, 0, 2)))
    console.print(f"\n{headline(pair)}.", markup=False)
    for title, sentences in (("For", found.evidence.agreements), ("Against", found.evidence.differences)):
        console.print(f"{title}: {'' if sentences else 'nothing.'}")
        for sentence in sentences:
            console.print(Padding(Text(f"{sentence}."), (0, 0, 0, 2)))
    if found.evidence.unknown:
        console.print(f"Unknown of at least one: {', '.join(found.evidence.unknown)}.", markup=False)
    if pair["decision"]:
        stale = " One of the two has changed since: look again." if pair["is_decision_stale"] else ""
        decided = f"{pair['decided_by']} decided {pair['decision'].replace('_', ' ')} on {pair['decided_at']:%Y-%m-%d}"
        console.print(f"{decided}: {pair['decision_reason'] or 'no reason given'}.{stale}", markup=False)


def print_score(console: Console, found: Explanation) -> None:
    """Print the score of a pair, bit by bit, with the rule and the band."""
    pair = found.pair
    if pair is None:
        return
    console.print()
    left, right = pair["left_lead_key"], pair["right_lead_key"]
    table = Listing("", left, right, "How they agree", *numbers("Bits", "Sum"), "", title="Score")
    total = 0.0
    for step in found.steps:
        bits = step.weight + step.adjustment
        total += bits
        if step.attribute != "prior" and step.left is None and step.right is None:
            continue
        shared = f" ({step.adjustment:+.1f} as others share it)" if step.adjustment else ""
        agreement = "before any evidence" if step.attribute == "prior" else "one has no value"
        if step.level:
            agreement = step.level.replace("_", " ") + shared
        bar = ("█" if bits > 0 else "░") * round(abs(bits) / BITS_A_BLOCK)
        table.add_row(step.attribute, step.left, step.right, agreement, f"{bits:+.1f}", f"{total:.1f}", bar)
    console.print(table)
    console.print(
        f"Probability {pair['match_probability']:.2%}, band {pair['band']}. Found by: {pair['blocking_keys']}."
    )
    for sentence in (pair["reason_for"], pair["reason_against"]):
        console.print(sentence, markup=False)
    if pair["veto"]:
        console.print(f"Rule {pair['veto']}: {pair['veto_reason']}.", markup=False)
    console.print(f"Verdict: {pair['verdict'].replace('_', ' ')}: {pair['reason']}.", markup=False)


def _print_lead(console: Console, fact: Row, nearest: list[Row], env: str | None, technical: bool) -> None:
    lead = fact["lead_key"]
    status = [status_words(fact["match_status"])]
    if fact["has_duplicates"]:
        status.append(f"the one to keep of {fact['duplicate_count'] + 1}")
    if fact["is_expansion"]:
        status.append("sister site of a lead that sales knows")
    sure = "" if fact["match_status"] == "gone" else f" ({sureness(fact['confidence'])} sure)"
    console.print(f"{fact['name'] or 'without a name'} ({lead}): {', '.join(status)}{sure}.", markup=False)
    console.print(f"Why: {fact['reason']}.", markup=False, soft_wrap=True)
    if not nearest:
        console.print("It was compared with no other lead: none shares a key with it that few others share.")
        return
    bits = numbers("Bits") if technical else []
    table = Listing("Nearest leads", *keys("Key"), *bits, *numbers("Sure"), *keys("Verdict"), "Why")
    for pair in nearest:
        side = "right" if pair["left_lead_key"] == lead else "left"
        table.add_row(
            pair[f"name_{side}"] or "without a name", pair[f"{side}_lead_key"],
            *([f"{pair['match_weight']:.1f}"] if technical else []), sureness(pair["match_probability"]),
            pair["verdict"].replace("_", " "), pair["reason"],
        )  # fmt: skip
    console.print(table)
    option = f" --env {env}" if env else ""
    console.print(f"All the evidence of a pair: leads match explain {lead} OTHER{option}", markup=False)
