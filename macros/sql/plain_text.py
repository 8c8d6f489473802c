"""Unicode's blanks, dashes and invisible characters as ASCII has them."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Format characters: zero-width space and joiners, word joiner, byte order mark, soft hyphen, marks of direction.
INVISIBLE = r"\p{Cf}+"
# Dashes of every length, the minus sign and the hyphen bullet.
DASH = r"[\p{Pd}\x{2212}\x{2043}]"
# Separators, the next line of old main frames, and the letters that are blank (Braille, Hangul).
BLANKS = r"[\s\x0B\x{85}\p{Z}\x{2800}\x{3164}]+"


# Blanks of Unicode and what nobody sees, one by one: the engines' TRIM takes a space only.
ENDS = " \t\r\n\x0b\x0c\x85\xa0\xad" + "".join(map(chr, [*range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F]))
ENDS += "".join(map(chr, (0x2060, 0x3000, 0xFEFF)))


def trimmed(text: str) -> str:
    """Return the SQL of a text without blanks of any kind at its ends; those inside stay."""
    return f"TRIM({text}, '{ENDS}')"


def is_ascii(text: str) -> str:
    """Return the SQL that tells whether a text is in ASCII."""
    return f"BIT_LENGTH({text}) = 8 * LENGTH({text})"


def with_plain_signs(raw: str, repaired: str | None = None, is_plain: str | None = None) -> str:
    """Return the SQL of a text with every blank as one space, every dash as a hyphen, and nothing invisible.

    The classes are Unicode's own, which both engines read alike; their TRIM and their `\\s` differ.

    Args:
        raw: The text in SQL.
        repaired: The SQL of the same text without other faults, where it may have any.
        is_plain: The SQL that tells whether only blanks are to be folded: as a rule, whether the text is in ASCII.
    """
    other = f"REGEXP_REPLACE({repaired or raw}, '{INVISIBLE}', '', 'g')"
    other = f"REGEXP_REPLACE({other}, '{DASH}', '-', 'g')"
    visible = f"CASE WHEN {is_plain or is_ascii(raw)} THEN {raw} ELSE {other} END"
    return f"TRIM(REGEXP_REPLACE({visible}, '{BLANKS}', ' ', 'g'))"


@macro()
def plain_text(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return a text with every blank as one space, every dash as a hyphen, and nothing invisible."""
    return with_plain_signs(raw.sql(dialect="duckdb"))
