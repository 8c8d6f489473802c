"""The house number of an address, and the words around the name of its street."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Publication 28, appendix C1: the suffixes that occur in the files, with their usual spellings.
SUFFIXES = {
    "ALLEY": "ALY", "AVENUE": "AVE", "AV": "AVE", "AVEN": "AVE", "BEND": "BND", "BOULEVARD": "BLVD", "BOUL": "BLVD",
    "BRANCH": "BR", "BRIDGE": "BRG", "BYPASS": "BYP", "CANYON": "CYN", "CENTER": "CTR", "CIRCLE": "CIR",
    "CIRC": "CIR", "COMMONS": "CMNS", "CORNER": "COR", "COURT": "CT", "COVE": "CV", "CREEK": "CRK", "CROSSING": "XING",
    "DRIVE": "DR", "DRV": "DR", "ESTATES": "ESTS", "EXPRESSWAY": "EXPY", "EXTENSION": "EXT", "FREEWAY": "FWY",
    "GARDENS": "GDNS", "GLEN": "GLN", "GROVE": "GRV", "HARBOR": "HBR", "HEIGHTS": "HTS", "HIGHWAY": "HWY",
    "HILL": "HL", "HILLS": "HLS", "HOLLOW": "HOLW", "ISLAND": "IS", "JUNCTION": "JCT", "KNOLL": "KNL", "LAKE": "LK",
    "LANDING": "LNDG", "LANE": "LN", "LOOP": "LOOP", "MANOR": "MNR", "MEADOW": "MDW", "MEADOWS": "MDWS",
    "MOUNTAIN": "MTN", "PARK": "PARK", "PARKWAY": "PKWY", "PKY": "PKWY", "PASS": "PASS", "PLACE": "PL", "PLAZA": "PLZ",
    "POINT": "PT", "RANCH": "RNCH", "RIDGE": "RDG", "ROAD": "RD", "ROUTE": "RTE", "RUN": "RUN", "SHORE": "SHR",
    "SHORES": "SHRS", "SPRING": "SPG", "SPRINGS": "SPGS", "SQUARE": "SQ", "STREET": "ST", "STR": "ST", "SUMMIT": "SMT",
    "TERRACE": "TER", "TERR": "TER", "TRACE": "TRCE", "TRAIL": "TRL", "TURNPIKE": "TPKE", "VALLEY": "VLY",
    "VIEW": "VW", "VILLAGE": "VLG", "VISTA": "VIS", "WALK": "WALK", "WAY": "WAY", "WELLS": "WLS",
}  # fmt: skip
DIRECTIONS = {
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W",
    "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
}  # fmt: skip
# N.W. is delivered as well as NW.
SPACED_DIRECTIONS = {"N E": "NE", "N W": "NW", "S E": "SE", "S W": "SW"}
# In Wisconsin and Illinois a grid's direction stands in front: N8780, W175N11081.
HOUSE = r"^(?:[NSEW][0-9]{2,}(?:[NSEW][0-9]+)?|[0-9]+(?:-?[A-Z]|-[0-9]+[A-Z]?)?)(?: [1-9]/[2-9])?(?: |$)"


def either(words: list[str]) -> str:
    """Return a regular expression group of words, the longest first."""
    return "(?:" + "|".join(sorted(set(words), key=lambda word: (-len(word), word))) + ")"


def listed_for(text: str, words: Mapping[str, str]) -> str:
    """Return the SQL of what a mapping has for a text; NULL where it has nothing.

    One list to search is a fifth of the SQL of a CASE with a branch a word.
    """
    entries = "".join(f"|{word}={standard}" for word, standard in words.items())
    return f"NULLIF(SPLIT_PART(SPLIT_PART('{entries}|', CONCAT('|', {text}, '='), 2), '|', 1), '')"


DIRECTION = either([*DIRECTIONS, *DIRECTIONS.values()])
SUFFIX = either([*SUFFIXES, *SUFFIXES.values()])


@macro()
def address_parts(evaluator: MacroEvaluator, relation: exp.Column) -> list[str]:
    """Return the address without unit and box, and its house number, direction, suffix and direction behind.

    They are columns of a step of their own because the engine would search for them again at each word of a lookup.
    Each is the empty text where there is none, and keeps the space that separates it from the street's name.

    Args:
        relation: Alias of the relation that holds address_line, unit_words and box_words.
    """
    line, units, box = (f"{relation.name}.{column}" for column in ("address_line", "unit_words", "box_words"))
    length = f"GREATEST(LENGTH({line}) - LENGTH({box}) - LENGTH({units}), 0)"
    rest = f"TRIM(SUBSTRING({line}, LENGTH({box}) + 1, {length}))"
    before = either([*DIRECTIONS, *DIRECTIONS.values(), *SPACED_DIRECTIONS])
    return [
        f"{rest} AS address_rest",
        f"REGEXP_EXTRACT({rest}, '{HOUSE}', 0) AS house_words",
        f"REGEXP_EXTRACT({rest}, '{HOUSE}({before} ).', 1) AS direction_words",
        f"REGEXP_EXTRACT({rest}, '( {SUFFIX})(?: {DIRECTION})?$', 1) AS suffix_words",
        f"REGEXP_EXTRACT({rest}, ' {DIRECTION}$', 0) AS direction_behind_words",
    ]
