"""Values of Salesforce's fields without what does not tell two of them apart."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.outbox.fields import SHOWN_FIELDS

PHONES = tuple(item.name for item in SHOWN_FIELDS if item.is_phone)


@macro()
def crm_plain(evaluator: MacroEvaluator, field: exp.Expr, value: exp.Expr) -> str:
    """Return a value in the form in which it is compared: a system that spells it another way has not changed it.

    Case and punctuation tell no values apart, nor do the blanks, brackets and country code of a phone. Blank is ''.

    Args:
        field: API name of the field.
        value: The value, as sent or as shown.
    """
    text = f"COALESCE({value.sql(dialect='duckdb')}, '')"
    names = ", ".join(f"'{name}'" for name in PHONES)
    return (
        f"CASE WHEN {field.sql(dialect='duckdb')} IN ({names}) "
        f"THEN RIGHT(REGEXP_REPLACE({text}, '[^0-9]', '', 'g'), 10) "
        f"ELSE UPPER(REGEXP_REPLACE({text}, '[^A-Za-z0-9]', '', 'g')) END"
    )
