"""The parts of a street address, as they are written."""

from __future__ import annotations

from sqlmesh import macro

from macros.address_street import DIRECTIONS, SUFFIXES, either

BOX = r"^(?:P ?O )?BOX #?([A-Z0-9-]+)(?: (.+))?$"
HOUSE = r"^([0-9]+(?:-[0-9]+)?[A-Z]?(?: [0-9]/[0-9])?)(?: -)? (.+)$"


@macro()
def address_parts(evaluator, line, unit_text):  # type: ignore[no-untyped-def]
    """Give house_number and the parts of the street, '' where one is missing.

    Each stands in a column of its own, so that `@address_street` looks words up and runs no regular expression.

    Args:
        line: The address after `@address_line`.
        unit_text: What `@address_unit_text` found at its end.
    """
    text = line.sql(dialect="duckdb")
    rest = f"TRIM(SUBSTRING({text}, 1, CAST(LENGTH({text}) - LENGTH({unit_text.sql(dialect='duckdb')}) AS INT)))"
    direction = either([*DIRECTIONS, *DIRECTIONS.values()])
    named = rf"^(?:{direction} )?(.+?)(?: {either([*SUFFIXES, *SUFFIXES.values()])})?(?: {direction})?$"
    behind = f"REGEXP_EXTRACT({rest}, '{HOUSE}', 2)"
    return [
        f"REGEXP_EXTRACT({rest}, '{BOX}', 1) AS post_office_box",
        f"NULLIF(REGEXP_EXTRACT({rest}, '{HOUSE}', 1), '') AS house_number",
        f"REGEXP_EXTRACT({behind}, '{named}', 1) AS street_direction",
        f"REGEXP_EXTRACT({behind}, '{named}', 2) AS street_name",
        f"REGEXP_EXTRACT({behind}, '{named}', 3) AS street_suffix",
        f"REGEXP_EXTRACT({behind}, '{named}', 4) AS street_end_direction",
        f"CASE WHEN REGEXP_MATCHES({rest}, '{BOX}') THEN REGEXP_EXTRACT({rest}, '{BOX}', 2) "
        f"WHEN NOT REGEXP_MATCHES({rest}, '{HOUSE}') THEN {rest} ELSE '' END AS address_unread",
    ]
