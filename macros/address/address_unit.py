"""The words of an address that name a unit or a post office box."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import DIRECTION, HOUSE, SUFFIX, either

# Publication 28, appendix C2. RM is left out: in Texas it is a ranch-to-market road.
DESIGNATORS = {
    "SUITE": "STE", "SUITES": "STE", "STE": "STE", "STES": "STE", "APARTMENT": "APT", "APT": "APT", "UNIT": "UNIT",
    "UNITS": "UNIT", "BUILDING": "BLDG", "BLDG": "BLDG", "ROOM": "ROOM", "LOT": "LOT", "TRAILER": "TRLR",
    "TRLR": "TRLR", "SPACE": "SPC", "SPC": "SPC", "DEPARTMENT": "DEPT", "DEPT": "DEPT",
    "PMB": "PMB", "HANGAR": "HNGR", "HNGR": "HNGR",
}  # fmt: skip
# Those that need no identifier: at the end behind the street's suffix alone, for Front St is a street.
PLACES = {
    "REAR": "REAR", "FRNT": "FRNT", "FRONT": "FRNT", "UPPER": "UPPR", "UPPR": "UPPR", "LOWER": "LOWR", "LOWR": "LOWR",
    "BASEMENT": "BSMT", "BSMT": "BSMT", "LOBBY": "LBBY", "LBBY": "LBBY", "OFFICE": "OFC", "OFC": "OFC",
    "PENTHOUSE": "PH", "PH": "PH", "SIDE": "SIDE", "UPPER LEVEL": "UPPR", "LOWER LEVEL": "LOWR",
}  # fmt: skip
# Those that are words of a street's name as often: behind the street's suffix alone, and with an identifier.
BEHIND_ONLY = {
    "RM": "ROOM", "SLIP": "SLIP", "STOP": "STOP", "PIER": "PIER", "KEY": "KEY", "OFFICE": "OFC", "OFC": "OFC",
    "PENTHOUSE": "PH", "PH": "PH", "CABIN": "CABIN", "CONDO": "CONDO", "MAILBOX": "MAILBOX", "HOUSE": "HOUSE",
    "NUMBER": "#", "NO": "#", "REAR": "REAR", "FRONT": "FRNT", "FRNT": "FRNT",
}  # fmt: skip
ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        ("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH", "TENTH"), start=1
    )
}
DESIGNATOR = either([*DESIGNATORS])
# An identifier has a digit or is a letter; a longer word is one only at the very end: 100 SUITE ST is a street.
IDENTIFIER = r"(?:[A-Z]{0,3}-?[0-9][A-Z0-9/-]*(?: [A-Z]\b)?|[A-Z](?:[-/][A-Z0-9]+)*)"
FLOOR = (
    rf"(?:(?:[0-9]+(?:ST|ND|RD|TH)|{either([*ORDINALS, 'GROUND', 'MAIN', 'TOP'])}) (?:FLOOR|FL)"
    r"|(?:FLOOR|FL) (?:# )?(?:[0-9]{1,2}|[A-Z])\b)"
)
POST_OFFICE_BOX = r"(?:(?:P ?O|POST OFFICE) ?BOX|POB)"
BOX_NUMBER = r"([A-Z]?[0-9][A-Z0-9-]*|[A-Z])\b"
LEADING_BOX = rf"^(?:{POST_OFFICE_BOX}|BOX) ?{BOX_NUMBER}"
UNIT = (
    rf"(?: (?:(?:{DESIGNATOR}(?: #)?|#) {IDENTIFIER}(?: (?:&|AND) (?:# )?{IDENTIFIER})*"
    rf"|{DESIGNATOR}[0-9][A-Z0-9-]*|(?:{DESIGNATOR} )?{FLOOR}|(?:{POST_OFFICE_BOX}|BOX) ?{BOX_NUMBER}))"
)
# What is a unit only behind the street's suffix: RM is a ranch-to-market road elsewhere, and so may a number be.
PLACE_OR_ROOM = rf" (?:{either([*BEHIND_ONLY])} (?:# )?{IDENTIFIER}|{either([*PLACES])})"
BEHIND_SUFFIX = rf" {SUFFIX}(?: {DIRECTION})?((?:{UNIT}|{PLACE_OR_ROOM})+)$"
STREET_SUFFIX = "(?:ST|STREET|AVE|AVENUE|BLVD|DR|DRIVE|LN|LANE|CT|COURT|PL|PLACE|CIR|PKWY|TER|TRL)"
# A number or a letter alone is no direction, and none of the name: N AVENUE B is a street.
BARE_NUMBER = rf"{HOUSE}(?:[^ ]+ )*[^ ]{{3,}} {STREET_SUFFIX}(?: {DIRECTION})? (?:[0-9]+[A-Z]?|[A-DF-MO-RT-VX-Z])$"
# What stands behind a street and is none of it: AT 10TH ST, NEAR THE CHURCH, C/O ANN LEE.
CROSS_STREET = (
    r" (?:(?:AT|NEAR|OFF|BETWEEN|BTWN|BEHIND|OPPOSITE|ACROSS|CORNER|ADJACENT|INSIDE|NEXT|JUST|ATTN) |[A-Z]/[A-Z]\b).*$"
)
LEADING_UNIT = rf"^(?:#|{DESIGNATOR}[ 0-9]|{FLOOR}$)"
UNITS = rf"{UNIT}*(?:{UNIT}| (?:{DESIGNATOR}(?: #)?|#) [A-Z0-9][A-Z0-9-]*)$"


@macro()
def address_unit(evaluator: MacroEvaluator, relation: exp.Column) -> list[str]:
    """Return box_words and unit_words, the words at the start and the end of address_line that are not the street.

    A unit is a designator with its identifier, an identifier behind #, a floor, a post office box behind the street,
    several of them, or a letter with digits behind the street's suffix. Each is the empty text where there is none.

    Args:
        relation: Alias of the relation that holds address_line, as `@address_line` returns it.
    """
    line = f"{relation.name}.address_line"
    box = f"REGEXP_EXTRACT({line}, '{LEADING_BOX}', 0)"
    behind = f"SUBSTRING({line}, LENGTH({box}) + 1)"
    return [
        f"{box} AS box_words",
        f"CASE WHEN REGEXP_MATCHES({behind}, ' {DESIGNATOR} {SUFFIX}$') THEN '' "
        f"ELSE COALESCE(NULLIF(REGEXP_EXTRACT({behind}, '{BEHIND_SUFFIX}', 1), ''), "
        f"CASE WHEN REGEXP_MATCHES({behind}, ' {SUFFIX} [A-Z]-?[0-9]+$') "
        f"OR (REGEXP_MATCHES({behind}, '{BARE_NUMBER}') AND NOT REGEXP_MATCHES({behind}, '{CROSS_STREET}')) "
        f"THEN REGEXP_EXTRACT({behind}, ' [^ ]+$', 0) "
        f"WHEN REGEXP_MATCHES({behind}, '{LEADING_UNIT}') THEN REGEXP_EXTRACT(CONCAT(' ', {behind}), '{UNITS}', 0) "
        f"ELSE REGEXP_EXTRACT({behind}, '{UNITS}', 0) END) END AS unit_words",
    ]
