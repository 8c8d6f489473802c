"""The review queue: two leads side by side, decided by a key, each decision a delivery that can be taken back."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lead_enrichment.app.access import require
from lead_enrichment.app.deliveries import one_at_a_time
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.pages.lead import ATTRIBUTES
from lead_enrichment.app.people import Person
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import redirect, render
from lead_enrichment.matching.decisions import (
    SOURCE,
    WAITING,
    Decision,
    asked_before,
    decide,
    on_their_way,
    pair_with_evidence,
    submit,
)
from lead_enrichment.matching.evidence import explanation_of
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.lookups import find_lead
from lead_enrichment.warehouse.reading import Row

MENU = (MenuEntry("Review queue", "/review", "Data stewards", 10),)
router = APIRouter()

# What a verdict does, in words.
WORDS = {"same": "the same", "different": "different", "sister_site": "sister sites", "unsure": "not sure"}
# What is read of the queue for its order; the evidence of a pair is read when it is shown.
MOST_WAITING = 100_000


@router.get("/review")
def show(request: Request, skip: Annotated[int, Query(ge=0, le=MOST_WAITING)] = 0) -> Response:
    """Show the first pair that waits for a person, behind those that were skipped."""
    paths: DataPaths = request.app.state.settings.paths
    with request.app.state.published.reading() as reader:
        pairs, decided = waiting(reader, paths)
        skip = min(skip, max(len(pairs) - 1, 0))
        shown = _pair(reader, pairs[skip]) if pairs else None
    mine = _latest(paths, request.state.person.name)
    return render(
        request, "review.html", found=shown, skip=skip, waiting=len(pairs), decided=decided, can_undo=bool(mine)
    )


@router.post("/review")
def say(
    request: Request,
    person: Annotated[Person, require("steward")],
    left: Annotated[str, Form(max_length=200)],
    right: Annotated[str, Form(max_length=200)],
    verdict: Annotated[str, Form(max_length=20)],
    left_hash: Annotated[str, Form(max_length=200)] = "",
    right_hash: Annotated[str, Form(max_length=200)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    skip: Annotated[int, Form(ge=0, le=MOST_WAITING)] = 0,
    overrule: Annotated[bool, Form()] = False,
) -> Response:
    """Write a decision into landing; where somebody else was quicker and says otherwise, both are told."""
    state = request.app.state
    with state.published.reading() as reader, one_at_a_time():
        made = decide(reader.connection, (left, right), verdict, reason or "seen side by side in the app", person.name)
        made = _as_seen(made, left_hash, right_hash)
        before = on_their_way(reader.connection, state.settings.paths).get(frozenset((left, right)))
        names = " and ".join(find_lead(reader.connection, key)["name"] or key for key in (left, right))
        if before and before["decided_by"] != person.name:
            other, theirs = before["decided_by"], before["decision"]
            if theirs == made.verdict:
                state.notices.tell(other, "good", f"{person.name} says of {names} what you said: {_words(theirs)}.")
                told = f"{other} was quicker and said the same of {names}: {_words(theirs)}. Nothing was written twice."
                return redirect(request, f"/review?skip={skip}", ("warn", told))
            if not overrule:
                told = f"{person.name} would say of {names}: {_words(made.verdict)}. Your word stands unless overruled."
                state.notices.tell(other, "warn", told)
                return render(
                    request, "review_conflict.html", 409, names=names, other=other, theirs=_words(theirs),
                    yours=_words(made.verdict), made=made, skip=skip, decided_at=before["decided_at"],
                )  # fmt: skip
            state.notices.tell(other, "warn", f"{person.name} overruled you on {names}: {_words(made.verdict)}.")
        submit(state.settings.paths, [made])
    told = f"Noted: {names}: {_words(made.verdict)}. It is taken in with the next run."
    return redirect(request, f"/review?skip={skip}", ("good", told))


@router.post("/review/undo")
def undo(
    request: Request,
    person: Annotated[Person, require("steward")],
    skip: Annotated[int, Form(ge=0, le=MOST_WAITING)] = 0,
) -> Response:
    """Take the last decision of this person back, as long as no run has taken it in."""
    with one_at_a_time():
        found = _latest(request.app.state.settings.paths, person.name)
        if found is None:
            told = ("warn", "Nothing of yours waits any more. What was taken in is changed by deciding the pair again.")
            return redirect(request, f"/review?skip={skip}", told)
        file, row = found
        try:
            file.unlink()
        except FileNotFoundError:
            told = ("warn", "It was taken in just now. It is changed by deciding the pair again.")
            return redirect(request, f"/review?skip={skip}", told)
    told = ("good", f"Taken back: {row['lead_key_1']} and {row['lead_key_2']}: {_words(row['decision'])}.")
    return redirect(request, f"/review?skip={skip}", told)


def waiting(reader: CopyReader, paths: DataPaths) -> tuple[list[Row], int]:
    """Return the keys of the pairs that wait for a person, the most valuable first, and how many were decided."""
    queue = reader.cached("review queue", lambda: reader.rows(f"{WAITING} LIMIT ?", MOST_WAITING))
    decided = on_their_way(reader.connection, paths)
    pairs = [pair for pair in queue if frozenset(pair.values()) not in decided] if decided else queue
    return pairs, len(decided)


def _pair(reader: CopyReader, pair: Row) -> Row:
    """Return a pair as the page shows it: both leads attribute by attribute, and what speaks for and against."""
    explained = explanation_of(reader.connection, pair_with_evidence(reader.connection, pair))
    assert explained.pair is not None
    sides = [find_lead(reader.connection, pair[f"{side}_lead_key"]) for side in ("left", "right")]
    compared = []
    for title, column, shown in ATTRIBUTES:
        one, other = sides[0][column], sides[1][column]
        if one is None and other is None:
            continue
        is_same = one is not None and other is not None and str(one).casefold() == str(other).casefold()
        cells = (one, other)
        compared.append(
            Row(title=title, shown=shown, cells=cells, is_same=is_same, is_known=one is not None and other is not None)
        )
    return Row(
        pair=explained.pair, sides=sides, compared=compared, evidence=explained.evidence, steps=explained.steps,
        asked_before=asked_before(explained.pair),
    )  # fmt: skip


def _as_seen(made: Decision, left_hash: str, right_hash: str) -> Decision:
    """Return a decision on the content that was on the page: where a lead has changed since, it is asked again."""
    return replace(
        made, content_hash_1=left_hash or made.content_hash_1, content_hash_2=right_hash or made.content_hash_2
    )


def _latest(paths: DataPaths, name: str) -> tuple[Path, dict[str, str]] | None:
    """Return the newest file in landing that holds one decision, by this person."""
    for file in sorted((paths.landing / SOURCE).glob(f"{SOURCE}_*.csv"), reverse=True):
        with suppress(OSError, csv.Error, UnicodeDecodeError):
            if not file.is_file():
                continue
            with file.open(encoding="utf-8", newline="") as stream:
                rows = [*csv.DictReader(stream)]
            if len(rows) == 1 and rows[0].get("decided_by") == name:
                return file, rows[0]
    return None


def _words(verdict: str) -> str:
    return WORDS.get(verdict, verdict)
