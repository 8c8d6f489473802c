"""The band of a pair by its probability."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.errors import UsageError


@macro()
def match_band(
    evaluator: MacroEvaluator, probability: exp.Expression, auto: exp.Expression, review: exp.Expression
) -> str:
    """Return `auto` from one threshold on, `review` from the other on, and `reject` below.

    The thresholds are variables of config.yaml.

    Args:
        probability: Probability that the two leads of the pair are one facility.
        auto: From this probability on a pair is joined without a review.
        review: From this probability on a person decides.

    Raises:
        UsageError: A threshold is not a probability between 0 and 1, or the two cross.
    """
    try:
        highest, lowest = (float(threshold.name) for threshold in (auto, review))
    except ValueError:
        # No text lies between 0 and 1.
        highest = lowest = float("nan")
    if not 0 < lowest <= highest < 1:
        raise UsageError(
            f"match_review_probability ({review.sql()}) and match_auto_probability ({auto.sql()}) must lie between "
            "0 and 1, and the one for review not above the other",
            "config.yaml",
            "Correct them under variables.",
        )
    return (
        f"CASE WHEN {probability.sql(dialect='duckdb')} >= {highest} THEN 'auto' "
        f"WHEN {probability.sql(dialect='duckdb')} >= {lowest} THEN 'review' ELSE 'reject' END"
    )
