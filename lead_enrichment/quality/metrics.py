"""The metrics: numbers that people report, each defined once in metrics/*.yaml and compiled to one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot.errors import SqlglotError

from lead_enrichment.errors import UsageError
from lead_enrichment.quality.compiled import FORBIDDEN
from lead_enrichment.quality.rules import read_yaml, schema_faults
from lead_enrichment.warehouse.connection import literal

ADVICE = "See docs/views.md, Metrics."


@dataclass(frozen=True)
class Metric:
    """One metric; the fields are those of metric_schema.json.

    Args:
        file: The file in which it stands, from the project's folder on.
    """

    metric: str
    title: str
    table: str
    month: str
    numerator: str
    denominator: str
    definition: str
    owner: str
    unit: str
    dimensions: tuple[str, ...]
    file: str


@cache
def metrics() -> tuple[Metric, ...]:
    """Return the metrics of the project in the current directory.

    Raises:
        UsageError: A file is no list of metrics, or two bear one name.
    """
    return unique(metric for file, document in _documents() for metric in parse(document, file))


def _documents() -> Iterator[tuple[str, Any]]:
    for path in sorted(Path("metrics").glob("*.yaml")):
        file = f"metrics/{path.name}"
        yield file, read_yaml(path, file)


def unique(found: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return metrics of which each has a name of its own.

    Raises:
        UsageError: Two bear one name.
    """
    by_name: dict[str, Metric] = {}
    for item in found:
        if item.metric in by_name:
            place = f"{item.file}, metric {item.metric}"
            raise UsageError(f"{by_name[item.metric].file} has a metric of this name too", place, "Rename one.")
        by_name[item.metric] = item
    return tuple(by_name.values())


def parse(document: Any, file: str) -> list[Metric]:
    """Return the metrics of a document; `file` names it in messages.

    Raises:
        UsageError: It does not fit metric_schema.json, or a part is no SQL over one row.
    """
    for name, fault in schema_faults(document, "metric_schema.json", "metric"):
        raise UsageError(fault, f"{file}, metric {name}" if name else file, ADVICE)
    return [_placed(item, file) for item in document]


def _placed(item: dict[str, Any], file: str) -> Metric:
    where = f"{file}, metric {item['metric']}"
    for part in ("month", "numerator", "denominator"):
        if part in item:
            _check(item[part], part, where)
    texts = {name: " ".join(item[name].split()) for name in ("title", "definition", "owner", "unit", "metric", "table")}
    return Metric(
        **texts,
        month=item["month"].strip(),
        numerator=item["numerator"].strip(),
        denominator=item.get("denominator", "").strip(),
        dimensions=tuple(item["dimensions"]),
        file=file,
    )


def _check(text: str, part: str, where: str) -> None:
    """Hold a part of a metric to be one expression over a row.

    Raises:
        UsageError: It is not.
    """
    try:
        expression = sqlglot.parse_one(text, read="duckdb")
    except SqlglotError as error:
        problem = " ".join(str(error).split("\n")[0].split())
        raise UsageError(f"{part} is no SQL ({problem})", where, "Correct it.") from error
    for kind, problem in FORBIDDEN:
        if isinstance(expression, kind) or next(expression.find_all(kind), None) is not None:
            raise UsageError(f"{part} {problem}", where, "Write what one row counts; rows are added up by themselves.")


def metric_row(metric: Metric) -> str:
    """Return the values of a metric in marts.metric, as SQL."""
    texts = (
        metric.metric, metric.title, metric.definition, metric.owner, metric.unit, metric.table, metric.numerator,
        metric.denominator, ", ".join(metric.dimensions), metric.file,
    )  # fmt: skip
    return f"({', '.join(map(literal, texts))})"


def value_query(metric: Metric) -> str:
    """Return the SQL of a metric's values: metric, month, dimension, member, numerator and denominator.

    The table is read once and added up by all dimensions together; from these few rows each dimension is taken.
    """
    names = metric.dimensions
    columns = "".join(f", t.{name}::TEXT AS {name}" for name in names)
    grouped = "".join(f", r.{name}" for name in names)
    bottom = metric.denominator or "NULL::DOUBLE"
    rows = (
        f"SELECT DATE_TRUNC('MONTH', {metric.month})::DATE AS month{columns}, "
        f"({metric.numerator})::DOUBLE AS numerator, ({bottom})::DOUBLE AS denominator FROM {metric.table} AS t"
    )
    sums = (
        f"SELECT r.month{grouped}, SUM(r.numerator) AS numerator, SUM(r.denominator) AS denominator "
        f"FROM ({rows}) AS r WHERE NOT r.month IS NULL GROUP BY r.month{grouped}"
    )
    listed = ", ".join(f"({literal(name)})" for name in ("all", *names))
    members = "".join(f" WHEN {literal(name)} THEN COALESCE(s.{name}, 'unknown')" for name in names)
    member = f"CASE d.dimension{members} ELSE 'all' END" if members else "'all'"
    return (
        f"SELECT {literal(metric.metric)} AS metric, s.month, d.dimension, {member} AS member, "
        f"SUM(s.numerator) AS numerator, SUM(s.denominator) AS denominator "
        f"FROM ({sums}) AS s CROSS JOIN (VALUES {listed}) AS d(dimension) GROUP BY s.month, d.dimension, {member}"
    )
