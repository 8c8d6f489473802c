"""How much of the market sales knows and has won, counted in one way."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def market_counts(evaluator: MacroEvaluator, facility: exp.Column) -> list[str]:
    """Return columns that count facilities in a group: all, known, net-new and won, and of the market those.

    The market are the facilities that a state lists, as in metrics/market.yaml: what Salesforce alone has is none.

    Args:
        facility: Alias of `marts.sales_lead`.
    """
    name = facility.name
    known, won = f"{name}.match_status = 'known'", f"{name}.status = 'Customer'"
    is_listed = f"NOT {name}.state_lead_key IS NULL"
    counted = {
        "known": known,
        "net_new": f"{name}.match_status = 'net_new'",
        "won": won,
        "listed_known": f"{known} AND {is_listed}",
        "listed_won": f"{won} AND {is_listed}",
    }
    return [
        "COUNT(*) AS facilities",
        f"COUNT({name}.state_lead_key) AS listed",
        *(f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS {column}" for column, condition in counted.items()),
    ]
