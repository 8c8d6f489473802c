"""The weight of each term of the priority, from what converted."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

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
    say, so that few conversions move a weight by little.

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
    learned = f"LN((e.conversions + {prior} * e.share_by_hand) / (e.all_conversions + {prior}) / e.other_share) / LN(2)"
    return (
        "SELECT e.part, e.feature, e.level, e.description, e.bits AS bits_by_hand, e.conversions, e.others, "
        "e.conversions / NULLIF(e.all_conversions, 0) AS converted_share, e.other_share, e.is_learned, "
        f"CASE WHEN e.is_learned THEN {learned} ELSE e.bits END AS bits FROM ({expected}) AS e"
    )


@macro()
def priority_weights(
    evaluator: MacroEvaluator, observed: exp.Column, terms: exp.Column, minimum: exp.Expr, prior: exp.Expr
) -> str:
    """Return a query with the weight of each term of the priority; see weights_of.

    Args:
        observed: Name of a relation with a column for each feature, `outcome` and `facilities`.
        terms: Name of a relation with the columns of seeds.priority_term.
        minimum: From how many conversions on weights are learned.
        prior: How many conversions the weights set by hand are worth.
    """
    return weights_of(observed.name, terms.sql(), minimum.sql(), prior.sql())
