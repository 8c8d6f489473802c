"""The last part of an address, which may be a city."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import either
from macros.address.address_unit import DESIGNATORS, PLACES
from macros.address.street_name import ROAD

# Words without digits behind a comma or a line break: REAR and SUITE B are units, MAIN ST is a street, and OAK HILL may
# be a city.
LAST_PART = r"[|] ([^|0-9]+)$"
NO_CITY = rf"^(?:{either([*DESIGNATORS, *PLACES, 'RM', 'FLOOR', 'FL'])} .*|{either([*PLACES])}|.* {ROAD})$"


@macro()
def part_at_end(evaluator: MacroEvaluator, before_state: exp.Expression) -> str:
    """Return what stands behind the last bar of an address where it may be a city; otherwise NULL.

    Args:
        before_state: An address without state and ZIP, as `@place_at_end` returns it.
    """
    part = f"REGEXP_EXTRACT({before_state.sql(dialect='duckdb')}, '{LAST_PART}', 1)"
    return f"CASE WHEN NOT REGEXP_MATCHES({part}, '{NO_CITY}') THEN NULLIF({part}, '') END"
