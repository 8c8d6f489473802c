"""What tells whether two leads that share something are copies of one facility."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro


@macro()
def facility_of(evaluator: MacroEvaluator, relation: exp.Column, *others: exp.Expression) -> str:
    """Return what stands for the facility of a lead where the facilities that share something are counted.

    Seven copies of a site in the CRM are one house, seven sites of an operator are seven. A licence is a facility
    whatever its address. A lead of the CRM without an address is counted by what else is named, or else by itself.

    Args:
        relation: Alias of the relation that holds the lead, as intermediate.int_match_lead does.
        others: What tells facilities apart where there is no address.
    """
    alias = relation.name
    house = f"CAST({alias}.house_low AS TEXT) || ' ' || {alias}.street_core"
    number = f"CAST({alias}.lead_number AS TEXT)"
    told = ", ".join([house, *(other.sql(dialect="duckdb") for other in others), number])
    return f"CASE WHEN {alias}.is_crm THEN COALESCE({told}) ELSE {number} END"
