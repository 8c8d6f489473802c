"""Metrics of deliveries, each held against its past."""

from __future__ import annotations

import typing as t
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName

import lead_enrichment.quality

# SQLMesh takes a changed constant as a change of the model; the package's own modules it does not look into.
STATISTICS = sha256(
    b"".join(
        (Path(lead_enrichment.quality.__path__[0]) / name).read_bytes() for name in ("anomaly.py", "deliveries.py")
    )
).hexdigest()


@model(
    "quality.anomaly",
    kind={"name": ModelKindName.INCREMENTAL_BY_TIME_RANGE, "time_column": "received_on"},
    owner="lead_enrichment",
    cron="@daily",
    grains=["(file_id, family, metric)"],
    description=(
        "Every metric of every delivery held against its past, by what was known when the delivery came: what was "
        "expected, how unlikely the value is, and the verdict. Where something is found, one metric of the delivery "
        "leads and names the cause; the others are explained by it. One row per delivery and metric."
    ),
    columns={
        "file_id": "text",
        "source_key": "text",
        "family": "text",
        "metric": "text",
        "value": "double",
        "expected": "double",
        "expected_least": "double",
        "expected_greatest": "double",
        "effect": "double",
        "p": "double",
        "q": "double",
        "past_count": "bigint",
        "verdict": "text",
        "is_leading": "boolean",
        "explained_by": "text",
        "description": "text",
        "received_at": "timestamptz",
        "received_on": "date",
    },
    column_descriptions={
        "file_id": "SHA-256 of the delivery's bytes",
        "source_key": "Source that delivered it",
        "family": (
            "Metrics of a family vary alike: rejected, repeated, null_rate, typical_value, category_mix, volume, "
            "delisted, new or match_rate"
        ),
        "metric": "What is watched: a column, a value of a column, or what is counted",
        "value": "What the delivery holds: a share from 0 to 1, a number of rows or leads, or a median",
        "expected": "What its past lets expect; NULL without a past",
        "expected_least": "Least ordinary value: 99% of ordinary ones lie between this and the greatest",
        "expected_greatest": "Greatest ordinary value",
        "effect": "How far the value lies off: of a share in shares, otherwise as a part of what was expected",
        "p": "How likely a value as far off is where nothing is wrong",
        "q": "The same, adjusted for all metrics of the delivery (Benjamini-Hochberg)",
        "past_count": "Deliveries that it is held against, at most 12",
        "verdict": "no_history, normal, warning (one or two past deliveries only) or alarm",
        "is_leading": "Whether this metric says what is wrong with the delivery; one at most is",
        "explained_by": "The leading metric, where this one is found as well",
        "description": "What is found, in words; NULL where nothing is",
        "received_at": "When the delivery was taken in, UTC",
        "received_on": "Date of received_at; the incremental clock",
    },
    depends_on=["quality.delivery_metric", "quality.column_value", "seeds.anomaly_review"],
    audits=[
        ("not_null", {"columns": [exp.column("file_id"), exp.column("metric"), exp.column("verdict")]}),
        (
            "unique_combination_of_columns",
            {"columns": [exp.column("file_id"), exp.column("family"), exp.column("metric")]},
        ),
        (
            "accepted_values",
            {
                "column": exp.column("verdict"),
                "is_in": exp.convert(("no_history", "normal", "warning", "alarm")),
            },
        ),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Judge the deliveries of the interval; some hundred rows each pass through pandas, with the names they need."""
    # Imported here, so that SQLMesh does not take the functions apart and store them.
    from lead_enrichment.quality.deliveries import judge_deliveries

    def fetch(query: str) -> pd.DataFrame:
        # Parsed, so that it is written for whatever engine runs it.
        return context.fetchdf(parse_one(query, dialect="duckdb"))

    metric, value, review = (
        context.resolve_table(name)
        for name in ("quality.delivery_metric", "quality.column_value", "seeds.anomaly_review")
    )
    until = f"received_on <= DATE '{end.date()}'"
    metrics = fetch(f"SELECT /* {STATISTICS[:8]} */ * FROM {metric} WHERE {until}")
    days = pd.to_datetime(metrics["received_on"]).dt.date
    wanted = set(metrics["file_id"][(days >= start.date()) & (days <= end.date())])
    if not wanted:
        yield from ()
        return
    values = fetch(
        "SELECT file_id, source_key, column_name, value, row_count, distinct_count "
        f"FROM {value} WHERE is_complete AND {until}"
    )
    judged = judge_deliveries(metrics, values, fetch(f"SELECT * FROM {review}"), wanted)
    if judged.empty:
        yield from ()
    else:
        yield judged
