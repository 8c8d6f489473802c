"""`leads match train`: weights learned from the leads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

SEED = Path("seeds") / "match_weight.csv"


def train_command(
    random_pairs: Annotated[
        int, typer.Option(help="Pairs of any two leads of which chance agreement is counted.", min=10_000)
    ] = 2_000_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the weights, but write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the weights as JSON.")] = False,
) -> None:
    """Estimate the weight of each agreement from the leads in production, and write seeds/match_weight.csv.

    Needs no truth: Splink's expectation maximisation finds which candidate
    pairs are matches while it learns how these agree. Production is only
    read. Weights that would undo what is joined, join far more or go against
    decisions of stewards are refused. Look at the effect before you promote it: sqlmesh plan dev, then
    leads match compare dev.
    """
    with errors_as_sentences():
        from lead_enrichment.matching.training import train
        from lead_enrichment.matching.weights import read_weights, write_weights

        weights = read_weights(SEED)
        with Console(stderr=True).status("Learning from the leads"):
            found = train(data_paths(create=False), Path(), weights, random_pairs)
        if not dry_run:
            write_weights(SEED, [item.new for item in found.weights])
    if as_json:
        print_json(asdict(found))
        return
    headings = numbers("Old", "New", "Difference")
    table = Listing(*keys("Attribute", "Level"), *headings, "Kept because", title="Weights in bits")
    shown = ""
    for item in found.weights:
        old, new = item.old.match_weight, item.new.match_weight
        table.add_row(
            item.old.attribute if item.old.attribute != shown else "",
            item.old.level,
            f"{old:+.2f}",
            f"{new:+.2f}",
            "" if item.kept_because else f"{new - old:+.2f}",
            item.kept_because or "",
        )
        shown = item.old.attribute
    console = Console(highlight=False)
    console.print(table)
    rounds = ", ".join(f"{pairs:,} that agree in {attribute}" for attribute, pairs in found.rounds.items())
    console.print(
        f"Learned from {counted(found.candidates, 'candidate pair')} ({rounds}) and "
        f"{counted(found.random_pairs, 'pair')} of any leads.",
        soft_wrap=True,
    )
    effect = found.effect
    console.print(
        f"Of {counted(effect.joined, 'pair')} that score and rules join, {effect.lost:,} would be joined no more, and "
        f"{effect.gained:,} others would be. {counted(effect.contradicted_after, 'decision')} of stewards go against "
        f"the score, {effect.contradicted:,} do now.",
        soft_wrap=True,
    )
    console.print(
        "Nothing is written." if dry_run else f"{SEED} is written. Next: sqlmesh plan dev, then leads match compare dev"
    )
