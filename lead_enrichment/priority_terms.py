"""The priority of a facility as SQL: what is looked at on a day, and what each term weighs."""

from __future__ import annotations

# Days within which an event is news, and within which a licence is recent.
NEWS_DAYS, RECENT_DAYS = 183, 730


# What is read of each lead of a facility.
ATTRIBUTES = (
    "license_type", "capacity", "accepts_subsidy", "serves_infants", "phone_e164", "email", "email_bounced_on",
    "license_issued_on",
)  # fmt: skip


def features_of(subject: str, lead: str) -> str:
    """Return the SQL of the features of facilities on given days; of each the level, as in seeds.priority_term.

    What is not known is NULL. The word of the states counts before that of the CRM. The columns are entity_key,
    outcome, as_of, kind, size, subsidy, infants, reach, license, growth and owner.

    Args:
        subject: Name of a relation with entity_key, outcome and as_of: facilities, each once for an outcome, and the
            last day that is known.
        lead: Name of a relation with entity_key, outcome, is_crm and ATTRIBUTES: the leads of these facilities that
            were live on that day, as they were then.
    """

    def best(column: str, kind: str = "MAX") -> str:
        """Return the value of the states, else of the CRM."""
        return (
            f"COALESCE({kind}(CASE WHEN NOT l.is_crm THEN l.{column} END), "
            f"{kind}(CASE WHEN l.is_crm THEN l.{column} END))"
        )

    def taken(column: str) -> str:
        return f"CASE {best(f'{column}::INT')} WHEN 1 THEN 'taken' WHEN 0 THEN 'not_taken' END"

    known = (
        f"SELECT l.entity_key, l.outcome, {best('license_type', 'MIN')} AS license_type, "
        f"{best('capacity')} AS capacity, {taken('accepts_subsidy')} AS subsidy, {taken('serves_infants')} AS infants, "
        "MAX(CASE WHEN l.phone_e164 IS NULL THEN 0 ELSE 1 END) AS has_phone, "
        "MAX(CASE WHEN l.email IS NULL OR NOT l.email_bounced_on IS NULL THEN 0 ELSE 1 END) AS has_email, "
        "MAX(CASE WHEN NOT l.is_crm THEN l.license_issued_on END) AS issued_on, "
        "MAX(CASE WHEN l.is_crm THEN 0 ELSE 1 END) AS is_licensed "
        f"FROM {lead} AS l GROUP BY l.entity_key, l.outcome"
    )
    news = (
        "SELECT s.entity_key, s.outcome, MAX(CASE WHEN n.event = 'capacity_grown' THEN 1 ELSE 0 END) AS has_grown, "
        "MAX(CASE WHEN n.event = 'new_owner' THEN 1 ELSE 0 END) AS has_new_owner "
        f"FROM {subject} AS s INNER JOIN marts.facility_event AS n ON n.entity_key = s.entity_key "
        f"AND n.happened_on <= s.as_of AND n.happened_on > s.as_of - INTERVAL '{NEWS_DAYS}' DAY "
        "WHERE n.event IN ('capacity_grown', 'new_owner') GROUP BY s.entity_key, s.outcome"
    )
    return (
        "SELECT s.entity_key, s.outcome, s.as_of, "
        "CASE WHEN k.license_type IN ('center', 'group_home', 'family_home') THEN k.license_type "
        "WHEN NOT k.license_type IS NULL THEN 'other' END AS kind, "
        "CASE WHEN k.capacity <= 12 THEN 'to_12' WHEN k.capacity < 50 THEN '13_to_49' "
        "WHEN k.capacity < 100 THEN '50_to_99' WHEN k.capacity >= 100 THEN '100_and_more' END AS size, "
        "k.subsidy, k.infants, "
        "CASE k.has_phone + k.has_email WHEN 2 THEN 'phone_and_email' WHEN 1 THEN 'one_way' ELSE 'none' END AS reach, "
        f"CASE WHEN k.issued_on > s.as_of - INTERVAL '{NEWS_DAYS}' DAY THEN 'new' "
        f"WHEN k.issued_on > s.as_of - INTERVAL '{RECENT_DAYS}' DAY THEN 'recent' "
        "WHEN NOT k.issued_on IS NULL THEN 'old' END AS license, "
        "CASE WHEN n.has_grown = 1 THEN 'grown' WHEN k.is_licensed = 1 AND NOT k.capacity IS NULL THEN 'same' "
        "END AS growth, "
        "CASE WHEN n.has_new_owner = 1 THEN 'new' WHEN k.is_licensed = 1 THEN 'same' END AS owner "
        f"FROM {subject} AS s INNER JOIN ({known}) AS k ON k.entity_key = s.entity_key AND k.outcome = s.outcome "
        f"LEFT JOIN ({news}) AS n ON n.entity_key = s.entity_key AND n.outcome = s.outcome"
    )


FEATURES = ("kind", "size", "subsidy", "infants", "reach", "license", "growth", "owner")


def unpivoted(observed: str, passed_on: str) -> str:
    """Return the SQL of a row per observation and feature: what is passed on, feature, and level, NULL if unknown.

    Args:
        observed: Name of a relation with a column for each feature.
        passed_on: Columns to return beside, each with the alias o.
    """
    names = ", ".join(f"('{name}')" for name in FEATURES)
    level = " ".join(f"WHEN '{name}' THEN o.{name}" for name in FEATURES)
    return (
        f"SELECT {passed_on}, f.feature, CASE f.feature {level} END AS level "
        f"FROM {observed} AS o CROSS JOIN (VALUES {names}) AS f(feature)"
    )


def weights_of(observed: str, terms: str, minimum: str, prior: str) -> str:
    """Return the SQL of the weight of each term.

    A weight is the binary logarithm of the share of the level among the facilities that converted, by its share among
    those that sales knows and that did not. To the conversions some are added that behave as the weights set by hand
    say, so that few conversions move a weight by little. A learned weight is told in tenths of a bit, as people see it:
    what is shown adds up, and a day with a conversion more does not change the priority of every facility.

    Args:
        observed: Name of a relation with a column for each feature, `outcome` and `facilities`, how many are like that.
        terms: Name of a relation with the columns of seeds.priority_term.
        minimum: From how many conversions on weights are learned.
        prior: How many conversions the weights set by hand are worth.
    """
    counted = (
        "SELECT l.feature, l.level, "
        "SUM(CASE WHEN l.outcome = 'converted' THEN l.facilities ELSE 0 END) AS conversions, "
        "SUM(CASE WHEN l.outcome = 'not_converted' THEN l.facilities ELSE 0 END) AS others "
        f"FROM ({unpivoted(observed, 'o.outcome, o.facilities')}) AS l WHERE NOT l.level IS NULL "
        "GROUP BY l.feature, l.level"
    )
    # Half a facility more of each level, so that none is impossible.
    shared = (
        "SELECT t.part, t.feature, t.level, t.bits, t.is_fixed, t.description, "
        "COALESCE(c.conversions, 0) AS conversions, COALESCE(c.others, 0) AS others, "
        "SUM(COALESCE(c.conversions, 0)) OVER (PARTITION BY t.feature) AS all_conversions, "
        "(COALESCE(c.others, 0) + 0.5) / SUM(COALESCE(c.others, 0) + 0.5) OVER (PARTITION BY t.feature) AS other_share "
        f"FROM {terms} AS t LEFT JOIN ({counted}) AS c ON c.feature = t.feature AND c.level = t.level"
    )
    expected = (
        "SELECT s.*, s.other_share * POWER(2, s.bits) / "
        "SUM(s.other_share * POWER(2, s.bits)) OVER (PARTITION BY s.feature) AS share_by_hand, "
        f"(NOT s.is_fixed AND s.all_conversions >= {minimum}) AS is_learned FROM ({shared}) AS s"
    )
    share = f"(e.conversions + {prior} * e.share_by_hand) / (e.all_conversions + {prior})"
    learned = f"ROUND(LN({share} / e.other_share) / LN(2), 1)"
    return (
        "SELECT e.part, e.feature, e.level, e.description, e.bits AS bits_by_hand, e.conversions, e.others, "
        "e.conversions / NULLIF(e.all_conversions, 0) AS converted_share, e.other_share, e.is_learned, "
        f"CASE WHEN e.is_learned THEN {learned} ELSE e.bits END AS bits FROM ({expected}) AS e"
    )
