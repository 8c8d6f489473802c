"""The kind of line behind a phone number."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.contact.phone_e164 import PHONE_KINDS, national_pattern


@macro()
def phone_type(evaluator: MacroEvaluator, digits: exp.Expression) -> str:
    """Return the kind of line of ten national digits as phonenumbers names it; NULL where they are not valid."""
    text = digits.sql(dialect="duckdb")
    branches = []
    for kind in PHONE_KINDS:
        pattern = national_pattern((kind,))
        if pattern and kind not in ("fixed_line", "mobile"):
            branches.append(f"WHEN REGEXP_MATCHES({text}, '{pattern}') THEN '{kind.upper()}'")
    fixed, mobile = national_pattern(("fixed_line",)), national_pattern(("mobile",))
    branches += [
        f"WHEN REGEXP_MATCHES({text}, '{fixed}') AND REGEXP_MATCHES({text}, '{mobile}') THEN 'FIXED_LINE_OR_MOBILE'",
        f"WHEN REGEXP_MATCHES({text}, '{fixed}') THEN 'FIXED_LINE'",
        f"WHEN REGEXP_MATCHES({text}, '{mobile}') THEN 'MOBILE'",
    ]
    return f"CASE {' '.join(branches)} END"
