"""What SQLMesh calls before and after every plan and run."""

from __future__ import annotations

import sys
from typing import Any

from lead_enrichment.bronze import (
    COMPACTED,
    PARTITION,
    bronze_tables,
    files_table,
    registration_statements,
    stored_columns,
)
from lead_enrichment.hooks.model_run import record, recorder_of
from lead_enrichment.hooks.publish import PRODUCTION, publish_after
from lead_enrichment.ingest.ledger import QUARANTINED, WAITING
from lead_enrichment.ingest.run import UNREADABLE, ingest
from lead_enrichment.lock import hold_files
from lead_enrichment.memory import tidy_rarely
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.warehouse.build_log import BuildLog
from lead_enrichment.warehouse.connection import hold_less
from lead_enrichment.warehouse.freshness import forget_built
from lead_enrichment.warehouse.waiting import connect_when_unlocked


def ingest_and_register(adapter: Any) -> list[str]:
    """Take in what has landed, and return the statements that show bronze to the engine.

    A file that goes to quarantine is reported on standard error and does not stop the others.

    Args:
        adapter: SQLMesh's engine adapter, of `duckdb` or `spark`.
    """
    from lead_enrichment.sqlmesh_internals import (
        PlanIntoToday,
        comment_on_views_only,
        leave_unchanged_models,
        migrate_older_tables_only,
        render_queries_once,
    )

    tidy_rarely()
    render_queries_once()
    comment_on_views_only()
    migrate_older_tables_only()
    # With its state elsewhere, SQLMesh has not opened the warehouse yet.
    connect_when_unlocked(lambda: adapter.cursor)
    paths = data_paths()
    console = Console(stderr=True)
    for outcome in ingest(paths):
        if outcome.status == QUARANTINED:
            console.print(f"Quarantined: {outcome.reason}", markup=False)
        elif outcome.status in (UNREADABLE, WAITING):
            console.print(f"Not taken in: {outcome.source_key} {outcome.file_name}: {outcome.reason}", markup=False)
        elif outcome.rows_rejected:
            console.print(f"{outcome.file_name}: {outcome.reason}", markup=False)
    sys.stderr.flush()
    hold_files(paths)
    if adapter.dialect == "duckdb":
        # Before the first plan, the file does not tell yet how large it becomes.
        if not PlanIntoToday.has_planned:
            hold_less(adapter.cursor)
        leave_unchanged_models(BuildLog(adapter.cursor, paths.bronze), _note_unchanged)
        return list(registration_statements(paths.bronze, adapter.dialect))
    # Run here, since SQLMesh warns of every statement that it cannot take apart.
    _forget_outdated_tables(adapter)
    adapter.execute(list(registration_statements(paths.bronze, adapter.dialect)))
    return []


def _note_unchanged(snapshot: Any) -> None:
    from lead_enrichment.sqlmesh_internals import current_console

    if recorder := recorder_of(current_console()):
        recorder.leaves(snapshot)


def _forget_outdated_tables(adapter: Any) -> None:
    """Drop the bronze tables of Spark whose columns are no longer those of the contracts; their files stay."""
    wanted = {table: [name for name, _, _ in (*columns, PARTITION)] for table, (_, columns) in bronze_tables().items()}
    for table in COMPACTED:
        # A view, which is made anew each time; it was a table before ledgers were compacted.
        columns = bronze_tables()[table][1]
        wanted[files_table(table)] = [name for name, _, _ in stored_columns(table, columns)]
    for known in adapter.get_data_objects("bronze", {*wanted}):
        if known.type.is_view:
            continue
        if known.name in COMPACTED or [*adapter.columns(f"bronze.{known.name}")] != wanted[known.name]:
            adapter.execute(f"DROP TABLE bronze.{known.name}")


def begin_recording(adapter: Any, environment: str) -> None:
    """Begin to write down what each model costs, in the plan or run that begins; what a refresh built may change now.

    Args:
        adapter: SQLMesh's engine adapter.
        environment: Name of the environment that is built.
    """
    from lead_enrichment.sqlmesh_internals import current_console

    paths = data_paths()
    if environment == PRODUCTION:
        forget_built(paths)
    record(current_console(), adapter, environment, paths.bronze)


def publish_for_readers(adapter: Any, environment: str) -> None:
    """Publish production where the plan or run that ends has built it whole.

    Args:
        adapter: SQLMesh's engine adapter.
        environment: Name of the environment that was built.
    """
    from lead_enrichment.sqlmesh_internals import current_console

    recorder = recorder_of(current_console())
    publish_after(adapter, environment, recorder is None or recorder.is_complete, data_paths())
