"""Data quality: scores over months, rules, profiles of deliveries, anomalies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lead_enrichment.app.charts import months_chart, svg_of
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import render
from lead_enrichment.contracts import lead_contracts
from lead_enrichment.errors import UsageError
from lead_enrichment.quality.profile import profile_of
from lead_enrichment.quality.report import rule_hits

MENU = (MenuEntry("Quality", "/quality", "Operations", 30),)
router = APIRouter()
MONTHS, SHOWN = 24, 200

SCORES = """
    SELECT month, source_key, score, change, leads FROM quality.scorecard
    WHERE dimension = 'all' AND owner = 'all'
        AND month IN (SELECT DISTINCT month FROM quality.scorecard ORDER BY month DESC LIMIT $months)
    ORDER BY month, source_key
"""
DIMENSIONS = """
    SELECT source_key, dimension, score, change, leads, month FROM quality.scorecard
    WHERE owner = 'all' AND dimension <> 'all'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY source_key, dimension ORDER BY month DESC) = 1
    ORDER BY source_key, score
"""
# The loud ones first: a metric that another explains is told beside it.
ANOMALIES = """
    SELECT a.*, f.file_name FROM quality.anomaly AS a
    LEFT JOIN (
        SELECT file_id, MIN(file_name) AS file_name FROM facts.fact_file_load WHERE status = 'loaded' GROUP BY file_id
    ) AS f ON f.file_id = a.file_id
    WHERE a.verdict IN ('warning', 'alarm') AND ($source = '' OR a.source_key = $source)
    ORDER BY a.received_at DESC, a.is_leading DESC, ABS(a.effect) DESC
    LIMIT $limit
"""


@router.get("/quality")
def show(request: Request) -> Response:
    """Show the scores of the sources over months, and by dimension."""
    with request.app.state.published.reading() as reader:
        scores = reader.rows(SCORES, months=MONTHS)
        dimensions = reader.rows(DIMENSIONS)
        months = sorted({row["month"] for row in scores})
        sources = sorted({row["source_key"] for row in scores})
        by_place = {(row["source_key"], row["month"]): row for row in scores}
        by_dimension = {(row["source_key"], row["dimension"]): row for row in dimensions}
        return render(
            request, "quality.html", months=months, sources=sources, scores=by_place,
            dimensions=sorted({row["dimension"] for row in dimensions}), by_dimension=by_dimension,
            version=f"{reader.published_at:%Y%m%d%H%M%S}",
        )  # fmt: skip


@router.get("/quality/scores.svg")
def scores_picture(request: Request, scheme: Annotated[str, Query(max_length=10)] = "light") -> Response:
    """Draw the scores over months."""
    wanted: Any = scheme if scheme in ("light", "dark") else "light"
    with request.app.state.published.reading() as reader:
        svg = reader.cached(f"scores {wanted}", lambda: svg_of(_scores_chart(reader), wanted))
    return Response(svg, media_type="image/svg+xml")


def _scores_chart(reader: CopyReader) -> dict[str, Any]:
    values = [
        {"month": f"{row['month']:%Y-%m-%d}", "score": row["score"], "source": row["source_key"].title()}
        for row in reader.rows(SCORES, months=MONTHS)
    ]
    return months_chart(values, "score", "source", "Score, 0 to 100")


@router.get("/quality/rules")
def rules(
    request: Request,
    source: Annotated[str, Query(max_length=100)] = "",
    dimension: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the rules with how many leads each hits."""
    with request.app.state.published.reading() as reader:
        source = source if source in lead_contracts() else ""
        found = reader.cached(f"rules {source}", lambda: rule_hits(reader.connection, source))
        dimensions = sorted({row["dimension"] for row in found})
        chosen = [row for row in found if dimension in ("", row["dimension"])]
        return render(
            request, "quality_rules.html", found=chosen, source=source, sources=sorted(lead_contracts()),
            dimension=dimension, dimensions=dimensions,
        )  # fmt: skip


@router.get("/quality/anomalies")
def anomalies(request: Request, source: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show what is out of the ordinary in deliveries, each with the range that was expected."""
    with request.app.state.published.reading() as reader:
        found = reader.rows(ANOMALIES, source=source, limit=SHOWN)
        return render(request, "quality_anomalies.html", found=found, source=source, sources=sorted(lead_contracts()))


@router.get("/quality/profiles")
def profiles(request: Request, source: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show what the columns of a source's newest delivery hold."""
    sources = lead_contracts()
    source = source or next(iter(sorted(sources)), "")
    if source not in sources:
        raise UsageError(f"there is no source {source}", "", f"There is {', '.join(sorted(sources))}.")
    names = tuple(item.name for item in sources[source].columns)
    with request.app.state.published.reading() as reader:
        profile = reader.cached(f"profile {source}", lambda: profile_of(reader.connection, source, names, None))
        bars = {item.name: _bars(item.now["histogram"] or [], item.values, item.is_numeric) for item in profile.columns}
        return render(
            request, "quality_profiles.html", profile=profile, bars=bars, source=source, sources=sorted(sources)
        )


def _bars(histogram: list[int], values: list[Any], is_numeric: bool) -> list[tuple[float, float]]:
    """Return the bars of a small histogram: where each begins and how high it is, of 10 by 1."""
    counts = [*histogram] if is_numeric else [rows for _, rows in values[:10]]
    most = max(counts, default=0)
    return [(place * 10 / max(len(counts), 1), count / most) for place, count in enumerate(counts) if count]
