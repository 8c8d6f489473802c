"""The parties that a delivered name holds."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

DBA = r"(?i)^(.*?),? +D\.?/?B\.?/?A\.?:? +(.+)$"
LICENSE_DESCRIPTION = r" +- +[A-Za-z .]+ [A-Z]{2} .*(Type|Class|Level) +[IVX0-9]+$"


@macro()
def name_parts(evaluator: MacroEvaluator, name: exp.Expression) -> list[str]:
    """Return name_legal_part and name_trade_part: what stands before and behind DBA; without DBA both are the name.

    Left out are quotes that broken files leave, and at the end a city in brackets or a licence description.

    Args:
        name: The name after `@clean_text`.
    """
    text = f"REPLACE({name.sql(dialect='duckdb')}, '\"', '')"
    text = f"REGEXP_REPLACE({text}, '{LICENSE_DESCRIPTION}', '', 'g')"
    text = f"TRIM(REGEXP_REPLACE({text}, ' *\\([^)]*\\) *$', '', 'g'))"
    return [
        f"COALESCE(NULLIF(REGEXP_EXTRACT({text}, '{DBA}', 1), ''), {text}) AS name_legal_part",
        f"COALESCE(NULLIF(REGEXP_EXTRACT({text}, '{DBA}', 2), ''), {text}) AS name_trade_part",
    ]
