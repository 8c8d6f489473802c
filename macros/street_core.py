"""The parts of a street by which two ways of writing it are compared."""

from __future__ import annotations

from sqlmesh import macro

from macros.address_parts import DIRECTION, DIRECTIONS, SUFFIXES, either
from macros.address_words import standard_word
from macros.street_words import STREET_ORDINALS

# Suffixes that say what a road is and no more. The others of Publication 28, such as GROVE and PARK, are as often part
# of a name: COTTAGE GROVE AVE loses its AVE, and not its GROVE.
ROADS = frozenset(
    (
        "ALY", "AVE", "BLVD", "CIR", "CT", "CV", "DR", "EXPY", "FWY", "HWY", "LN", "LOOP", "PKWY", "PL", "PLZ", "RD",
        "RTE", "SQ", "ST", "TER", "TPKE", "TRL", "WAY", "XING",
    )
)  # fmt: skip
ROAD_WORDS = {word: standard for word, standard in SUFFIXES.items() if standard in ROADS}
NAME_WORDS = {word: standard for word, standard in SUFFIXES.items() if standard not in ROADS}
ROAD = either([*ROAD_WORDS, *ROADS])


@macro()
def street_core(evaluator, relation):  # type: ignore[no-untyped-def]
    """Return street_core, street_direction and street_suffix of a standardised street; NULL where there is none.

    The core is the name of the street without direction, suffix and what stands behind the suffix, in one word: N
    LAMON and LAMON AVE are LAMON, E 43RD ST BUILDING is 43, W N (of W NORTH AVE) is NORTH, COTTAGE GROVE AVE and COTTAGE GRV are COTTAGEGRV. A
    suffix before a number is part of the name: US HWY 290.

    Args:
        relation: Alias of the relation that holds street.
    """
    street = f"{relation.name}.street"
    inner = f"REGEXP_EXTRACT({street}, '^(?:{DIRECTION} )?(.+?)(?: {DIRECTION})?$', 1)"
    suffixed = f"^([^ ].*?) ({ROAD})(?: [^0-9].*)?$"
    name = f"COALESCE(NULLIF(REGEXP_EXTRACT({inner}, '{suffixed}', 1), ''), {inner})"
    last = f"REGEXP_EXTRACT({name}, ' [^ ]+$', 0)"
    first = f"SUBSTRING({name}, 1, LENGTH({name}) - LENGTH({last}))"
    first = standard_word(first, {**dict(STREET_ORDINALS), **{short: long for long, short in DIRECTIONS.items()}}, "{}")
    core = f"REPLACE(CONCAT({first}, {standard_word(last, NAME_WORDS, ' {}')}), ' ', '')"
    # 113 ST is 113TH ST.
    core = f"COALESCE(NULLIF(REGEXP_EXTRACT({core}, '^([0-9]+)(?:ST|ND|RD|TH)$', 1), ''), {core})"
    suffix = f"REGEXP_EXTRACT({inner}, '{suffixed}', 2)"
    before = f"REGEXP_EXTRACT({street}, '^({DIRECTION}) .', 1)"
    behind = f"REGEXP_EXTRACT({street}, '. ({DIRECTION})$', 1)"
    return [
        f"NULLIF({core}, '') AS street_core",
        f"COALESCE(NULLIF({before}, ''), NULLIF({behind}, '')) AS street_direction",
        f"NULLIF({standard_word(suffix, ROAD_WORDS, '{}')}, '') AS street_suffix",
    ]
