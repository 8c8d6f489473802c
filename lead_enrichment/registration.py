"""What SQLMesh calls before every plan and run."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console

from lead_enrichment.bronze import PARTITION, bronze_tables, registration_statements
from lead_enrichment.ingest import QUARANTINED, ingest
from lead_enrichment.paths import data_paths


def ingest_and_register(adapter: Any) -> list[str]:
    """Take in what has landed and give the statements that show bronze to the engine.

    A file that goes to quarantine is said on standard error and stops nothing: the others go on.

    Args:
        adapter: SQLMesh's engine adapter, of `duckdb` or `spark`.
    """
    paths = data_paths()
    console = Console(stderr=True)
    for outcome in ingest(paths):
        if outcome.status == QUARANTINED:
            console.print(f"Quarantined: {outcome.reason}", markup=False)
        elif outcome.rows_rejected:
            console.print(f"{outcome.file_name}: {outcome.reason}", markup=False)
    sys.stderr.flush()
    if adapter.dialect == "duckdb":
        return list(registration_statements(paths.bronze, adapter.dialect))
    # Run here, since SQLMesh warns of every statement that it cannot take apart.
    _forget_outdated_tables(adapter)
    adapter.execute(list(registration_statements(paths.bronze, adapter.dialect)))
    return []


def _forget_outdated_tables(adapter: Any) -> None:
    """Let Spark forget the bronze tables whose columns are no longer those of the contracts; their files stay."""
    tables = bronze_tables()
    for known in adapter.get_data_objects("bronze", {*tables}):
        expected = [name for name, _, _ in (*tables[known.name][1], PARTITION)]
        if [*adapter.columns(f"bronze.{known.name}")] != expected:
            adapter.execute(f"DROP TABLE bronze.{known.name}")
