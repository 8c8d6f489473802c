"""The words of a street."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Streets are numbered in words as often as in figures.
STREET_ORDINALS = (
    ("FIRST", "1ST"), ("SECOND", "2ND"), ("THIRD", "3RD"), ("FOURTH", "4TH"), ("FIFTH", "5TH"), ("SIXTH", "6TH"),
    ("SEVENTH", "7TH"), ("EIGHTH", "8TH"), ("NINTH", "9TH"), ("TENTH", "10TH"), ("ELEVENTH", "11TH"),
    ("TWELFTH", "12TH"),
)  # fmt: skip


@macro()
def street_words(evaluator: MacroEvaluator, street: exp.Expression) -> str:
    """Return the words of a street as a sorted list, each once; ordinals in figures, so that SEVENTH AVE is 7TH AVE."""
    text = street.sql(dialect="duckdb")
    for word, figures in STREET_ORDINALS:
        text = f"REGEXP_REPLACE({text}, '\\b{word}\\b', '{figures}', 'g')"
    return f"LIST_SORT(LIST_DISTINCT(STRING_SPLIT({text}, ' ')))"
