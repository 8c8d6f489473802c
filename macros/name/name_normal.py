"""Names in the form in which they are compared."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.unaccented import without_accents

# Legal forms of companies in the United States.
LEGAL_SUFFIX = r"( (LLC|L L C|INC|INCORPORATED|CORP|CORPORATION|CO|COMPANY|LTD|LIMITED|LLP|LP|PLLC|PC))+$"


@macro()
def name_normal(evaluator: MacroEvaluator, name: exp.Expression) -> str:
    """Return a name in upper case, & as AND, without accents, punctuation, legal suffix and leading article.

    A name that consists of nothing else keeps its letters.
    """
    text = without_accents(name.sql(dialect="duckdb"))
    words = f"REPLACE(REPLACE({text}, '&', ' AND '), '''', '')"
    words = f"TRIM(REGEXP_REPLACE({words}, '[^A-Z0-9]+', ' ', 'g'))"
    words = f"TRIM(REGEXP_REPLACE(REGEXP_REPLACE({words}, '{LEGAL_SUFFIX}', '', 'g'), '^(THE )+', '', 'g'))"
    return f"COALESCE(NULLIF({words}, ''), {text})"
