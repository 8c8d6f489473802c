"""The plain shape of a North American phone number."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Ten digits, perhaps behind 1 or +1, with the usual separators. phonenumbers reads all others: see staging.stg_phone.
PLAIN_PHONE = r"^ *(\+?1[-. ]*)?(\([0-9]{3}\)|[0-9]{3})[-./ ]*[0-9]{3}[-. ]*[0-9]{4} *$"


@macro()
def phone_digits(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the ten national digits of a phone in the plain shape, and NULL for any other."""
    text = raw.sql(dialect="duckdb")
    return (
        f"CASE WHEN REGEXP_MATCHES({text}, '{PLAIN_PHONE}') "
        f"THEN RIGHT(REGEXP_REPLACE({text}, '[^0-9]', '', 'g'), 10) END"
    )
