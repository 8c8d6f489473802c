"""Delivered text with its encoding faults mended."""

from __future__ import annotations

from sqlmesh import macro

# What is seen in the files: cp1252 and Mac Roman punctuation read under another encoding, and typographic quotes.
MENDED = (("íS", "'S"), ("ís", "'s"), ("â€™", "'"), ("â€“", "-"), ("Ã©", "é"), ("’", "'"), ("‘", "'"),
          ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-"), ("\u00a0", " "))  # fmt: skip


@macro()
def clean_text(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give a text with mojibake mended and white space folded; NULL where nothing is left."""
    text = raw.sql(dialect="duckdb")
    for wrong, right in MENDED:
        wrong, right = wrong.replace("'", "''"), right.replace("'", "''")
        text = f"REPLACE({text}, '{wrong}', '{right}')"
    return f"NULLIF(TRIM(REGEXP_REPLACE({text}, '\\s+', ' ', 'g')), '')"
