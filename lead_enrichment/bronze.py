"""The bronze tables: their columns, their files, and how an engine comes to see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from lead_enrichment.contracts import Contract, contracts
from lead_enrichment.paths import whole
from lead_enrichment.warehouse.connection import exactly, literal

# In the project's folder, which is the current directory.
EXTERNAL_MODELS = Path("external_models") / "bronze.yaml"
PARTITION = ("received_on", "DATE", "Date of received_at; the incremental clock")

# Name, type and description of the columns that ingest adds to every delivered row.
PIPELINE_COLUMNS = (
    ("file_id", "TEXT", "SHA-256 of the delivery's bytes"),
    ("row_number", "BIGINT", "Number of the row in the delivery, from 1"),
    ("file_date", "DATE", "Date that the delivery claims"),
    ("received_at", "TIMESTAMPTZ", "When the delivery was taken in, UTC"),
    ("rescued", "TEXT", "JSON of delivered columns that the contract does not know"),
)
LEDGER_COLUMNS = (
    ("attempt_id", "TEXT", "Key of the attempt to take a file in"),
    ("file_id", "TEXT", "SHA-256 of the file's bytes"),
    ("source_key", "TEXT", "Source whose folder the file lay in"),
    ("file_name", "TEXT", "Name of the file"),
    ("file_date", "DATE", "Date that the file claims"),
    ("delivery_mode", "TEXT", "full_snapshot or change_feed"),
    ("status", "TEXT", "loaded, duplicate, quarantined, or withdrawn: a load that was taken back"),
    ("reason", "TEXT", "Why it was not loaded, or what to know about the load"),
    ("rows_delivered", "BIGINT", "Rows in the file"),
    ("rows_loaded", "BIGINT", "Rows taken into bronze"),
    ("rows_rejected", "BIGINT", "Rows kept as rejected rows"),
    ("file_bytes", "BIGINT", "Size of the file in bytes"),
    ("encoding", "TEXT", "Format and character encoding of the file"),
    ("header", "TEXT", "Header line, its columns separated by |"),
    ("completeness", "TEXT", "attested, mismatch or unattested: whether the row count was held against a stated one"),
    ("rows_expected", "BIGINT", "Rows that a manifest, a trailer row or an operator stated"),
    ("attested_by", "TEXT", "Who stated it: manifest, trailer row or an operator's name"),
    ("run_by", "TEXT", "User whose command took the file in"),
    ("received_at", "TIMESTAMPTZ", "When the file was taken in, UTC; what its rows carry"),
    ("started_at", "TIMESTAMPTZ", "When the attempt began, UTC"),
    ("finished_at", "TIMESTAMPTZ", "When the attempt ended, UTC"),
)
REJECTED_COLUMNS = (
    ("source_key", "TEXT", "Source that delivered the row"),
    ("file_id", "TEXT", "SHA-256 of the delivery's bytes"),
    ("line_number", "BIGINT", "Line of the file at which the row begins"),
    ("raw_text", "TEXT", "The row as delivered"),
    ("reason", "TEXT", "Why the row could not be taken in"),
    ("received_at", "TIMESTAMPTZ", "When the delivery was taken in, UTC"),
)
PROPOSAL_COLUMNS = (
    ("proposal_id", "TEXT", "Key of the proposal: source and the begin of the file's SHA-256"),
    ("source_key", "TEXT", "Source that delivered the file"),
    ("file_id", "TEXT", "SHA-256 of the file's bytes"),
    ("file_name", "TEXT", "Name of the file"),
    ("column_name", "TEXT", "Column of the contract that the file lacks; NULL where there is nothing to map"),
    ("header", "TEXT", "Delivered header that most likely is this column"),
    ("score", "DOUBLE", "How likely, from 0 to 1"),
    ("evidence", "TEXT", "Evidence for it, or what a person must resolve"),
    ("status", "TEXT", "proposed, accepted or rejected; the newest row of a proposal counts"),
    ("decided_by", "TEXT", "User who accepted or rejected it"),
    ("decided_at", "TIMESTAMPTZ", "When it was proposed or decided, UTC"),
)
ARCHIVE_EVENT_COLUMNS = (
    ("event_id", "TEXT", "Key of the event"),
    ("file_id", "TEXT", "SHA-256 of the file's bytes"),
    ("source_key", "TEXT", "Source that delivered the file"),
    ("file_name", "TEXT", "Name of the file"),
    ("action", "TEXT", "pruned, restored or withdrawn"),
    ("reason", "TEXT", "By which rule it was pruned, to where it was restored, or why it was withdrawn"),
    ("archived_bytes", "BIGINT", "Size of the archived file in bytes"),
    ("acted_by", "TEXT", "User who ran the command"),
    ("acted_at", "TIMESTAMPTZ", "When it was done, UTC"),
)
MODEL_RUN_COLUMNS = (
    ("run_id", "TEXT", "Key of the plan or run"),
    ("model_name", "TEXT", "Model that was built, as schema.name"),
    ("environment", "TEXT", "Environment that was built: prod, or the name given to sqlmesh plan"),
    ("engine", "TEXT", "Engine that built it: duckdb or spark"),
    ("status", "TEXT", "built or failed; a model whose audit does not hold has failed"),
    ("run_by", "TEXT", "User whose command it was"),
    ("started_at", "TIMESTAMPTZ", "When its first batch began, UTC"),
    ("finished_at", "TIMESTAMPTZ", "When its last batch ended, UTC"),
    ("seconds", "DOUBLE", "Time of all its batches with their audits; without those that failed"),
    ("batches", "BIGINT", "Steps in which it was built: one, or one a day for a type 2 model"),
    ("interval_start", "TIMESTAMPTZ", "Begin of the time that was built, inclusive, UTC"),
    ("interval_end", "TIMESTAMPTZ", "End of the time that was built, exclusive, UTC"),
    ("row_count", "BIGINT", "Rows of its table afterwards; NULL for a view and where it failed"),
    (
        "peak_memory_bytes",
        "BIGINT",
        "Highest resident memory of the whole SQLMesh process, DuckDB in it, while it was built; NULL on other engines",
    ),
)
AUDIT_RESULT_COLUMNS = (
    ("run_id", "TEXT", "Key of the plan or run"),
    ("model_name", "TEXT", "Model that was audited, as schema.name"),
    ("audit_name", "TEXT", "Name of the audit"),
    ("arguments", "TEXT", "What the model gave it, such as the columns; empty where nothing"),
    ("environment", "TEXT", "Environment that was built: prod, or the name given to sqlmesh plan"),
    ("status", "TEXT", "passed, warned (rows failed, the run went on) or failed (rows failed, the run stopped)"),
    ("failed_rows", "BIGINT", "Rows that failed, in all batches"),
    ("seconds", "DOUBLE", "Time of the audit in all batches"),
    ("batches", "BIGINT", "How often it was asked: once for each batch of the model"),
    ("run_by", "TEXT", "User whose command it was"),
    ("audited_at", "TIMESTAMPTZ", "When it was last asked, UTC"),
)
ALERT_EVENT_COLUMNS = (
    ("alert_key", "TEXT", "Key of the message; of noticed the key of the incident since it began the last time"),
    ("incident_key", "TEXT", "Incident that it is about, as in quality.incident; NULL of a digest"),
    ("severity", "TEXT", "Severity of the incident then; NULL of a digest"),
    ("step", "BIGINT", "Step of the ladder, from 1; 0 of noticed and of a digest"),
    ("channel", "TEXT", "Channel of alerts.yaml; empty of noticed"),
    ("event", "TEXT", "noticed, claimed (before it is sent), sent, failed, or revived: to be tried again"),
    ("problem", "TEXT", "Why it failed"),
    ("run_by", "TEXT", "User whose command it was"),
    ("happened_at", "TIMESTAMPTZ", "When, UTC"),
)
WEBHOOK_EVENT_COLUMNS = (
    ("message_id", "TEXT", "Id of the message, which the receiver gets as webhook-id; empty of what is about a target"),
    ("target", "TEXT", "Target of webhooks.yaml"),
    ("event_type", "TEXT", "Type of the event, such as lead.net_new; empty of what is about a target"),
    ("subject", "TEXT", "What it is about: key of a lead, an incident or a change"),
    (
        "event", "TEXT",
        "began (the target hears of what happens from since on), noticed (it was there then, and is not sent), claimed "
        "(before it is sent), sent, failed, revived (to be tried again); disabled or enabled: the target",
    ),
    ("status", "BIGINT", "Status of HTTP that the receiver answered; NULL where it did not"),
    ("problem", "TEXT", "Why it failed"),
    ("retry_at", "TIMESTAMPTZ", "Before which the receiver asked not to be called again, UTC"),
    ("since", "DATE", "Of began: the day from which on events count"),
    ("run_by", "TEXT", "User whose command it was"),
    ("happened_at", "TIMESTAMPTZ", "When, UTC"),
)  # fmt: skip
ARROW_TYPES = {
    "TEXT": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}

Columns = tuple[tuple[str, str, str], ...]

# What the project writes down about its own work, beside the delivered rows.
LEDGER_TABLES: dict[str, tuple[str, Columns]] = {
    "file_ledger": ("Every attempt to take a file in. One row per attempt.", LEDGER_COLUMNS),
    "rejected_row": (
        "Delivered rows that fit no contract, kept as they came. One row per rejected row.",
        REJECTED_COLUMNS,
    ),
    "column_proposal": (
        "What delivered columns most likely are where a file was refused, and what was decided. One row per proposed "
        "column and decision.",
        PROPOSAL_COLUMNS,
    ),
    "archive_event": (
        "What was pruned from the archive or restored from it. One row per event.",
        ARCHIVE_EVENT_COLUMNS,
    ),
    "model_run": ("What each model cost in each plan and run. One row per run and model.", MODEL_RUN_COLUMNS),
    "audit_result": (
        "What each audit found in each plan and run. One row per run, model, audit and its arguments.",
        AUDIT_RESULT_COLUMNS,
    ),
    "alert_event": (
        "What became of each message about an incident; only ever appended to. One row per message and event.",
        ALERT_EVENT_COLUMNS,
    ),
    "webhook_event": (
        "What became of each message to a webhook; only ever appended to. One row per message and event.",
        WEBHOOK_EVENT_COLUMNS,
    ),
}

# Ledger tables whose small files are compacted (see ledger_files.py), each with the time by whose date they are filed.
COMPACTED = {
    "file_ledger": "received_at",
    "column_proposal": "decided_at",
    "archive_event": "acted_at",
    "model_run": "started_at",
    "audit_result": "audited_at",
    "alert_event": "happened_at",
    "webhook_event": "happened_at",
}
# What their files hold besides.
ENTRY = ("entry", "TEXT", "Name of the file from which compaction took the row; NULL in that file itself")


def source_columns(contract: Contract) -> Columns:
    """Return the bronze columns of a source: the contract's, as text, then those that ingest adds."""
    return (*((column.name, "TEXT", column.description) for column in contract.columns), *PIPELINE_COLUMNS)


def bronze_tables() -> dict[str, tuple[str, Columns]]:
    """Return every bronze table's description and its columns, the partition column apart."""
    tables = {
        key: (f"{contract.description} One row per delivered row.", source_columns(contract))
        for key, contract in contracts().items()
    }
    return tables | LEDGER_TABLES


def stored_columns(table: str, columns: Columns) -> Columns:
    """Return the columns that the files of a bronze table hold."""
    return (*columns, ENTRY) if table in COMPACTED else columns


def arrow_schema(columns: Columns) -> pa.Schema:
    """Return the Parquet schema of bronze columns."""
    return pa.schema([(name, ARROW_TYPES[data_type]) for name, data_type, _ in columns])


def external_models_yaml() -> str:
    """Return the text of `external_models/bronze.yaml`, by which SQLMesh knows bronze."""
    models = [
        {
            "name": f"bronze.{table}",
            "description": description,
            "columns": {name: data_type for name, data_type, _ in (*columns, PARTITION)},
        }
        for table, (description, columns) in bronze_tables().items()
    ]
    head = "# Written from the contracts by `leads contracts write-external-models`; a test keeps the two the same.\n"
    return head + yaml.safe_dump(models, sort_keys=False, width=120)


def write_empty_tables(bronze: Path) -> None:
    """Put a Parquet file without rows into every bronze table, so that each can be read before its first file."""
    for table, (_, columns) in bronze_tables().items():
        path = bronze / table / "received_on=1970-01-01" / "empty.parquet"
        schema = arrow_schema(stored_columns(table, columns))
        if _schema_of(path) != schema:
            write_whole(schema.empty_table(), path)


def _schema_of(path: Path) -> pa.Schema | None:
    """Return the schema of a Parquet file; None where it is not there or damaged."""
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return None


def write_whole(table: pa.Table, target: Path) -> None:
    """Write a Parquet file so that it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target) as unfinished:
        pq.write_table(table, unfinished, compression="zstd")


def registration_statements(bronze: Path, dialect: str) -> Iterator[str]:
    """Return the SQL that shows the bronze files to an engine as tables.

    Args:
        bronze: The bronze folder.
        dialect: `duckdb` (views over the files) or `spark` (external tables).
    """
    yield "CREATE SCHEMA IF NOT EXISTS bronze"
    for table, (_, columns) in bronze_tables().items():
        folder = bronze / table
        if table in COMPACTED:
            yield from _compacted_statements(table, columns, folder, dialect)
        elif dialect == "duckdb":
            names = ", ".join(name for name, _, _ in (*columns, PARTITION))
            files = literal(exactly(folder, "*", "*.parquet"))
            yield (
                f"CREATE OR REPLACE VIEW bronze.{table} AS SELECT {names} FROM READ_PARQUET({files}, "
                "hive_partitioning = TRUE, hive_types = {'received_on': DATE}, union_by_name = TRUE)"
            )
        else:
            yield (
                f"CREATE TABLE IF NOT EXISTS bronze.{table} ({_spark_columns((*columns, PARTITION))}) USING PARQUET "
                f"PARTITIONED BY (received_on) LOCATION {_spark_literal(folder)}"
            )
            yield f"MSCK REPAIR TABLE bronze.{table}"


def _compacted_statements(table: str, columns: Columns, folder: Path, dialect: str) -> Iterator[str]:
    """Return the SQL that shows a ledger table: each entry once, by the rule of ledger_files.py."""
    names, clock = ", ".join(name for name, _, _ in columns), COMPACTED[table]
    if dialect == "duckdb":
        source = (
            f"READ_PARQUET({literal(exactly(folder, '*', '*.parquet'))}, filename = TRUE, hive_partitioning = FALSE, "
            "union_by_name = TRUE)"
        )
        day, file_name = f"({clock} AT TIME ZONE 'UTC')::DATE", "PARSE_FILENAME(filename)"
    else:
        # The folders are no partitions here: the rows of the compacted file are of many days.
        stored = _spark_columns(stored_columns(table, columns))
        yield (
            f"CREATE TABLE IF NOT EXISTS bronze.{files_table(table)} ({stored}) "
            f"USING PARQUET OPTIONS (recursiveFileLookup 'true') LOCATION {_spark_literal(folder)}"
        )
        source, day, file_name = f"bronze.{files_table(table)}", f"CAST({clock} AS DATE)", "_metadata.file_name"
    yield (
        f"CREATE OR REPLACE VIEW bronze.{table} AS SELECT {names}, {day} AS received_on FROM (SELECT {names}, "
        f"RANK() OVER (PARTITION BY COALESCE(entry, {file_name}) ORDER BY entry IS NOT NULL) AS nth FROM {source}) "
        "AS f WHERE nth = 1"
    )


def files_table(table: str) -> str:
    """Return the name of the table by which Spark reads the files of a compacted ledger table."""
    return f"{table}_files"


def _spark_columns(columns: Columns) -> str:
    spark_types = {"TEXT": "STRING", "TIMESTAMPTZ": "TIMESTAMP"}
    return ", ".join(f"{name} {spark_types.get(kind, kind)}" for name, kind, _ in columns)


def _spark_literal(path: Path) -> str:
    """Return a path as a literal of Spark SQL, which knows the backslash."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "\\'") + "'"
