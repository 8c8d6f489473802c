"""Campaigns: whom to write to, what came of it, where leads get stuck, and the metrics that people report."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from lead_enrichment.app.charts import intervals_chart, months_chart, svg_of
from lead_enrichment.app.downloads import csv_file
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import number, render, share
from lead_enrichment.warehouse.reading import Row
from lead_enrichment.wilson import wilson_interval

MENU = (MenuEntry("Campaigns", "/campaigns", "Sales", 50),)
router = APIRouter()
MONTHS, SHOWN, BARS = 12, 100, 12

SEGMENTS = """
    SELECT segment, COUNT(*) AS facilities, COUNT(*) FILTER (NOT is_suppressed) AS to_write_to,
        COUNT(*) FILTER (is_suppressed) AS suppressed
    FROM marts.marketing_segment GROUP BY segment ORDER BY segment
"""
# A facility may be left out for several reasons.
REASONS = """
    SELECT segment, reason, COUNT(*) AS facilities
    FROM (SELECT segment, UNNEST(STRING_SPLIT(suppression, '; ')) AS reason FROM marts.marketing_segment)
    GROUP BY segment, reason ORDER BY segment, facilities DESC, reason
"""
MEMBERS = """
    SELECT entity_key, facility_name, contact_name, email, state, territory, suppression
    FROM marts.marketing_segment WHERE segment = $segment AND is_suppressed = $suppressed
        AND ($reason = '' OR LIST_CONTAINS(STRING_SPLIT(suppression, '; '), $reason))
    ORDER BY priority DESC, entity_key LIMIT $limit
"""
EXPORTED = "segment, facility_name, contact_name, email, state, territory, priority, lead_key, entity_key"
# Whoever must not be written to is in no list to write to.
EXPORT = f"""
    SELECT {EXPORTED} FROM marts.marketing_segment WHERE segment = $segment AND NOT is_suppressed
    ORDER BY priority DESC, entity_key
"""
CAMPAIGNS = """
    SELECT campaign, SUM(leads)::BIGINT AS leads, SUM(converted)::BIGINT AS converted
    FROM marts.campaign_conversion GROUP BY campaign ORDER BY leads DESC, campaign
"""
# Of several campaigns the mean of days is not told: how many conversions each mean holds is not either.
COHORTS = """
    SELECT cohort_month, SUM(leads)::BIGINT AS leads, SUM(converted)::BIGINT AS converted,
        MIN(months_old) AS months_old,
        CASE WHEN COUNT(*) = 1 THEN MIN(days_to_convert) END AS days_to_convert
    FROM marts.campaign_conversion WHERE $campaign = '' OR campaign = $campaign
    GROUP BY cohort_month ORDER BY cohort_month DESC LIMIT $limit
"""
FUNNEL = """
    SELECT month, lead_status, category, funnel_order, entered, left_again, at_end, days_in_status
    FROM marts.sales_funnel
    WHERE month IN (SELECT DISTINCT month FROM marts.sales_funnel ORDER BY month DESC LIMIT $months)
    ORDER BY month, funnel_order
"""
# Counted as the metrics became_net_new and net_new_won count.
NET_NEW = """
    SELECT month, COUNT(*) AS net_new, COUNT(known_on) AS known, COUNT(*) FILTER (is_won) AS won
    FROM marts.flag_history WHERE match_status = 'net_new' GROUP BY month ORDER BY month DESC LIMIT $months
"""
SPEED = """
    SELECT cohort_month, SUM(leads)::BIGINT AS leads, SUM(changed)::BIGINT AS changed,
        SUM(changed_in_week)::BIGINT AS in_week, SUM(changed_in_month)::BIGINT AS in_month,
        SUM(days_to_change * changed) / NULLIF(SUM(changed), 0) AS days_to_change
    FROM marts.response_speed WHERE $campaign = '' OR campaign = $campaign
    GROUP BY cohort_month ORDER BY cohort_month DESC LIMIT $months
"""
SPEED_CAMPAIGNS = "SELECT DISTINCT campaign FROM marts.response_speed ORDER BY campaign"
DECAY = "SELECT * FROM marts.contact_decay ORDER BY source_key, attribute"
# The newest month of each metric beside the one before.
METRICS = """
    SELECT m.metric, m.title, m.definition, m.owner, m.unit, v.month, v.value, b.value AS before
    FROM marts.metric AS m
    LEFT JOIN (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY metric ORDER BY month DESC) AS place
        FROM marts.metric_value WHERE dimension = 'all'
    ) AS v ON v.metric = m.metric AND v.place = 1
    LEFT JOIN marts.metric_value AS b
        ON b.metric = m.metric AND b.dimension = 'all' AND b.month = v.month - INTERVAL 1 MONTH
    ORDER BY m.title
"""
METRIC = "SELECT metric, title, definition, owner, unit, table_name, file FROM marts.metric WHERE metric = ?"
METRIC_MONTHS = """
    SELECT month, value, numerator, denominator FROM marts.metric_value
    WHERE metric = ? AND dimension = 'all' ORDER BY month DESC LIMIT 24
"""
METRIC_EXPORTED = "metric, title, unit, dimension, member, month, numerator, denominator, value"
METRIC_EXPORT = f"""
    SELECT {METRIC_EXPORTED}
    FROM marts.metric_value JOIN (SELECT metric, title, unit FROM marts.metric) AS m USING (metric)
    ORDER BY metric, dimension, member, month
"""
METRIC_MEMBERS = """
    SELECT dimension, member, month, value, numerator, denominator FROM marts.metric_value
    WHERE metric = $metric AND dimension <> 'all'
        AND month = (SELECT MAX(month) FROM marts.metric_value WHERE metric = $metric) AND NOT value IS NULL
    ORDER BY dimension, numerator DESC, member LIMIT 200
"""


@router.get("/campaigns")
def segments(request: Request) -> Response:
    """Show the segments: how many can be written to, and why the others must not be."""
    with request.app.state.published.reading() as reader:
        found = reader.cached("segments", lambda: reader.rows(SEGMENTS))
        reasons = reader.cached("reasons", lambda: reader.rows(REASONS))
    return render(
        request, "campaigns.html", found=found,
        reasons={row["segment"]: [item for item in reasons if item["segment"] == row["segment"]] for row in found},
    )  # fmt: skip


@router.get("/campaigns/segments/{segment}")
def members(
    request: Request, segment: str, suppressed: bool = False, reason: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show who is in a segment, or who of it is left out and why."""
    with request.app.state.published.reading() as reader:
        found = _segment(reader, segment)
        rows = reader.rows(MEMBERS, segment=segment, suppressed=suppressed or bool(reason), reason=reason, limit=SHOWN)
    return render(
        request, "segment.html", segment=found, rows=rows, suppressed=suppressed or bool(reason), reason=reason,
        shown=SHOWN,
    )  # fmt: skip


@router.get("/campaigns/segments/{segment}/export.csv")
def export(request: Request, segment: str) -> Response:
    """Send those of a segment who may be written to as a CSV file."""
    # Whether there is such a segment is told by a page, before the first line.
    with request.app.state.published.reading() as reader:
        _segment(reader, segment)
    name = re.sub("[^a-z0-9]+", "_", segment.lower())
    return csv_file(request, name, EXPORTED, lambda reader: reader.stream(EXPORT, segment=segment))


@router.get("/campaigns/conversion")
def conversion(request: Request, campaign: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show what came of each campaign, and of each month of creation."""
    with request.app.state.published.reading() as reader:
        campaigns = reader.cached("campaigns", lambda: _campaigns(reader))
        campaign = campaign if campaign in {row["campaign"] for row in campaigns} else ""
        cohorts = [_with_interval(row) for row in reader.rows(COHORTS, campaign=campaign, limit=24)]
        return render(
            request, "conversion.html", campaigns=campaigns, campaign=campaign, cohorts=cohorts,
            bars=BARS, version=reader.version,
        )  # fmt: skip


@router.get("/campaigns/conversion.svg")
def conversion_picture(request: Request, scheme: Annotated[str, Query(max_length=10)] = "light") -> Response:
    """Draw the rate of each campaign with its interval."""

    def chart(reader: CopyReader) -> dict[str, Any]:
        campaigns = reader.cached("campaigns", lambda: _campaigns(reader))[:BARS]
        return intervals_chart(
            [
                {"name": row["campaign"], "rate": row["rate"], "low": row["low"], "high": row["high"]}
                for row in campaigns
            ],
            "Share that became customers",
        )

    return _picture(request, "conversion", scheme, chart)


@router.get("/campaigns/funnel")
def funnel(request: Request) -> Response:
    """Show where leads are month by month, and what came of those that were net-new."""
    with request.app.state.published.reading() as reader:
        rows = reader.cached("funnel", lambda: reader.rows(FUNNEL, months=MONTHS))
        net_new = reader.cached("net-new months", lambda: reader.rows(NET_NEW, months=MONTHS))
        months = sorted({row["month"] for row in rows})
        statuses = list({row["lead_status"]: row for row in rows}.values())
        return render(
            request, "funnel.html", months=months, statuses=statuses, net_new=net_new, version=reader.version,
            at={(row["lead_status"], row["month"]): row for row in rows},
        )  # fmt: skip


@router.get("/campaigns/funnel.svg")
def funnel_picture(request: Request, scheme: Annotated[str, Query(max_length=10)] = "light") -> Response:
    """Draw how many leads are in each open status at the end of each month."""

    def chart(reader: CopyReader) -> dict[str, Any]:
        rows = reader.cached("funnel", lambda: reader.rows(FUNNEL, months=MONTHS))
        values = [
            {"month": f"{row['month']:%Y-%m-%d}", "leads": row["at_end"], "status": row["lead_status"]}
            for row in rows
            if row["category"] == "open"
        ]
        return months_chart(values, "leads", "status", "Leads at the end of the month")

    return _picture(request, "funnel", scheme, chart)


@router.get("/campaigns/contacts")
def contacts(request: Request, campaign: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show how soon new leads are worked on, and how fast phones and e-mail addresses go stale."""
    with request.app.state.published.reading() as reader:
        campaigns = [row["campaign"] for row in reader.cached("speed", lambda: reader.rows(SPEED_CAMPAIGNS))]
        campaign = campaign if campaign in campaigns else ""
        return render(
            request, "contacts.html", campaigns=campaigns, campaign=campaign, decay=reader.rows(DECAY),
            speed=reader.rows(SPEED, campaign=campaign, months=MONTHS),
        )  # fmt: skip


@router.get("/campaigns/metrics")
def metrics(request: Request) -> Response:
    """Show the newest value of each metric."""
    with request.app.state.published.reading() as reader:
        found = reader.cached("metrics", lambda: reader.rows(METRICS))
    return render(request, "metrics.html", found=found, told=metric_words)


@router.get("/campaigns/metrics/export.csv")
def metrics_export(request: Request) -> Response:
    """Send every value of every metric as a CSV file, unrounded."""
    return csv_file(request, "metrics", METRIC_EXPORTED, lambda reader: reader.stream(METRIC_EXPORT))


@router.get("/campaigns/metrics/{metric}")
def metric_page(request: Request, metric: str) -> Response:
    """Show a metric: what it means, its months, and its dimensions in the newest one."""
    with request.app.state.published.reading() as reader:
        found = reader.row(METRIC, metric)
        if found is None:
            raise HTTPException(404)
        return render(
            request, "metric.html", metric=found, months=reader.rows(METRIC_MONTHS, metric),
            members=reader.rows(METRIC_MEMBERS, metric=metric), told=metric_words,
        )  # fmt: skip


def metric_words(value: float | None, unit: str) -> str:
    """Return the value of a metric as people read it."""
    if value is None:
        return "–"
    # Points are told with one place everywhere, as on the pages of quality.
    return share(value) if unit == "share" else f"{value:.1f}" if unit == "points" else number(round(value, 1))


def _segment(reader: CopyReader, segment: str) -> Row:
    found = {row["segment"]: row for row in reader.cached("segments", lambda: reader.rows(SEGMENTS))}
    if segment not in found:
        raise HTTPException(404)
    return found[segment]


def _campaigns(reader: CopyReader) -> list[Row]:
    return [_with_interval(row) for row in reader.rows(CAMPAIGNS)]


def _with_interval(row: Row) -> Row:
    low, high = wilson_interval(row["converted"], row["leads"])
    return Row(row, rate=row["converted"] / row["leads"], low=low, high=high)


def _picture(request: Request, name: str, scheme: str, chart: Callable[[CopyReader], dict[str, Any]]) -> Response:
    wanted: Any = scheme if scheme in ("light", "dark") else "light"
    with request.app.state.published.reading() as reader:
        svg = reader.cached(f"{name} picture {wanted}", lambda: svg_of(chart(reader), wanted))
    return Response(svg, media_type="image/svg+xml")
