"""`leads match evaluate`: precision and recall of the matching."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.matching.quality import ClaimQuality, Evaluation, Reliability, Score
    from lead_enrichment.warehouse.reading import Row


def evaluate_command(
    truth: Annotated[
        Path | None, typer.Option(help="CSV with lead_key and facility_id; the demo's truth by default.")
    ] = None,
    errors: Annotated[int, typer.Option(help="Wrong and missed pairs to list.", min=0)] = 5,
    chart: Annotated[
        Path | None, typer.Option(help="Draw precision and recall by threshold, and calibration, to this .html.")
    ] = None,
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure production against known answers: net-new leads, duplicates, pairs and entities, and the worst errors.

    Precision is the share of predicted pairs that are true, recall the share
    of true pairs that are predicted, F1 their harmonic mean; so for leads
    claimed as net-new or as duplicates. Their calibration error is by how much
    the confidence of a lead is off on average.
    """
    from lead_enrichment.matching.quality import draw_thresholds, evaluate
    from lead_enrichment.warehouse.reading import environment, warehouse

    with errors_as_sentences():
        paths = data_paths(create=False)
        with environment(paths, env) if env else warehouse(paths) as connection:
            found = evaluate(connection, truth or paths.root / "truth" / "record_facility.csv", errors)
        if chart:
            draw_thresholds(found, chart)
    if as_json:
        print_json(_as_json(found))
        return
    console = Console(highlight=False)
    headings = numbers("Predicted", "Actual", "True positives", "Precision", "Recall", "F1")
    table = Listing(counted(found.leads, "live lead"), *headings)
    for name, score in _scores(found).items():
        table.add_row(
            name, f"{score.predicted:,}", f"{score.actual:,}", f"{score.true_positives:,}",
            f"{score.precision:.1%}", f"{score.recall:.1%}", f"{score.f1:.1%}",
        )  # fmt: skip
    console.print(table)
    for title, claim in _claims(found).items():
        console.print(_calibration(title, claim))
        console.print(f"Calibration error of {title}: {claim.calibration_error:.1%}.")
        if claim.wrong:
            console.print(_false_claims(title, claim.wrong))
    for title, rows in found.groups.items():
        console.print(_group(title, rows))
    console.print(_reliability(found.reliability))
    for title, pairs in (("Joined, but two facilities", found.wrong), ("One facility, but not joined", found.missed)):
        if pairs:
            console.print(_errors(title, pairs))
    if chart:
        console.print(f"The chart is {chart}.")


def _claims(found: Evaluation) -> dict[str, ClaimQuality]:
    return {"net-new leads": found.net_new, "duplicates to merge": found.duplicates}


def _scores(found: Evaluation) -> dict[str, Score]:
    return {
        **{title: claim.score for title, claim in _claims(found).items()},
        "pairs in one entity": found.pairs,
        "entities exactly right": found.entities,
        "pairs by the rule before": found.rule_before,
    }


def _as_json(found: Evaluation) -> dict[str, object]:
    scores: dict[str, dict[str, object]] = {
        name: {**asdict(score), "precision": score.precision, "recall": score.recall, "f1": score.f1}
        for name, score in zip(
            ("net_new", "duplicates", "pairs", "entities", "rule_before"), _scores(found).values(), strict=True
        )
    }
    for name, claim in (("net_new", found.net_new), ("duplicates", found.duplicates)):
        scores[name] |= {
            "calibration_error": claim.calibration_error,
            "calibration": claim.calibration,
            "wrong": claim.wrong,
        }
    worth = {"calibration_error": found.reliability.error, "reliability": found.reliability.bins}
    return {"leads": found.leads, **scores, **worth, **found.groups, "wrong": found.wrong, "missed": found.missed}


def _calibration(title: str, claim: ClaimQuality) -> Listing:
    table = Listing(f"Probability of {title}", *numbers("Leads", "Predicted", "True"))
    for row in claim.calibration:
        table.add_row(
            f"{row['probability_from']:.0%} to {row['probability_from'] + 0.1:.0%}",
            f"{row['leads']:,}",
            f"{row['predicted_share']:.1%}",
            f"{row['actual_share']:.1%}",
        )
    return table


def _false_claims(title: str, claims: list[Row]) -> Listing:
    table = Listing(*keys(f"Wrong among {title}"), "Name", *numbers("Sure"), "Reason")
    for row in claims:
        table.add_row(row["lead_key"], row["name"], f"{row['probability']:.1%}", row["reason"])
    return table


def _group(title: str, rows: list[Row]) -> Listing:
    table = Listing(f"Compared pairs by {title}", *numbers("Pairs", "True", "Share"))
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['predicted']:,}",
            f"{row['true_positives']:,}",
            f"{row['true_positives'] / row['predicted']:.1%}",
        )
    return table


def _reliability(found: Reliability) -> Listing:
    """Return what is said beside what is true: a table, which is read where no chart is."""
    table = Listing(
        "Compared pairs by probability",
        *numbers("Pairs", "Said", "True"),
        caption=f"Calibration error {found.error:.3f}: of pairs said to be 0.9 sure, nine in ten should be true.",
    )
    for row in found.bins:
        label = f"{row['tenth'] / 10:.1f} to {(row['tenth'] + 1) / 10:.1f}"
        table.add_row(label, f"{row['pairs']:,}", f"{row['said']:.1%}", f"{row['true_share']:.1%}")
    return table


def _errors(title: str, pairs: list[Row]) -> Listing:
    table = Listing(*keys(title), "Names", *numbers("Bits"), "Reason")
    for pair in pairs:
        bits = "" if pair["match_weight"] is None else f"{pair['match_weight']:.1f}"
        both = f"{pair['left_lead_key']}\n{pair['right_lead_key']}"
        table.add_row(both, f"{pair['name_left']}\n{pair['name_right']}", bits, pair["reason"])
    return table
