"""A street address in one line, ready to be parsed."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.sql.plain_text import with_plain_signs

# Numbered roads, of Texas above all: the number is no house number, and RM is no room.
NUMBERED_ROADS = (
    (r"\bFARM( TO MARKET)? (ROAD|RD)\b|\bFARM TO MARKET\b|\bF M\b", "FM"),
    (r"\bRANCH( TO MARKET)? (ROAD|RD)\b|\bR M\b", "RM"),
    (r"\b(COUNTY|CO) (ROAD|RD)\b", "CR"),
    (r"\bHIGHWAY\b", "HWY"),
    (r"\bFM (ROAD|RD)\b", "FM"),
)
# Signs that stand as words of their own, and halves of a house number.
ADDRESS_SIGNS = (
    ("N.W.", " NW "),
    ("N.E.", " NE "),
    ("S.W.", " SW "),
    ("S.E.", " SE "),
    (".", " "),
    (",", " "),
    (";", " "),
    ("(", " "),
    (")", " "),
    ("#", " # "),
    ("&", " & "),
    ("½", " 1/2 "),
    ("-1/2 ", " 1/2 "),
    (" - ", " "),
)


@macro()
def address_line(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return an address in upper case without full stops and commas, numbered roads abbreviated."""
    line = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    for sign, word in ADDRESS_SIGNS:
        line = f"REPLACE({line}, '{sign}', '{word}')"
    line = f"REPLACE(TRIM(REGEXP_REPLACE({line}, ' +', ' ', 'g')), 'BOX # ', 'BOX ')"
    road_line = line
    for pattern, road in NUMBERED_ROADS:
        road_line = f"REGEXP_REPLACE({road_line}, '{pattern}', '{road}', 'g')"
    # Only before a number: Sheep Farm Road is a street.
    numbered = r"\b(FARM|RANCH|COUNTY|CO|FM|F M|R M|HIGHWAY)( TO MARKET)?( ROAD| RD)? [0-9]"
    return f"CASE WHEN REGEXP_MATCHES({line}, '{numbered}') THEN {road_line} ELSE {line} END"
