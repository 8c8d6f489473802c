"""What tests do again and again: land files, read what became of them, call commands, break off in the middle."""

from __future__ import annotations

import csv
import io
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from lead_enrichment.cli import app
from lead_enrichment.ingest.run import Outcome, ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse import spark

# Plans a project into production without a question; its unit tests have run before.
PLAN = ("sqlmesh", "plan", "--auto-apply", "--no-prompts", "--skip-tests")
RUN = ("sqlmesh", "run", "--ignore-cron")

# Wide enough for every line that a command prints.
WIDTH = "250"

NEVADA_HEADER = (
    "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,County,Phone,"
    "First Issue Date,Primary Contact Name,Primary Contact Role"
)


def land(data: Path, name: str, content: str | bytes, source: str = "nevada") -> Path:
    """Put a file into the landing folder of a source.

    Args:
        data: The data directory.
        name: The file's name, with the date that it claims.
        content: Its bytes, or its text, which is written as UTF-8.
        source: The source, which names the folder.
    """
    path = data / "landing" / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def take_in(
    paths: DataPaths, name: str, content: str | bytes, source: str = "nevada", backfill: bool = False
) -> Outcome:
    """Land a file, ingest it, and return its outcome; fails where more than this file had landed."""
    land(paths.root, name, content, source)
    (outcome,) = ingest(paths, backfill=backfill)
    return outcome


def csv_text(rows: Sequence[Mapping[str, str]], header: Iterable[str] | None = None) -> str:
    """Return rows as CSV, under the header of the first row where no other is named; what a row lacks is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(header or rows[0]), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def bronze_rows(paths: DataPaths, table: str, columns: str, where: str = "TRUE") -> list[tuple[Any, ...]]:
    """Return columns of a bronze table as its Parquet files hold them, sorted."""
    files = str(paths.bronze / table / "*" / "*.parquet")
    query = f"SELECT {columns} FROM READ_PARQUET('{files}', union_by_name = TRUE) WHERE {where} ORDER BY ALL"
    return duckdb.sql(query).fetchall()


def query(data: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Return what a query finds in the warehouse of a data directory, times in UTC."""
    with duckdb.connect(str(DataPaths(data).warehouse), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return [
            tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in row)
            for row in connection.execute(sql, parameters).fetchall()
        ]


def call(*words: str, expect: int = 0) -> str:
    """Call `leads …` in this process, and return what it prints; fails where it ends with another exit code."""
    done = CliRunner().invoke(app, words, env={"COLUMNS": WIDTH})
    assert done.exit_code == expect, done.output
    return done.output


def crash(*_: object, **__: object) -> None:
    """Stand in for a function at which the process is killed."""
    raise KeyboardInterrupt


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_held(warehouse: Path) -> bool:
    """Whether a process holds the file, without opening it: that would be a lock which others wait for."""
    inode = warehouse.stat().st_ino
    return any(line.split()[5].endswith(f":{inode}") for line in Path("/proc/locks").read_text().splitlines())


def halt_while_it_holds(warehouse: Path, process: subprocess.Popen[Any]) -> None:
    """Halt a process while it holds the file, however fast the machine is; SIGCONT lets it go on.

    Args:
        warehouse: The file that it will hold sooner or later.
        process: The process; the test fails where it ends before it has held the file.
    """
    while True:
        process.send_signal(signal.SIGSTOP)
        if is_held(warehouse):
            return
        process.send_signal(signal.SIGCONT)
        assert process.poll() is None, f"it ended without {warehouse}"
        time.sleep(0.05)


def quick_spark(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Set Spark up for small tables in the commands that follow; fails where Java is not installed.

    Args:
        patch: Takes the settings back.
        folder: Where Spark's configuration is written.
    """
    if not spark.has_java():
        pytest.fail("Java is not installed: apt-get install openjdk-17-jre-headless")
    # Compiling queries pays off for large tables only, and so does optimising Spark itself.
    (folder / "spark-defaults.conf").write_text(
        "spark.sql.codegen.wholeStage false\nspark.sql.codegen.factoryMode NO_CODEGEN\n"
    )
    patch.setenv("SPARK_CONF_DIR", str(folder))
    # Of its own accord Java keeps 48 MB for code that is compiled so far only; a plan of all models needs more.
    patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC")
