"""The unit within a building."""

from __future__ import annotations

from sqlmesh import macro

from macros.address_street import SUFFIXES, either, lookup

# Publication 28, appendix C2. RM is left out: in Texas it is a ranch-to-market road.
DESIGNATORS = {
    "SUITE": "STE", "STE": "STE", "APARTMENT": "APT", "APT": "APT", "UNIT": "UNIT", "BUILDING": "BLDG", "BLDG": "BLDG",
    "ROOM": "ROOM", "LOT": "LOT", "TRAILER": "TRLR", "TRLR": "TRLR", "SPACE": "SPC", "SPC": "SPC", "FLOOR": "FL",
    "DEPARTMENT": "DEPT", "DEPT": "DEPT",
}  # fmt: skip


@macro()
def address_unit(evaluator, line):  # type: ignore[no-untyped-def]
    """Give unit and address_rest, the line without it.

    A unit is a designator with its number, a number behind #, or a letter with digits behind the street's suffix.

    Args:
        line: The address after `@address_line`.
    """
    text = line.sql(dialect="duckdb")
    named = rf" {either(DESIGNATORS)} ?#? ?([A-Z0-9][A-Z0-9-]*)$"
    signed = r" ?# ?([A-Z0-9][A-Z0-9-]*)$"
    bare = rf" {either([*SUFFIXES, *SUFFIXES.values()])} ([A-Z]-?[0-9]+)$"
    designator = lookup(f"REGEXP_EXTRACT({text}, '{named}', 1)", DESIGNATORS)
    return [
        f"CASE WHEN REGEXP_MATCHES({text}, '{named}') "
        f"THEN CONCAT({designator}, ' ', REGEXP_EXTRACT({text}, '{named}', 2)) "
        f"WHEN REGEXP_MATCHES({text}, '{signed}') THEN CONCAT('# ', REGEXP_EXTRACT({text}, '{signed}', 1)) "
        f"WHEN REGEXP_MATCHES({text}, '{bare}') THEN CONCAT('# ', REGEXP_EXTRACT({text}, '{bare}', 2)) END AS unit",
        f"CASE WHEN REGEXP_MATCHES({text}, '{named}') THEN REGEXP_REPLACE({text}, '{named}', '', 'g') "
        f"WHEN REGEXP_MATCHES({text}, '{signed}') THEN REGEXP_REPLACE({text}, '{signed}', '', 'g') "
        f"WHEN REGEXP_MATCHES({text}, '{bare}') THEN REGEXP_REPLACE({text}, ' [A-Z]-?[0-9]+$', '', 'g') "
        f"ELSE {text} END AS address_rest",
    ]
