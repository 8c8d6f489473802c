"""Delivered text with its encoding errors repaired."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.warehouse.connection import literal

# What occurs in the files: a Mac Roman apostrophe read as another letter (ANGELíS), cp1252 punctuation and Latin
# letters in UTF-8 read as cp1252 (Ã©), typographic quotes. A small í before s stays: Luís is a name.
REPAIRED = (("íS", "'S"), ("â€™", "'"), ("â€˜", "'"), ("â€œ", '"'), ("â€“", "-"), ("â€”", "-"),
          ("Ã©", "é"), ("Ã¡", "á"), ("Ã³", "ó"), ("Ãº", "ú"), ("Ã±", "ñ"), ("Ã‘", "Ñ"), ("Ã¼", "ü"), ("Ã­", "í"),
          ("Ã‰", "É"), ("Ã§", "ç"), ("Ã£", "ã"), ("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"),
          ("—", "-"), ("\u00a0", " "), ("\ufeff", ""))  # fmt: skip


@macro()
def clean_text(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return a text with mojibake repaired and white space collapsed; NULL where nothing is left."""
    text = raw.sql(dialect="duckdb")
    for wrong, right in REPAIRED:
        text = f"REPLACE({text}, {literal(wrong)}, {literal(right)})"
    return f"NULLIF(TRIM(REGEXP_REPLACE({text}, '[\\s\\x0B]+', ' ', 'g')), '')"
