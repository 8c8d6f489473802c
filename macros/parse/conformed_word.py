"""Words of a source, such as a status, under the names that its contract gives them."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import fold_word, lead_contracts
from macros.sql.plain_text import with_plain_signs

# Read here, not in the macro, so that SQLMesh sees a new contract as a change of the models that use it.
VOCABULARIES = {
    f"{contract.source_key}.{column.name}": tuple(
        (conformed, tuple(fold_word(word) for word in words)) for conformed, words in column.vocabulary.items()
    )
    for contract in lead_contracts().values()
    for column in contract.columns
    if column.vocabulary
}


@macro()
def conformed_word(evaluator: MacroEvaluator, column: exp.Literal, raw: exp.Expression) -> str:
    """Return the conformed name of a delivered word, by the vocabulary of its column's contract; otherwise unknown.

    Case and blanks do not count.

    Args:
        column: Source and column, as `'texas.status'`.
        raw: The delivered word.
    """
    word = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    # A contract that is gone is told by `leads contracts check`, for which the models have to load.
    vocabulary = VOCABULARIES.get(column.name, ())
    branches = " ".join(
        f"WHEN {word} IN ({', '.join(exp.Literal.string(item).sql(dialect='duckdb') for item in words)}) "
        f"THEN '{conformed}'"
        for conformed, words in vocabulary
    )
    return f"CASE {branches} ELSE 'unknown' END" if branches else "'unknown'"
