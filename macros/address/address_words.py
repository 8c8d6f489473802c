"""The words around the name of a street in their standard form."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import DIRECTIONS, SPACED_DIRECTIONS, SUFFIXES, listed_for


def standard_word(column: str, words: dict[str, str], pad: str) -> str:
    """Return the SQL that replaces a padded word by its standard form."""
    padded = {pad.format(word): pad.format(standard) for word, standard in words.items() if word != standard}
    return f"COALESCE({listed_for(column, padded)}, {column})"


@macro()
def address_words(evaluator: MacroEvaluator, relation: exp.Column) -> list[str]:
    """Return direction, suffix and direction behind of a street in the standard form of USPS Publication 28.

    They are columns of a step of their own because the street is put together from them in several ways.

    Args:
        relation: Alias of the relation that holds the words that `@address_parts` returns.
    """
    before, suffix, behind = (
        f"{relation.name}.{column}" for column in ("direction_words", "suffix_words", "direction_behind_words")
    )
    return [
        f"{standard_word(before, {**DIRECTIONS, **SPACED_DIRECTIONS}, '{} ')} AS direction_standard",
        f"{standard_word(suffix, SUFFIXES, ' {}')} AS suffix_standard",
        f"{standard_word(behind, DIRECTIONS, ' {}')} AS direction_behind_standard",
    ]
