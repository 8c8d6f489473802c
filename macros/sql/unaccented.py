"""Letters without their accents."""

from __future__ import annotations

import unicodedata

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import is_ascii

# Upper-case letters of Latin alphabets, from Latin-1 to Vietnamese, with the ASCII letter that each is made of.
LETTERS = {
    letter: unicodedata.normalize("NFKD", letter)[0]
    for letter in map(chr, [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)])
    if letter.isupper() and "A" <= unicodedata.normalize("NFKD", letter)[0] <= "Z"
}
# These are no letter with an accent to Unicode, but people type them so.
STROKED = {"Đ": "D", "Ħ": "H", "Ł": "L", "Ø": "O", "Ŧ": "T", "Ð": "D", "ı": "I"}
LIGATURES = {"Æ": "AE", "Œ": "OE", "Þ": "TH", "ß": "SS", "ẞ": "SS"}
# An accent may be a character of its own behind the letter.
COMBINING = r"[\x{0300}-\x{036F}]"


def without_accents(text: str) -> str:
    """Return the SQL of a text in upper case with Latin letters as ASCII has them; other alphabets stay."""
    letters = {**LETTERS, **STROKED}
    folded = f"TRANSLATE(UPPER({text}), '{''.join(letters)}', '{''.join(letters.values())}')"
    for ligature, both in LIGATURES.items():
        folded = f"REPLACE({folded}, '{ligature}', '{both}')"
    # To look for each of 250 letters takes 10 µs a text, and hardly a text has one.
    return f"CASE WHEN {is_ascii(text)} THEN UPPER({text}) ELSE REGEXP_REPLACE({folded}, '{COMBINING}', '', 'g') END"


@macro()
def unaccented(evaluator: MacroEvaluator, text: exp.Expression) -> str:
    """Return a text in upper case with Latin letters as ASCII has them, so that ÉLAN is ELAN; other alphabets stay."""
    return without_accents(text.sql(dialect="duckdb"))
