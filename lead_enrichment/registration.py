"""What SQLMesh calls before every plan and run."""

from __future__ import annotations

import sys

from rich.console import Console

from lead_enrichment.bronze import registration_statements
from lead_enrichment.ingest import ingest
from lead_enrichment.ledger import QUARANTINED
from lead_enrichment.paths import data_paths


def ingest_and_register(dialect: str) -> list[str]:
    """Take in what has landed and give the statements that show bronze to the engine.

    A file that goes to quarantine is said on standard error and stops nothing: the others go on.

    Args:
        dialect: Dialect of the engine, `duckdb` or `spark`.
    """
    paths = data_paths()
    console = Console(stderr=True)
    for outcome in ingest(paths):
        if outcome.status == QUARANTINED:
            console.print(f"Quarantined: {outcome.reason}", markup=False)
        elif outcome.rows_rejected:
            console.print(f"{outcome.file_name}: {outcome.reason}", markup=False)
    sys.stderr.flush()
    return list(registration_statements(paths.bronze, dialect))
