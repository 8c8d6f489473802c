"""Tells persons from businesses by the form of a name."""

from __future__ import annotations

from sqlmesh import macro

PERSON = r"^[A-Za-z''. -]+, [A-Za-z''.-]+(?: [A-Za-z''.-]+)?$"
# Words that tell a business even where a comma stands in the name.
BUSINESS_WORD = (
    r"(?i)\b(llc|inc|corp|co|ltd|lp|llp|pllc|the|school|academy|center|care|daycare|day|childcare|learning|preschool|"
    r"kids|church|ymca|montessori|nursery|development|foundation|house|home|family|club|program|association)\b"
)


@macro()
def is_person(evaluator, name):  # type: ignore[no-untyped-def]
    """Tell whether a name is a person's: `LAST, FIRST` without a word that only businesses use."""
    text = name.sql(dialect="duckdb")
    return f"(REGEXP_MATCHES({text}, '{PERSON}') AND NOT REGEXP_MATCHES({text}, '{BUSINESS_WORD}'))"
