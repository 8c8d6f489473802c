"""Contact persons, told apart where one field holds two."""

from __future__ import annotations

from sqlmesh import macro

# `TANIA & NICOLE PINEDA & POBLETE` is Tania Pineda and Nicole Poblete.
TWO = r"(?i)^([^ ]+),? +(?:&|AND) +([^ ]+),? +([^ ]+),? +(?:&|AND) +(.+)$"


@macro()
def contact_columns(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give contact_name and contact_names_other of a cleaned field of persons."""
    text = raw.sql(dialect="duckdb")
    two = f"REGEXP_MATCHES({text}, '{TWO}')"

    def part(group: int) -> str:
        return f"REGEXP_EXTRACT({text}, '{TWO}', {group})"

    return [
        f"CASE WHEN {two} THEN CONCAT({part(1)}, ' ', {part(3)}) ELSE {text} END AS contact_name",
        f"CASE WHEN {two} THEN CONCAT({part(2)}, ' ', {part(4)}) END AS contact_names_other",
    ]
