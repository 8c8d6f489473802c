"""What tells whether two leads that share something are copies of one facility."""

from __future__ import annotations

from sqlmesh import macro


@macro()
def facility_of(evaluator, relation):  # type: ignore[no-untyped-def]
    """Return the house of a lead, or its name where it has none, or else the lead itself.

    A shared contact is told from a much-copied lead by how many of these hold it: seven copies of a site are one house,
    seven sites of an operator are seven.

    Args:
        relation: Alias of the relation that holds the lead, as intermediate.int_match_lead does.
    """
    alias = relation.name
    house = f"CAST({alias}.house_low AS TEXT) || ' ' || {alias}.street_core"
    return f"COALESCE({house}, {alias}.name_normal, CAST({alias}.lead_number AS TEXT))"
