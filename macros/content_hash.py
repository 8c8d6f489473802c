"""Hash over what counts as a change of a lead."""

from __future__ import annotations

from sqlmesh import macro

from macros.lead_columns import LEAD_COLUMNS, UNTRACKED_COLUMNS


@macro()
def content_hash(evaluator, relation):  # type: ignore[no-untyped-def]
    """Give the MD5 over the lead key and all tracked columns of a relation.

    NULL and the empty text hash apart, and a separator that no delivery holds keeps neighbours apart.
    """
    table = relation.name
    tracked = ["lead_key", *(name for name, _, _ in LEAD_COLUMNS if name not in UNTRACKED_COLUMNS)]
    texts = ", ".join(f"COALESCE({table}.{name}::TEXT, CHR(30)), CHR(31)" for name in tracked)
    return f"MD5(CONCAT({texts}))"
