"""Environments: what a change that somebody planned beside production would do to the leads, before it is promoted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.published import CopyProblem
from lead_enrichment.app.rendering import render
from lead_enrichment.preview.difference import MEASURES
from lead_enrichment.preview.environments import comparison_files
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import Row, rows

MENU = (MenuEntry("Environments", "/environments", "Reference", 30),)
router = APIRouter()

PAGE = 50
COUNTED = {
    "lead": "SELECT change, COUNT(*) AS leads FROM lead GROUP BY change ORDER BY leads DESC, change",
    "score": """
        SELECT change, COUNT(*) AS leads, AVG(score_after - score_before) AS mean_change
        FROM score GROUP BY change ORDER BY leads DESC, change
    """,
}
# A page of leads behind a change, by key.
LISTED = {
    "lead": "SELECT * FROM lead WHERE change = ? AND lead_key > ? ORDER BY lead_key LIMIT ?",
    "score": "SELECT * FROM score WHERE change = ? AND lead_key > ? ORDER BY lead_key LIMIT ?",
}
MODELS = """
    SELECT * FROM model
    ORDER BY ARRAY_POSITION(['changed', 'added', 'removed', 'differs', 'follows'], change), model
"""
MEASURES_IN_WORDS = {
    "leads": "Live leads", "gone": "Gone", "duplicates": "Duplicates", "matched": "Matched", "to_review": "To review",
    "net_new": "Net-new",
}  # fmt: skip


@router.get("/environments")
def show(request: Request) -> Response:
    """Show every environment beside production, with how many models and leads differ."""
    found = []
    for name, file in comparison_files(request.app.state.settings.paths).items():
        with _reading(file) as connection:
            (about,) = rows(connection, "SELECT compared_at FROM about")
            (numbers,) = rows(
                connection,
                "SELECT (SELECT COUNT(*) FROM model) AS models, (SELECT COUNT(*) FROM lead) AS leads, "
                "(SELECT COUNT(*) FROM score) AS scores, (SELECT COUNT(*) FROM model WHERE change = 'changed') AS own",
            )
        found.append({"name": name, **about, **numbers})
    return render(request, "environments/index.html", environments=found)


@router.get("/environments/{name}")
def show_one(request: Request, name: str) -> Response:
    """Show what an environment would change: models, flags, scores, rules, and counts by source."""
    file = _file(request, name)
    with _reading(file) as connection:
        (about,) = rows(connection, "SELECT * FROM about")
        models = rows(connection, MODELS)
        leads, scores = (rows(connection, COUNTED[part]) for part in ("lead", "score"))
        rules = rows(connection, "SELECT * FROM rule ORDER BY now_fail + fail_no_more DESC, rule")
        sources = rows(connection, "SELECT * FROM source ORDER BY source_key")
    return render(
        request, "environments/one.html", name=name, about=about, models=models, leads=leads, scores=scores,
        rules=rules, sources=_side_by_side(sources), measures=MEASURES_IN_WORDS,
        is_older=_is_older(request, about),
    )  # fmt: skip


@router.get("/environments/{name}/leads")
def show_leads(
    request: Request,
    name: str,
    change: Annotated[str, Query(max_length=60)],
    part: Annotated[str, Query(pattern="^(lead|score)$")] = "lead",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the leads behind a change, each before and after."""
    with _reading(_file(request, name)) as connection:
        found = rows(connection, LISTED[part], change, after, PAGE + 1)
        (numbers,) = rows(connection, f"SELECT COUNT(*) AS leads FROM {part} WHERE change = ?", change)
    return render(
        request, "environments/leads.html", name=name, change=change, part=part, leads=found[:PAGE],
        number=numbers["leads"], next_key=found[PAGE - 1]["lead_key"] if len(found) > PAGE else "", is_first=not after,
    )  # fmt: skip


def _file(request: Request, name: str) -> Path:
    """Return the comparison of an environment.

    Raises:
        HTTPException: There is none.
    """
    # Of the files that are there: a name is never made into a path.
    file = comparison_files(request.app.state.settings.paths).get(name)
    if file is None:
        raise HTTPException(404)
    return file


@contextmanager
def _reading(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a comparison for one request; it is small, and replaced whole.

    Raises:
        CopyProblem: It cannot be read.
    """
    try:
        with connect(str(file), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise CopyProblem(
            "This comparison cannot be read",
            "It was removed, or written by another version of the project. The next plan of the environment writes it.",
            f"sqlmesh plan {file.stem}",
        ) from error


def _is_older(request: Request, about: Row) -> bool:
    """Whether production was published after the comparison."""
    try:
        written = request.app.state.settings.paths.published.stat().st_mtime
    except OSError:
        return False
    return bool(written > about["compared_at"].timestamp())


def _side_by_side(sources: list[Row]) -> dict[str, dict[str, tuple[object, object]]]:
    """Return each number of each source before and after."""
    found: dict[str, dict[str, Row]] = {}
    for row in sources:
        found.setdefault(row["source_key"], {})[row["moment"]] = row
    return {
        source: {
            name: (moments["before"][name] if "before" in moments else None,
                   moments["after"][name] if "after" in moments else None)
            for name in (*MEASURES, "score")
        }
        for source, moments in found.items()
    }  # fmt: skip
