"""The core of a street, by which two ways of writing it are compared."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import DIRECTIONS, SUFFIXES
from macros.address.address_words import standard_word
from macros.address.street_name import ROAD_WORDS, ROADS
from macros.address.street_words import STREET_ORDINALS

# GROVE is GRV at the end of a name.
NAME_WORDS = {word: standard for word, standard in SUFFIXES.items() if standard not in ROADS}


@macro()
def street_core(evaluator: MacroEvaluator, relation: exp.Column) -> list[str]:
    """Return street_core and street_suffix, by which two ways of writing a street are compared; NULL where unknown.

    The core is the name of the street in one word, without direction, suffix and what stands behind the suffix: N LAMON
    and LAMON AVE are LAMON, E 43RD ST BUILDING is 43, W N (of W NORTH AVE) is NORTH, COTTAGE GROVE AVE and COTTAGE GRV
    are COTTAGEGRV.

    Args:
        relation: Alias of the relation that holds what `@street_name` gives.
    """
    name, suffix = f"{relation.name}.street_name", f"{relation.name}.street_suffix_word"
    long = {short: word for word, short in DIRECTIONS.items()}
    last = f"REGEXP_EXTRACT({name}, ' [^ ]+$', 0)"
    whole = standard_word(name, {**dict(STREET_ORDINALS), **long}, "{}")
    first = f"SUBSTRING({name}, 1, LENGTH({name}) - LENGTH({last}))"
    spelled = f"CASE WHEN {last} = '' THEN {whole} ELSE CONCAT({first}, {standard_word(last, NAME_WORDS, ' {}')}) END"
    core = f"REPLACE({spelled}, ' ', '')"
    # 113 ST is 113TH ST.
    numbered = f"NULLIF(REGEXP_EXTRACT({core}, '^([0-9]+)(?:ST|ND|RD|TH)$', 1), '')"
    return [
        f"COALESCE({numbered}, NULLIF({core}, '')) AS street_core",
        f"NULLIF({standard_word(suffix, ROAD_WORDS, '{}')}, '') AS street_suffix",
    ]
