"""Names in the form in which they are compared."""

from __future__ import annotations

from sqlmesh import macro

LEGAL_SUFFIX = r"( (LLC|L L C|INC|INCORPORATED|CORP|CORPORATION|CO|COMPANY|LTD|LIMITED|LLP|LP|PLLC|PC))+$"


@macro()
def name_normal(evaluator, name):  # type: ignore[no-untyped-def]
    """Give a name in upper case, & as AND, without punctuation, legal suffix and leading article.

    A name that consists of nothing else keeps its letters.
    """
    text = f"UPPER({name.sql(dialect='duckdb')})"
    words = f"REPLACE(REPLACE({text}, '&', ' AND '), '''', '')"
    words = f"TRIM(REGEXP_REPLACE({words}, '[^A-Z0-9]+', ' ', 'g'))"
    words = f"TRIM(REGEXP_REPLACE(REGEXP_REPLACE({words}, '{LEGAL_SUFFIX}', '', 'g'), '^THE ', '', 'g'))"
    return f"COALESCE(NULLIF({words}, ''), {text})"
