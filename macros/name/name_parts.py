"""The parties that a delivered name holds."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

DBA = r"(?i)^(.*[^, ]),? +(?:\(D\.?[ /]?B\.?[ /]?A\.?:?\)|D\.?/?B\.?/?A\.?[:.]?|doing business as:?) +(.+)$"
# The trade name in brackets: `ROE LLC (DBA TOTS)`.
DBA_INSIDE = r"(?i)^(.*?) +\(D\.?/?B\.?/?A\.?:? +([^()]+)\)$"
# A trade name alone.
LEADING_DBA = r"(?i)^ *(?:(?:\(D\.?/?B\.?/?A\.?:?\)|D\.?/?B\.?/?A\.?[:.]?|doing business as:?) +)+"
# A remark, such as a city, at the end of a name; around the whole of it brackets are no remark.
REMARK = r"(?: *(?:\([^)]*\)|\[[^\]]*\]))+ *$"
IN_BRACKETS = r"^ *[(\[]([^()\[\]]+)[)\]] *$"
LICENSE_DESCRIPTION = r" +- +[A-Za-z .]+ [A-Z]{2} .*(Type|Class|Level) +[IVX0-9]+$"


@macro()
def name_parts(evaluator: MacroEvaluator, name: exp.Expression) -> list[str]:
    """Return name_legal_part and name_trade_part: what stands before and behind DBA; without DBA both are the name.

    Left out are quotes that broken files leave, and at the end a city in brackets or a licence description.

    Args:
        name: The name after `@clean_text`.
    """
    text = f"TRIM(REGEXP_REPLACE(REPLACE({name.sql(dialect='duckdb')}, '\"', ''), ' +', ' ', 'g'))"
    text = f"REGEXP_REPLACE(REGEXP_REPLACE({text}, '{LICENSE_DESCRIPTION}', '', 'g'), '{LEADING_DBA}', '', 'g')"
    bare = f"TRIM(REGEXP_REPLACE({text}, '{REMARK}', '', 'g'))"
    inner = f"NULLIF(REGEXP_EXTRACT({text}, '{IN_BRACKETS}', 1), '')"
    name_text = f"COALESCE(NULLIF({bare}, ''), TRIM({inner}), {text})"

    def part(position: int) -> str:
        inside = f"NULLIF(REGEXP_EXTRACT({text}, '{DBA_INSIDE}', {position}), '')"
        return f"COALESCE({inside}, NULLIF(REGEXP_EXTRACT({name_text}, '{DBA}', {position}), ''), {name_text})"

    return [f"{part(1)} AS name_legal_part", f"{part(2)} AS name_trade_part"]
