"""House number and street in the form of USPS Publication 28."""

from __future__ import annotations

from sqlmesh import macro

from macros.join_text import join_present

# Publication 28, appendix C1: the suffixes seen in the files, with their usual spellings.
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
BOX = r"^(?:P ?O )?BOX #?([A-Z0-9-]+)"
HOUSE = r"^([0-9]+(?:-[0-9]+)?[A-Z]?)(?: -)? (.+)$"
ROAD = r"^(FM|RM|RR|CR) ([0-9]+[A-Z]?)(?: RD| ROAD)?(?: (?:N|S|E|W|NORTH|SOUTH|EAST|WEST))?$"


def either(words):  # type: ignore[no-untyped-def]
    """Give a regular expression group of words, the longest first."""
    return "(" + "|".join(sorted(set(words), key=lambda word: (-len(word), word))) + ")"


def lookup(text, words):  # type: ignore[no-untyped-def]
    """Give the SQL that replaces a word by its standard form."""
    branches = " ".join(f"WHEN '{word}' THEN '{standard}'" for word, standard in words.items() if word != standard)
    return f"CASE {text} {branches} ELSE {text} END" if branches else text


@macro()
def address_street(evaluator, rest):  # type: ignore[no-untyped-def]
    """Give house_number, street and address_reason of an address line without its unit.

    A post office box is a street of its own without a house number.

    Args:
        rest: address_rest, as `@address_unit` gives it.
    """
    text = rest.sql(dialect="duckdb")
    direction = either([*DIRECTIONS, *DIRECTIONS.values()])
    named = rf"^(?:{direction} )?(.+?)(?: {either([*SUFFIXES, *SUFFIXES.values()])})?(?: {direction})?$"
    behind = f"REGEXP_EXTRACT({text}, '{HOUSE}', 2)"

    def part(group: int, words: dict[str, str]) -> str:
        return f"NULLIF({lookup(f'REGEXP_EXTRACT({behind}, {chr(39)}{named}{chr(39)}, {group})', words)}, '')"

    words = join_present(" ", [part(1, DIRECTIONS), part(2, {}), part(3, SUFFIXES), part(4, DIRECTIONS)])
    return [
        f"CASE WHEN NOT REGEXP_MATCHES({text}, '{BOX}') THEN NULLIF(REGEXP_EXTRACT({text}, '{HOUSE}', 1), '') END "
        "AS house_number",
        f"CASE WHEN REGEXP_MATCHES({text}, '{BOX}') THEN CONCAT('PO BOX ', REGEXP_EXTRACT({text}, '{BOX}', 1)) "
        f"WHEN REGEXP_MATCHES({behind}, '{ROAD}') "
        f"THEN CONCAT(REGEXP_EXTRACT({behind}, '{ROAD}', 1), ' ', REGEXP_EXTRACT({behind}, '{ROAD}', 2)) "
        f"ELSE {words} END AS street",
        f"CASE WHEN REGEXP_MATCHES({text}, '{BOX}') THEN 'post office box' "
        f"WHEN {text} <> '' AND NOT REGEXP_MATCHES({text}, '{HOUSE}') THEN 'no house number' END AS address_reason",
    ]
