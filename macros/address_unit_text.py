"""The end of an address line that names a unit."""

from __future__ import annotations

from sqlmesh import macro

from macros.address_street import SUFFIXES, either
from macros.address_unit import DESIGNATORS

# A number with letters, or one letter: the words behind a designator in `100 SUITE ST` are no unit.
UNIT_NUMBER = r"(?:[A-Z]{0,2}-?[0-9][A-Z0-9-]*|[A-Z])"


@macro()
def address_unit_text(evaluator, line):  # type: ignore[no-untyped-def]
    """Give the text at the end of a line that names a unit, as it stands there; '' where none does.

    A unit is designators with their numbers, a floor (`2ND FLOOR`), a number behind #, a box behind a street address,
    or a letter with digits behind the street's suffix.

    Args:
        line: The address after `@address_line`.
    """
    text = line.sql(dialect="duckdb")
    numbers = rf"{UNIT_NUMBER}(?: ?(?:&|AND) ?{UNIT_NUMBER})*"
    designated = rf"(?:(?:{'|'.join(DESIGNATORS)}) ?#? ?{numbers} ?)+"
    signed, floor, box = rf"# ?{numbers}", "[0-9]+(?:ST|ND|RD|TH) (?:FLOOR|FL)", "(?:P ?O )?BOX #?[A-Z0-9-]+"
    named = rf" ({designated}(?:# ?{UNIT_NUMBER})?|{signed}|{floor}|{box})$"
    bare = rf" {either([*SUFFIXES, *SUFFIXES.values()])} ([A-Z]-?[0-9]+)$"
    return (
        f"CASE WHEN REGEXP_MATCHES({text}, '^(?:P ?O )?BOX ') THEN '' "
        f"ELSE COALESCE(NULLIF(REGEXP_EXTRACT({text}, '{named}', 1), ''), REGEXP_EXTRACT({text}, '{bare}', 2), '') END"
    )
