"""The rows on which an audit failed: SQLMesh counts them, and this shows the first of them."""

from __future__ import annotations

from typing import Any

from lead_enrichment.terminal import Console

SHOWN = 3
LONGEST = 60


def show_failed_rows(adapter: Any, errors: list[BaseException]) -> None:
    """Print the first rows of each audit that failed on standard error.

    Args:
        adapter: SQLMesh's engine adapter.
        errors: Why models failed, as SQLMesh tells its console.
    """
    from lead_enrichment.sqlmesh_internals import failed_audits

    console = Console(stderr=True)
    for audit in (audit for error in errors for audit in failed_audits(error)):
        console.print(f"{audit.model_name}, {audit.audit_name}:", markup=False, highlight=False, soft_wrap=True)
        rows = adapter.fetchdf(audit.query.limit(SHOWN)).astype(object)
        for row in rows.to_dict("records"):
            console.print(f"  {sentence(row)}", markup=False, highlight=False, soft_wrap=True)
        if audit.count > len(rows):
            console.print(f"  and {audit.count - len(rows):,} more.", markup=False, highlight=False)


def sentence(row: dict[str, Any]) -> str:
    """Return a row in one line: its `message` where the audit words one, otherwise its first columns and values."""
    if row.get("message"):
        return str(row["message"])
    short = {name: str(value) for name, value in [*row.items()][:8]}
    return ", ".join(f"{name} {value[:LONGEST]}{'…' if len(value) > LONGEST else ''}" for name, value in short.items())
