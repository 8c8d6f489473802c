"""Delivered text with its encoding errors repaired."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.warehouse.connection import literal
from macros.name.decoded_entities import ANY_REFERENCE, with_decoded_entities
from macros.sql.plain_text import is_ascii, with_plain_signs

# What occurs in the files: a Mac Roman apostrophe read as another letter (ANGELíS), cp1252 punctuation and Latin
# letters in UTF-8 read as cp1252 (Ã©), typographic quotes. A small í before s stays: Luís is a name.
REPAIRED = (("íS", "'S"), ("â€™", "'"), ("â€˜", "'"), ("â€œ", '"'), ("â€“", "-"), ("â€”", "-"),
          ("Ã©", "é"), ("Ã¡", "á"), ("Ã³", "ó"), ("Ãº", "ú"), ("Ã±", "ñ"), ("Ã‘", "Ñ"), ("Ã¼", "ü"), ("Ã­", "í"),
          ("Ã‰", "É"), ("Ã§", "ç"), ("Ã£", "ã"))  # fmt: skip
QUOTES = {"’": "''", "‘": "''", "“": '"', "”": '"'}


@macro()
def clean_text(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return a text with mojibake and HTML entities decoded and plain blanks and dashes; NULL where nothing is left."""
    text = repaired = raw.sql(dialect="duckdb")
    for wrong, right in REPAIRED:
        repaired = f"REPLACE({repaired}, {literal(wrong)}, {literal(right)})"
    has_reference = f"{text} LIKE '{ANY_REFERENCE}'"
    decoded = f"CASE WHEN {has_reference} THEN {with_decoded_entities(repaired)} ELSE {repaired} END"
    straight = f"TRANSLATE({decoded}, '{''.join(QUOTES)}', '{''.join(QUOTES.values())}')"
    return f"NULLIF({with_plain_signs(text, straight, f'{is_ascii(text)} AND NOT {has_reference}')}, '')"
