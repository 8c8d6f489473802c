"""The live leads on given days, with what was known of them then."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.quality.compiled import of_level
from lead_enrichment.quality.rules import FINAL_EXTRA, rules

# Only what a rule reads, so that a million leads stay narrow. Read here, not in the macro, so that SQLMesh sees a
# changed rule as a change of the models that use it.
LEAD_READS = tuple(
    sorted(
        {"lead_key", "source_key", "phone_e164", "email", "file_id", "row_number"}
        | {name for rule in of_level(rules(), "final") for name in rule.reads} - {name for name, _, _ in FINAL_EXTRA}
    )
)


@macro()
def leads_on(evaluator: MacroEvaluator, days: exp.Column) -> str:
    """Return a query with the leads that were live on each of some days, as rules of the final level read them.

    Its columns are those of dims.dim_lead that some rule reads; as_of, the day; match_status on that day; phone_leads
    and email_leads, the live leads of the same source with the same phone and e-mail address; and of the row that
    brought the version, what the rules of the levels source and staging found: row_outcomes and row_failures.

    Args:
        days: Name of a relation with the days, as evaluated_on.
    """
    # Comparisons only: for a condition with OR, DuckDB compares every row of one side with every row of the other.
    lasts = "{0}::DATE <= {2} AND COALESCE({1}::DATE, '9999-12-31'::DATE) > {2}".format

    def shared(column: str, alias: str) -> str:
        """Return the join of what more than one lead of a source has; a join costs less than a window of all."""
        return (
            f"LEFT JOIN (SELECT s.as_of, s.source_key, s.{column}, COUNT(*) AS leads FROM live AS s "
            f"WHERE NOT s.{column} IS NULL GROUP BY s.as_of, s.source_key, s.{column} HAVING COUNT(*) > 1) AS {alias} "
            f"ON {alias}.as_of = l.as_of AND {alias}.source_key = l.source_key AND {alias}.{column} = l.{column}"
        )

    # Which versions held, and then what they say: where no day is asked for, nothing is read. A step of its own, so
    # that it is computed once.
    held = (
        f"SELECT y.lead_key, y.valid_from, d.evaluated_on FROM {days.name} AS d "
        f"INNER JOIN dims.dim_lead_validity AS y ON {lasts('y.valid_from', 'y.valid_to', 'd.evaluated_on')}"
    )
    live = (
        f"SELECT {', '.join(f'v.{name}' for name in LEAD_READS)}, h.evaluated_on AS as_of FROM ({held}) AS h "
        "INNER JOIN intermediate.int_lead_version AS v ON v.lead_key = h.lead_key AND v.received_at = h.valid_from "
        "WHERE v.is_listed AND NOT v.is_deleted"
    )
    return (
        f"WITH live AS ({live}) SELECT l.*, o.outcomes AS row_outcomes, o.failures AS row_failures, m.match_status, "
        "CASE WHEN NOT l.phone_e164 IS NULL THEN COALESCE(p.leads, 1) END AS phone_leads, "
        "CASE WHEN NOT l.email IS NULL THEN COALESCE(e.leads, 1) END AS email_leads "
        "FROM live AS l "
        "INNER JOIN quality.row_outcome AS o ON o.file_id = l.file_id AND o.row_number = l.row_number "
        "LEFT JOIN (SELECT d.evaluated_on AS as_of, c.lead_key, MAX_BY(c.match_status, c.changed_at) AS match_status "
        f"FROM {days.name} AS d INNER JOIN facts.fact_match_status_change AS c ON c.changed_at::DATE <= d.evaluated_on "
        "GROUP BY d.evaluated_on, c.lead_key) AS m ON m.lead_key = l.lead_key AND m.as_of = l.as_of "
        f"{shared('phone_e164', 'p')} {shared('email', 'e')}"
    )
