"""Hash over what counts as a change of a lead."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.lead_shape import LEAD_COLUMNS, UNTRACKED_COLUMNS


@macro()
def content_hash(evaluator: MacroEvaluator, relation: exp.Column) -> str:
    """Return the MD5 over the lead key and all tracked columns of a relation.

    NULL and the empty text have different hashes, and a separator that no delivery holds keeps neighbours apart.
    """
    table = relation.name
    tracked = ["lead_key", *(name for name, _, _ in LEAD_COLUMNS if name not in UNTRACKED_COLUMNS)]
    # DuckDB writes the zone behind a time that has one, Spark does not.
    zoned = {name for name, data_type, _ in LEAD_COLUMNS if data_type == "TIMESTAMPTZ"}
    texts = {name for name, data_type, _ in LEAD_COLUMNS if data_type == "TEXT"}
    casts = {name: "" if name in texts else "::TIMESTAMP::TEXT" if name in zoned else "::TEXT" for name in tracked}
    hashed = ", ".join(f"COALESCE({table}.{name}{cast}, CHR(30)), CHR(31)" for name, cast in casts.items())
    return f"MD5(CONCAT({hashed}))"
