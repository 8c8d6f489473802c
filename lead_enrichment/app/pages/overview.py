"""Overview: what came in, what is new, what waits for a person, what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.pages.review import waiting
from lead_enrichment.app.rendering import render

MENU = (MenuEntry("Overview", "/", "Sales", 10),)
router = APIRouter()

FACILITIES = """
    SELECT
        COUNT(*) AS facilities,
        COUNT(*) FILTER (status = 'Net-new') AS net_new,
        COUNT(*) FILTER (status = 'Net-new' AND can_be_reached AND priority_decile = 1) AS best,
        COUNT(*) FILTER (status = 'Net-new' AND status_since > as_of - INTERVAL 31 DAY) AS newly,
        COUNT(*) FILTER (status = 'To review') AS to_review,
        COUNT(*) FILTER (status = 'Customer') AS customers,
        COUNT(*) FILTER (duplicate_count > 0) AS with_duplicates,
        COALESCE(SUM(duplicate_count), 0)::BIGINT AS duplicates
    FROM marts.sales_lead
"""
# The best to call today, by priority.
BEST = """
    SELECT entity_key, facility_name, city, state, phone, next_step, territory, priority_decile FROM marts.sales_lead
    WHERE status = 'Net-new' AND can_be_reached ORDER BY priority DESC, entity_key LIMIT 8
"""
DELIVERIES = """
    SELECT file_name, source_key, status, reason, file_date, received_at, rows_loaded, rows_rejected
    FROM facts.fact_file_load ORDER BY started_at DESC, file_name LIMIT 8
"""
# The newest file of each source that brings leads.
FRESHNESS = """
    SELECT f.source_key, MAX(f.file_date) AS file_date, MAX(f.received_at) AS received_at
    FROM facts.fact_file_load AS f JOIN dims.dim_source AS s USING (source_key)
    WHERE f.status = 'loaded' GROUP BY f.source_key ORDER BY f.source_key
"""
INCIDENTS = """
    SELECT severity, COUNT(*) AS incidents FROM quality.incident
    WHERE state IN ('open', 'acknowledged') AND muted_by IS NULL GROUP BY severity
"""


@router.get("/")
def show(request: Request) -> Response:
    """Show where things stand."""
    paths = request.app.state.settings.paths
    with request.app.state.published.reading() as reader:
        pairs, decided = waiting(reader, paths)
        cached = reader.cached(
            "overview",
            lambda: {
                "facilities": reader.row(FACILITIES),
                "best": reader.rows(BEST),
                "deliveries": reader.rows(DELIVERIES),
                "freshness": reader.rows(FRESHNESS),
                "incidents": {row["severity"]: row["incidents"] for row in reader.rows(INCIDENTS)},
            },
        )
        published_at = reader.published_at
    return render(
        request, "overview.html", **cached, pairs=len(pairs), decided=decided, published_at=published_at,
        now=datetime.now(UTC),
    )  # fmt: skip
