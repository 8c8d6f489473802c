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


def either(words):  # type: ignore[no-untyped-def]
    """Give a regular expression group of words, the longest first."""
    return "(" + "|".join(sorted(set(words), key=lambda word: (-len(word), word))) + ")"


def lookup(text, words):  # type: ignore[no-untyped-def]
    """Give the SQL that replaces a word by its standard form."""
    branches = " ".join(f"WHEN '{word}' THEN '{standard}'" for word, standard in words.items() if word != standard)
    return f"CASE {text} {branches} ELSE {text} END" if branches else text


@macro()
def address_street(evaluator, parts):  # type: ignore[no-untyped-def]
    """Give street and address_reason from the parts of an address.

    A post office box is a street of its own without a house number.

    Args:
        parts: A row with the columns of `@address_parts`.
    """
    row = parts.sql(dialect="duckdb")
    words = ", ".join(f"'{word}'" for word in dict.fromkeys([*SUFFIXES, *SUFFIXES.values()]))
    # North Street: the direction is the name, and what was read as the name is the suffix.
    is_named_by_direction = (
        f"{row}.street_direction <> '' AND {row}.street_suffix = '' AND {row}.street_name IN ({words})"
    )
    street = join_present(
        " ",
        [
            f"NULLIF(CASE WHEN {is_named_by_direction} THEN {row}.street_direction "
            f"ELSE {lookup(f'{row}.street_direction', DIRECTIONS)} END, '')",
            f"NULLIF(CASE WHEN {is_named_by_direction} THEN {lookup(f'{row}.street_name', SUFFIXES)} "
            f"ELSE {row}.street_name END, '')",
            f"NULLIF({lookup(f'{row}.street_suffix', SUFFIXES)}, '')",
            f"NULLIF({lookup(f'{row}.street_end_direction', DIRECTIONS)}, '')",
        ],
    )
    return [
        f"CASE WHEN {row}.post_office_box <> '' THEN CONCAT('PO BOX ', {row}.post_office_box) ELSE {street} END "
        "AS street",
        f"CASE WHEN {row}.post_office_box <> '' AND {row}.address_unread <> '' "
        f"THEN CONCAT('post office box; not read: ', {row}.address_unread) "
        f"WHEN {row}.post_office_box <> '' THEN 'post office box' "
        f"WHEN {row}.address_unread <> '' THEN 'no house number' END AS address_reason",
    ]
