"""An address in the form of USPS Publication 28, composed of its words."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import DIRECTION, SUFFIXES, either, listed_for
from macros.address.address_unit import (
    BEHIND_ONLY,
    BOX_NUMBER,
    CROSS_STREET,
    DESIGNATOR,
    DESIGNATORS,
    IDENTIFIER,
    ORDINALS,
    PLACES,
    POST_OFFICE_BOX,
)
from macros.address.street_name import ROADS
from macros.sql.join_text import join_present

TEXAS_ROAD = r"^(FM|RM|RR|CR) [0-9]+[A-Z]?$"
# APT 1ST FL is the first floor.
NUMBERED_FLOOR = r"(?: (?:APT|APARTMENT))? ([0-9]+)(?:ST|ND|RD|TH) (?:FLOOR|FL)\b"
NAMED_FLOOR = rf" ({'|'.join(ORDINALS)}) (?:FLOOR|FL)\b"
GLUED_UNIT = rf"^(.* {DESIGNATOR})([0-9].*)$"
BARE_UNIT = "^ (?:(?:[A-Z]-?)?[0-9]+[A-Z]?|[A-Z])$"
UNIT_WORDS = {**DESIGNATORS, **PLACES, **BEHIND_ONLY, "FLOOR": "FL"}
# Words behind the suffix of a street: OAK ST BEHIND THE CHURCH. Those behind a numbered road are its number.
WORDS_BEHIND = (
    r"^(?:[^ ]+ )*[^ ]{3,} (?:ST|STREET|AVE|AVENUE|BLVD|BOULEVARD|DR|DRIVE|LN|LANE|CT|COURT|PL|PLACE|CIR|CIRCLE|"
    rf"PKWY|PARKWAY|TER|TERRACE|TRL|TRAIL|RD|ROAD)(?: {DIRECTION})? ([^0-9 ].*)$"
)
# A room behind a name, or a number with a letter in front: LASALLE N201.
NUMBER_BEHIND = r"[^ ]{3,} ((?:RM [0-9]+|[A-Z] ?[0-9]{2,})[A-Z]?)$"
# A number behind a road that has a name: ROOSEVELT RD 606. That of COUNTY RD 606 is its name.
ROAD_AND_NUMBER = r"[^ ]{3,} (?:RD|ROAD) ([0-9]+[A-Z]?)$"
NUMBERED_ROAD = r"\b(?:COUNTY|STATE|FARM|RANCH|FOREST|TOWNSHIP|TWP|PRIVATE|PARISH|SERVICE|OLD) (?:RD|ROAD) "
# PHIPPS PLAZA behind a road is none.
LAST_ROADS = ROADS - {"PLZ", "SQ"}
LAST_ROAD = rf"^ {either([*LAST_ROADS, *(word for word, road in SUFFIXES.items() if road in LAST_ROADS)])}$"


def standard_unit(units: str) -> str:
    """Return the SQL that writes the words of units with standard designators, a numbered floor in front."""
    glued = f"REGEXP_MATCHES({units}, '{GLUED_UNIT}')"
    words = (
        f"CASE WHEN {glued} THEN CONCAT(REGEXP_EXTRACT({units}, '{GLUED_UNIT}', 1), ' ', "
        f"REGEXP_EXTRACT({units}, '{GLUED_UNIT}', 2)) "
        f"WHEN REGEXP_MATCHES({units}, '{BARE_UNIT}') THEN CONCAT(' #', {units}) "
        # The sign says nothing beside a designator.
        f"WHEN REGEXP_MATCHES({units}, ' (?:{DESIGNATOR}|{either([*BEHIND_ONLY])}) # ') "
        f"THEN REPLACE({units}, ' # ', ' ') ELSE {units} END"
    )
    words = f"REGEXP_REPLACE(REGEXP_REPLACE({words}, '{NUMBERED_FLOOR}', '', 'g'), '{NAMED_FLOOR}', '', 'g')"
    words = f"REPLACE(REPLACE({words}, ' FLOOR # ', ' FL '), ' FL # ', ' FL ')"
    words = f"REPLACE(REPLACE({words}, ' UPPER LEVEL', ' UPPR'), ' LOWER LEVEL', ' LOWR')"
    words = f"REGEXP_REPLACE({words}, ' {POST_OFFICE_BOX} ?', ' PO BOX ', 'g')"
    # A branch for each word: looking every word up in a list, as `listed_for` does, takes ten times as long.
    branches = "".join(f" WHEN '{word}' THEN '{standard}'" for word, standard in UNIT_WORDS.items() if word != standard)
    standard = f"CASE word{branches} ELSE word END"
    words = f"ARRAY_TO_STRING(LIST_TRANSFORM(STRING_SPLIT({words}, ' '), word -> {standard}), ' ')"
    named = f"REGEXP_EXTRACT({units}, '{NAMED_FLOOR}', 1)"
    floor = f"COALESCE(NULLIF(REGEXP_EXTRACT({units}, '{NUMBERED_FLOOR}', 1), ''), {listed_for(named, ORDINALS)})"
    return f"CASE WHEN {units} <> '' THEN TRIM(CONCAT(COALESCE('FL ' || {floor}, ''), {words})) END"


@macro()
def address_columns(
    evaluator: MacroEvaluator, relation: exp.Column, further_reason: exp.Expression | None = None
) -> list[str]:
    """Return house_number, street, unit and address_reason.

    A post office box without a house is a street of its own; with one, it is a unit. A direction or suffix that is
    the street's only name stays as it is written (North St). Words that fit nowhere are named in address_reason.

    Args:
        relation: Alias of the relation that holds the words that `@address_unit`, `@address_parts` and
            `@address_words` return.
        further_reason: Something else that could not be read, or NULL.
    """

    def column(name: str) -> str:
        return f"{relation.name}.{name}"

    line, rest, box, units = map(column, ("address_line", "address_rest", "box_words", "unit_words"))
    house, before, suffix, behind = map(
        column, ("house_words", "direction_words", "suffix_words", "direction_behind_words")
    )
    before_standard, suffix_standard, behind_standard = map(
        column, ("direction_standard", "suffix_standard", "direction_behind_standard")
    )
    name_length = f"LENGTH({rest}) - LENGTH({house}) - LENGTH({before}) - LENGTH({suffix}) - LENGTH({behind})"
    name = f"SUBSTRING({rest}, LENGTH({house}) + LENGTH({before}) + 1, {name_length})"
    box_standard = f"CONCAT('PO BOX ', REGEXP_EXTRACT({box}, '{BOX_NUMBER}$', 1))"
    units_behind = rf" {DESIGNATOR} (?:# )?{IDENTIFIER} "
    box_behind = f"CASE WHEN {box} <> '' AND {house} <> '' THEN {box_standard} END"
    unread = [
        f"CASE WHEN {box} <> '' AND {house} = '' THEN 'post office box' END",
        f"CASE WHEN {box} <> '' AND {house} = '' AND {rest} <> '' THEN CONCAT('not read: ', {rest}) END",
        f"CASE WHEN {box} = '' AND {line} <> '' AND {house} = '' THEN 'no house number' END",
        f"CASE WHEN {house} <> '' AND {house} = {rest} THEN 'no street' END",
        f"CASE WHEN {house} <> '' AND REGEXP_MATCHES({rest}, '{units_behind}') THEN 'words behind the unit' "
        f"WHEN {house} <> '' THEN 'not read: ' || TRIM(COALESCE("
        f"NULLIF(REGEXP_EXTRACT({name}, '{CROSS_STREET}', 0), '') || {suffix}, "
        f"CASE WHEN NOT REGEXP_MATCHES({suffix}, '{LAST_ROAD}') "
        f"THEN NULLIF(REGEXP_EXTRACT({name}, '{WORDS_BEHIND}', 1), '') || {suffix} END, "
        f"CASE WHEN {suffix} = '' THEN NULLIF(REGEXP_EXTRACT({name}, '{NUMBER_BEHIND}', 1), '') END, "
        f"CASE WHEN {suffix} = '' AND NOT REGEXP_MATCHES({name}, '{NUMBERED_ROAD}') "
        f"THEN NULLIF(REGEXP_EXTRACT({name}, '{ROAD_AND_NUMBER}', 1), '') END)) END",
    ]
    if further_reason is not None:
        unread.append(further_reason.sql(dialect="duckdb"))
    return [
        f"NULLIF(TRIM({house}), '') AS house_number",
        f"CASE WHEN {house} = '' AND {box} <> '' THEN {box_standard} "
        # Without a house number only what ends like a street is one.
        f"WHEN {house} = '' AND ({suffix} = '' OR {rest} = '') THEN NULL "
        f"WHEN {house} = {rest} THEN NULL "
        f"WHEN {name_length} > 0 THEN CONCAT({before_standard}, {name}, "
        f"CASE WHEN {suffix} IN (' RD', ' ROAD') AND REGEXP_MATCHES({name}, '{TEXAS_ROAD}') THEN '' "
        f"ELSE {suffix_standard} END, {behind_standard}) "
        f"WHEN {before} <> '' THEN CONCAT(TRIM({before}), {suffix_standard}, {behind_standard}) "
        f"WHEN {suffix} <> '' THEN CONCAT(TRIM({suffix}), {behind_standard}) "
        f"ELSE TRIM({behind}) END AS street",
        f"{join_present(' ', [standard_unit(units), box_behind])} AS unit",
        f"{join_present('; ', unread)} AS address_reason",
    ]
