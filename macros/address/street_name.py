"""The name of a street and the words around it."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import DIRECTION, SUFFIXES, either

# Suffixes that say what a road is and no more. The others of Publication 28, such as GROVE and PARK, are as often part
# of a name: COTTAGE GROVE AVE loses its AVE, and not its GROVE.
ROADS = frozenset(
    (
        "ALY", "AVE", "BLVD", "CIR", "CT", "CV", "DR", "EXPY", "FWY", "HWY", "LN", "LOOP", "PKWY", "PL", "PLZ", "RD",
        "RTE", "SQ", "ST", "TER", "TPKE", "TRL", "WAY", "XING",
    )
)  # fmt: skip
ROAD_WORDS = {word: standard for word, standard in SUFFIXES.items() if standard in ROADS}
ROAD = either([*ROAD_WORDS, *ROADS])


@macro()
def street_name(evaluator: MacroEvaluator, relation: exp.Column) -> list[str]:
    """Return the parts of a standardised street: street_name, street_direction and street_suffix_word.

    A suffix before a number is part of the name: US HWY 290.

    Args:
        relation: Alias of the relation that holds street.
    """
    street = f"{relation.name}.street"
    inner = f"REGEXP_EXTRACT({street}, '^(?:{DIRECTION} )?(.+?)(?: {DIRECTION})?$', 1)"
    suffixed = f"^([^ ].*?) ({ROAD})(?: [^0-9].*)?$"
    before = f"REGEXP_EXTRACT({street}, '^({DIRECTION}) .', 1)"
    behind = f"REGEXP_EXTRACT({street}, '. ({DIRECTION})$', 1)"
    return [
        f"COALESCE(NULLIF(REGEXP_EXTRACT({inner}, '{suffixed}', 1), ''), {inner}) AS street_name",
        f"REGEXP_EXTRACT({inner}, '{suffixed}', 2) AS street_suffix_word",
        f"COALESCE(NULLIF({before}, ''), NULLIF({behind}, '')) AS street_direction",
    ]
