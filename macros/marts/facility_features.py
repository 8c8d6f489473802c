"""What the priority of a facility looks at, on any day."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Days within which an event is news, and within which a licence is recent.
NEWS_DAYS, RECENT_DAYS = 183, 730


def features_of(subject: str) -> str:
    """Return the SQL of the features of facilities on given days; of each the level, as in seeds.priority_term.

    What is not known is NULL. The word of the states counts before that of the CRM. The columns are entity_key, as_of,
    kind, size, subsidy, infants, reach, license, growth and owner.

    Args:
        subject: Name of a relation with entity_key and as_of: facilities, and the last day that is known.
    """

    def best(column: str, kind: str = "MAX") -> str:
        """Return the value of the states, else of the CRM."""
        return (
            f"COALESCE({kind}(CASE WHEN NOT l.is_crm THEN v.{column} END), "
            f"{kind}(CASE WHEN l.is_crm THEN v.{column} END))"
        )

    def taken(column: str) -> str:
        return f"CASE {best(f'{column}::INT')} WHEN 1 THEN 'taken' WHEN 0 THEN 'not_taken' END"

    known = (
        f"SELECT s.entity_key, s.as_of, {best('license_type', 'MIN')} AS license_type, "
        f"{best('capacity')} AS capacity, {taken('accepts_subsidy')} AS subsidy, {taken('serves_infants')} AS infants, "
        "MAX(CASE WHEN v.phone_e164 IS NULL THEN 0 ELSE 1 END) AS has_phone, "
        "MAX(CASE WHEN v.email IS NULL OR NOT v.email_bounced_on IS NULL THEN 0 ELSE 1 END) AS has_email, "
        "MAX(CASE WHEN NOT l.is_crm THEN v.license_issued_on END) AS issued_on, "
        "MAX(CASE WHEN l.is_crm THEN 0 ELSE 1 END) AS is_licensed "
        f"FROM {subject} AS s INNER JOIN intermediate.int_entity AS e ON e.entity_key = s.entity_key "
        "INNER JOIN (SELECT c.lead_key, c.is_crm FROM intermediate.int_lead_current AS c) AS l "
        "ON l.lead_key = e.lead_key "
        "INNER JOIN dims.dim_lead AS v ON v.lead_key = l.lead_key AND v.valid_from::DATE <= s.as_of "
        "AND COALESCE(v.valid_to::DATE, '9999-12-31'::DATE) > s.as_of AND v.is_listed AND NOT v.is_deleted "
        "GROUP BY s.entity_key, s.as_of"
    )
    news = (
        "SELECT s.entity_key, s.as_of, MAX(CASE WHEN n.event = 'capacity_grown' THEN 1 ELSE 0 END) AS has_grown, "
        "MAX(CASE WHEN n.event = 'new_owner' THEN 1 ELSE 0 END) AS has_new_owner "
        f"FROM {subject} AS s INNER JOIN marts.facility_event AS n ON n.entity_key = s.entity_key "
        f"AND n.happened_on <= s.as_of AND n.happened_on > s.as_of - INTERVAL '{NEWS_DAYS}' DAY "
        "WHERE n.event IN ('capacity_grown', 'new_owner') GROUP BY s.entity_key, s.as_of"
    )
    return (
        "SELECT k.entity_key, k.as_of, "
        "CASE WHEN k.license_type IN ('center', 'group_home', 'family_home') THEN k.license_type "
        "WHEN NOT k.license_type IS NULL THEN 'other' END AS kind, "
        "CASE WHEN k.capacity <= 12 THEN 'to_12' WHEN k.capacity < 50 THEN '13_to_49' "
        "WHEN k.capacity < 100 THEN '50_to_99' WHEN k.capacity >= 100 THEN '100_and_more' END AS size, "
        "k.subsidy, k.infants, "
        "CASE k.has_phone + k.has_email WHEN 2 THEN 'phone_and_email' WHEN 1 THEN 'one_way' ELSE 'none' END AS reach, "
        f"CASE WHEN k.issued_on > k.as_of - INTERVAL '{NEWS_DAYS}' DAY THEN 'new' "
        f"WHEN k.issued_on > k.as_of - INTERVAL '{RECENT_DAYS}' DAY THEN 'recent' "
        "WHEN NOT k.issued_on IS NULL THEN 'old' END AS license, "
        "CASE WHEN n.has_grown = 1 THEN 'grown' WHEN k.is_licensed = 1 AND NOT k.capacity IS NULL THEN 'same' "
        "END AS growth, "
        "CASE WHEN n.has_new_owner = 1 THEN 'new' WHEN k.is_licensed = 1 THEN 'same' END AS owner "
        f"FROM ({known}) AS k LEFT JOIN ({news}) AS n ON n.entity_key = k.entity_key AND n.as_of = k.as_of"
    )


@macro()
def facility_features(evaluator: MacroEvaluator, subject: exp.Column) -> str:
    """Return a query with the features of facilities on given days; see features_of.

    Args:
        subject: Name of a relation with entity_key and as_of.
    """
    return features_of(subject.name)
