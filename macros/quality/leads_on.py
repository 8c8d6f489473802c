"""The live leads on given days, with what was known of them then."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def leads_on(evaluator: MacroEvaluator, days: exp.Column) -> str:
    """Return a query with the leads that were live on each of some days, as rules of the final level read them.

    Its columns are those of dims.dim_lead; as_of, the day; match_status on that day; phone_leads and email_leads, the
    live leads of the same source with the same phone and e-mail address; and of the row that brought the version, what
    the rules of the levels source and staging found: row_outcomes and row_failures.

    Args:
        days: Name of a relation with the days, as evaluated_on.
    """
    lasts = "{0}.{1}::DATE <= {2} AND ({0}.{3} IS NULL OR {0}.{3}::DATE > {2})".format
    return (
        "SELECT l.*, o.outcomes AS row_outcomes, o.failures AS row_failures, m.match_status, "
        "CASE WHEN NOT l.phone_e164 IS NULL THEN "
        "COUNT(*) OVER (PARTITION BY l.as_of, l.source_key, l.phone_e164) END AS phone_leads, "
        "CASE WHEN NOT l.email IS NULL THEN "
        "COUNT(*) OVER (PARTITION BY l.as_of, l.source_key, l.email) END AS email_leads "
        f"FROM (SELECT v.*, d.evaluated_on AS as_of FROM {days.name} AS d INNER JOIN dims.dim_lead AS v "
        f"ON {lasts('v', 'valid_from', 'd.evaluated_on', 'valid_to')} WHERE v.is_listed AND NOT v.is_deleted) AS l "
        "INNER JOIN quality.row_outcome AS o ON o.file_id = l.file_id AND o.row_number = l.row_number "
        "LEFT JOIN (SELECT c.lead_key, c.match_status, c.changed_at, "
        "LEAD(c.changed_at) OVER (PARTITION BY c.lead_key ORDER BY c.changed_at) AS ended_at "
        "FROM facts.fact_match_status_change AS c) AS m "
        f"ON m.lead_key = l.lead_key AND {lasts('m', 'changed_at', 'l.as_of', 'ended_at')}"
    )
