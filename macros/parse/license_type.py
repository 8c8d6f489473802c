"""Licence types of the states under one set of names."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# The first kind whose words stand in the state's own type.
LICENSE_KINDS = (
    ("group_home", ("GROUP",)),
    ("family_home", ("FAMILY", "HOME")),
    ("center", ("CENTER", "PROGRAM")),
    ("accommodation", ("ACCOMMODATION",)),
    ("permit", ("PERMIT",)),
)


@macro()
def license_type(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return center, group_home, family_home, accommodation, permit or other for a state's licence type."""
    text = raw.sql(dialect="duckdb")
    branches = " ".join(
        "WHEN " + " OR ".join(f"UPPER({text}) LIKE '%{word}%'" for word in words) + f" THEN '{kind}'"
        for kind, words in LICENSE_KINDS
    )
    return f"CASE {branches} WHEN TRIM({text}) <> '' THEN 'other' END"
