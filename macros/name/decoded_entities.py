"""HTML character references."""

from __future__ import annotations

from html.entities import name2codepoint

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import listed_for

# Letters and signs of Latin-1 and of windows-1252, which web forms escape; a reference to any other stays as it is.
CODES = (34, 38, 39, 60, 62, *range(160, 256), 338, 339, 352, 353, 376, 381, 382, 8211, 8212, 8216, 8217, 8220, 8221)
CHARACTERS = {
    # Files in capitals have capitals in references too.
    **{name.upper(): chr(code).upper() for name, code in name2codepoint.items() if code in CODES and code != 223},
    **{name: chr(code) for name, code in name2codepoint.items() if code in CODES},
    "apos": "'",
    "APOS": "'",
    **{f"#{code}": chr(code) for code in CODES},
    **{f"#0{code}": chr(code) for code in CODES if code < 100},
    **{f"#x{code:x}": chr(code) for code in CODES},
    **{f"#x{code:X}": chr(code) for code in CODES},
}
ANY_REFERENCE = "%&%;%"
REFERENCE = r"^#?[A-Za-z0-9]+;"


def with_decoded_entities(text: str) -> str:
    """Return the SQL of a text with HTML's character references decoded, those that were escaped twice too."""
    quoted = {name: "''" if character == "'" else character for name, character in CHARACTERS.items()}
    # &amp;#39; is an apostrophe that two programs have escaped.
    once = f"REPLACE(REPLACE({text}, '&amp;', '&'), '&amp;', '&')"
    character = listed_for("SPLIT_PART(piece, ';', 1)", quoted)
    decoded = (
        f"CASE WHEN REGEXP_MATCHES(piece, '{REFERENCE}') "
        f"THEN COALESCE({character} || SUBSTRING(piece, STRPOS(piece, ';') + 1), CONCAT('&', piece)) "
        f"ELSE CONCAT('&', piece) END"
    )
    # A blank in front, so that the first piece is no reference.
    pieces = f"LIST_TRANSFORM(STRING_SPLIT(CONCAT(' ', {once}), '&'), piece -> {decoded})"
    return f"SUBSTRING(ARRAY_TO_STRING({pieces}, ''), 3)"


@macro()
def decoded_entities(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return a text with HTML's character references decoded, those that were escaped twice too."""
    return with_decoded_entities(raw.sql(dialect="duckdb"))
