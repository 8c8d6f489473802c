"""Ids of Salesforce in their short form."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import listed_for
from macros.sql.plain_text import with_plain_signs

# Salesforce's own rule: of each five characters, which are capitals makes a number, and that a letter or a digit; the
# first character is its lowest bit.
CHECKSUMS = {
    "".join("1" if number >> place & 1 else "0" for place in range(5)): character
    for number, character in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
}


@macro()
def salesforce_id(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return an id of 18 characters as the one of 15 that names the same record; any other id as it is.

    Reports show 15 characters, in which capitals count; the API shows them with three more that tell the capitals, so
    that programs which do not care for them keep two records apart. Three others are no checksum: the id stays whole.
    """
    text = with_plain_signs(raw.sql(dialect="duckdb"))
    checksum = []
    for start in (1, 6, 11):
        capitals = f"REGEXP_REPLACE(SUBSTRING({text}, {start}, 5), '[a-z0-9]', '0', 'g')"
        capitals = f"REGEXP_REPLACE({capitals}, '[A-Z]', '1', 'g')"
        checksum.append(listed_for(capitals, CHECKSUMS))
    is_long = f"REGEXP_MATCHES({text}, '^[a-zA-Z0-9]{{15}}[A-Z0-5]{{3}}$')"
    return (
        f"CASE WHEN {is_long} AND SUBSTRING({text}, 16) = CONCAT({', '.join(checksum)}) "
        f"THEN LEFT({text}, 15) ELSE {text} END"
    )
