"""What commands say of decisions: which count for nothing, and how many pairs wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.ingest.run import Outcome
    from lead_enrichment.matching.decisions import Refusal, Standing

SHOWN = 5


def print_refusals(console: Console, outcomes: list[Outcome], refused: list[Refusal]) -> None:
    """Print which decisions of the files that were taken in decide nothing, and why."""
    for outcome in outcomes:
        problems = [item for item in refused if item.file_id == outcome.file_id]
        if not problems:
            continue
        count = f"{len(problems):,} of {counted(outcome.rows_loaded, 'decision')}"
        _print(console, f"{outcome.file_name}: {count} refused:")
        for item in problems[:SHOWN]:
            _print(console, f"  row {item.row_number:,}: {item.problem}.")
        if len(problems) > SHOWN:
            _print(console, f"  and {len(problems) - SHOWN:,} more.")


def print_standing(console: Console, found: Standing) -> None:
    """Print which decisions count for nothing in production, and how many pairs wait for a person."""
    if found.outcomes:
        parts = ", ".join(f"{number:,} {outcome}" for outcome, number in found.outcomes.items())
        _print(console, f"Decisions: {parts}.")
    for row in found.without_effect[:SHOWN]:
        _print(console, f"  {row['outcome']}: {row['file_name']}, row {row['row_number']:,}: {row['remark']}.")
    if len(found.without_effect) > SHOWN:
        rest = counted(len(found.without_effect) - SHOWN, "more has", "more have")
        _print(console, f"  and {rest} no effect: SELECT * FROM ops.match_decision WHERE NOT remark IS NULL")
    if found.waiting:
        _print(console, f"{counted(found.waiting, 'pair waits', 'pairs wait')} for a person: leads match review")


def _print(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
