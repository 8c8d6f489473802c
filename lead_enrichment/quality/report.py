"""What the rules found, for people: by rule, of one lead, and what an environment would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.quality.rules import line_of
from lead_enrichment.warehouse.lookups import find_lead
from lead_enrichment.warehouse.reading import Row, check_is_other, one_row, rows, schemas_in

# Of live leads, by the few combinations of outcomes that there are.
HITS = """
    WITH pattern AS (
        SELECT source_key, outcomes, COUNT(*) AS leads FROM quality.lead_outcome
        WHERE $source = '' OR source_key = $source GROUP BY ALL
    ), counted AS (
        SELECT
            r.rule,
            SUM(p.leads) FILTER (SUBSTRING(p.outcomes, r.position, 1) IN ('p', 'f'))::BIGINT AS tested,
            SUM(p.leads) FILTER (SUBSTRING(p.outcomes, r.position, 1) = 'f')::BIGINT AS failed,
            SUM(p.leads) FILTER (SUBSTRING(p.outcomes, r.position, 1) = 'e')::BIGINT AS broken
        FROM quality.rule AS r
        JOIN pattern AS p ON r.source_key IN ('', p.source_key)
        GROUP BY r.rule
    )
    SELECT
        r.* EXCLUDE (position),
        COALESCE(c.tested, 0) AS tested,
        COALESCE(c.failed, 0) AS failed,
        COALESCE(c.broken, 0) AS broken,
        c.failed / NULLIF(c.tested, 0) AS failed_share
    FROM quality.rule AS r
    LEFT JOIN counted AS c USING (rule)
    WHERE $source = '' OR r.source_key IN ('', $source)
    ORDER BY failed DESC, r.rule
"""
SCORE = """
    SELECT s.*, (SELECT MAX(d.day) FROM intermediate.int_day AS d) AS as_of
    FROM quality.lead_score AS s WHERE s.lead_key = ?
"""
FAILURES = """
    SELECT f.*, r.file AS rule_file, l.file_name
    FROM quality.lead_failure AS f
    JOIN quality.rule AS r USING (rule)
    LEFT JOIN (
        SELECT file_id, MIN(file_name) AS file_name FROM facts.fact_file_load WHERE status = 'loaded' GROUP BY file_id
    ) AS l ON l.file_id = f.file_id
    WHERE f.lead_key = ? ORDER BY f.points DESC, f.rule
"""
SCORES = """
    SELECT
        COALESCE(o.lead_key, n.lead_key) AS lead_key,
        CASE
            WHEN o.lead_key IS NULL THEN 'is scored for the first time'
            WHEN n.lead_key IS NULL THEN 'is scored no more'
            WHEN n.score < o.score - 0.000001 THEN 'score falls'
            WHEN n.score > o.score + 0.000001 THEN 'score rises'
        END AS change,
        o.score AS score_before,
        n.score AS score_after
    FROM quality.lead_score AS o
    FULL JOIN {lead_score} AS n ON n.lead_key = o.lead_key
"""
CHANGED_SCORES = """
    SELECT
        change,
        COUNT(*) AS leads,
        AVG(score_after - score_before) AS mean_change,
        LIST({{lead_key: lead_key, score_before: score_before, score_after: score_after}}
            ORDER BY ABS(score_after - score_before) DESC, lead_key)[:{samples}] AS samples
    FROM ({scores}) WHERE change IS NOT NULL GROUP BY change ORDER BY change
"""
CHANGED_FAILURES = """
    SELECT
        rule,
        COUNT(*) FILTER (was IS NULL) AS now_fail,
        COUNT(*) FILTER (becomes IS NULL) AS fail_no_more,
        COALESCE(LIST(lead_key ORDER BY lead_key) FILTER (was IS NULL), [])[:{samples}] AS now_fail_samples,
        COALESCE(LIST(lead_key ORDER BY lead_key) FILTER (becomes IS NULL), [])[:{samples}] AS fail_no_more_samples
    FROM (
        SELECT
            COALESCE(o.rule, n.rule) AS rule,
            COALESCE(o.lead_key, n.lead_key) AS lead_key,
            o.rule AS was,
            n.rule AS becomes
        FROM quality.lead_failure AS o
        FULL JOIN {lead_failure} AS n ON n.lead_key = o.lead_key AND n.rule = o.rule
    )
    WHERE was IS NULL OR becomes IS NULL GROUP BY rule ORDER BY COUNT(*) DESC, rule
"""
SOURCES = """
    SELECT source_key, o.score AS score_before, n.score AS score_after
    FROM (SELECT source_key, AVG(score) AS score FROM quality.lead_score GROUP BY source_key) AS o
    FULL JOIN (SELECT source_key, AVG(score) AS score FROM {lead_score} GROUP BY source_key) AS n USING (source_key)
    ORDER BY source_key
"""


@dataclass(frozen=True)
class LeadQuality:
    """Why a lead has its score.

    Args:
        lead: The lead as it is now.
        score: Its row of quality.lead_score, and `as_of`, the day for which it is.
        failures: Its rows of quality.lead_failure, the dearest first, each with `file_name` of the delivery, and
            `rule_file` and `rule_line`, where the rule stands.
    """

    lead: Row
    score: Row
    failures: list[Row]


@dataclass(frozen=True)
class QualityComparison:
    """What an environment changes, compared with production.

    Args:
        scores: By change: how many leads, and those whose score changes most.
        failures: By rule: how many leads fail it in the environment only, how many in production only, and the first.
        sources: The mean score of each source, before and after.
    """

    scores: list[Row]
    failures: list[Row]
    sources: list[Row]


def rule_hits(connection: duckdb.DuckDBPyConnection, source_key: str = "") -> list[Row]:
    """Return every rule with how many live leads it tests, and how many fail it.

    Args:
        connection: Production, or an environment.
        source_key: The only source to count; empty for all.

    Raises:
        UsageError: There is no such source.
    """
    if source_key:
        known = [row["source_key"] for row in rows(connection, "SELECT source_key FROM dims.dim_source ORDER BY 1")]
        if source_key not in known:
            raise UsageError(f"{source_key!r} is no source", "", f"Name {', '.join(known)}.")
    return rows(connection, HITS, source=source_key)


def lead_quality(connection: duckdb.DuckDBPyConnection, lead_key: str, project: Path) -> LeadQuality:
    """Return why a lead has its score.

    Args:
        connection: Production, or an environment.
        lead_key: Key of the lead.
        project: The project's folder, in whose files the rules stand.

    Raises:
        UsageError: No such lead ever came, or it is not live.
    """
    lead = find_lead(connection, lead_key)
    score = rows(connection, SCORE, lead_key)
    if not score:
        raise UsageError(
            f"{lead_key} has no score: it is deleted or no longer listed", "", f"What it was: leads lead {lead_key}"
        )
    failures = rows(connection, FAILURES, lead_key)
    for failure in failures:
        failure["rule_line"] = line_of(failure["rule"], project / failure["rule_file"])
    return LeadQuality(lead, score[0], failures)


def compare(connection: duckdb.DuckDBPyConnection, environment: str, samples: int) -> QualityComparison:
    """Compare the scores of an environment with those of production.

    Args:
        connection: The warehouse.
        environment: Name of the environment, as in `sqlmesh plan NAME`.
        samples: How many leads of each change to name.

    Raises:
        UsageError: There is no such environment, or it is production.
    """
    check_is_other(environment)
    (catalog,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    schemas = schemas_in(connection, catalog, environment, "quality", ("lead_score", "lead_failure"))
    names = {name: f"{schema}.{name}" for name, schema in schemas.items()}
    scores = CHANGED_SCORES.format(scores=SCORES.format(**names), samples=samples)
    return QualityComparison(
        scores=rows(connection, scores),
        failures=rows(connection, CHANGED_FAILURES.format(**names, samples=samples)),
        sources=rows(connection, SOURCES.format(**names)),
    )


def sum_in_words(score: Row, failures: Sequence[Row]) -> str:
    """Return the sum by which the failures explain a score, as `100 - 9.5 - 8.7 = 81.8`."""
    lost = [failure["points"] for failure in failures if failure["points"]]
    return " ".join(["100", *(f"- {points:.1f}" for points in lost), f"= {score['score']:.1f}"])
