"""What tells whether two leads that share something are copies of one facility."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def facility_of(evaluator, relation, *others):  # type: ignore[no-untyped-def]
    """Return what stands for the facility of a lead where the facilities that share something are counted.

    Seven copies of a site in Salesforce are one house, seven sites of an operator are seven. A licence is a facility
    whatever its address. A lead of Salesforce without an address is counted by what else is named, or else by itself.

    Args:
        relation: Alias of the relation that holds the lead, as intermediate.int_match_lead does.
        others: What tells facilities apart where there is no address.
    """
    alias = relation.name
    house = f"CAST({alias}.house_low AS TEXT) || ' ' || {alias}.street_core"
    number = f"CAST({alias}.lead_number AS TEXT)"
    told = ", ".join([house, *(other.sql(dialect="duckdb") for other in others), number])
    return f"CASE WHEN {alias}.source_key = 'salesforce' THEN COALESCE({told}) ELSE {number} END"
