"""Injects faults into the project's work on files: at each operation the process is killed, or the disk fails.

`python tests/python/faults.py --faults 1000` runs each scenario once to count its operations on files, then again for
each fault: in a process of its own, on a copy of the scenario's data directory, the operation of that number is met by
SIGKILL, ENOSPC, EIO or EACCES. What is left must be taken up by the same command without a fault: afterwards
`leads doctor` finds nothing, every delivered file is loaded or in quarantine exactly once, with all its rows, and
nothing half-written is left. With more faults than there are single ones, the command that takes up is hit as well.

A new scenario is one more entry of SCENARIOS: what lies there before, the command, and the command that takes it up.

Where the operations are met: Python's own by audit hooks (open, rename, remove, mkdir, link, chmod), reads and writes
by a file object of ours, which pyarrow writes through too; DuckDB's COPY, READ_…, ATTACH and CHECKPOINT, and pyarrow's
reads of Parquet, are one operation each. A read that is killed leaves what the operation before it left.
"""

from __future__ import annotations

import argparse
import builtins
import errno
import gc
import gzip
import hashlib
import io
import json
import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine  # noqa: F401  # imported before the processes are forked, as all that ingest needs

from lead_enrichment.bronze import LEDGER_TABLES, registration_statements
from lead_enrichment.contracts import contracts
from lead_enrichment.errors import LeadsError, UsageError
from lead_enrichment.hooks.publish import publish
from lead_enrichment.ingest import archive, reader
from lead_enrichment.ingest.doctor import examine
from lead_enrichment.ingest.evidence import BEGUN
from lead_enrichment.ingest.ledger import LOADED, WITHDRAWN, Ledger
from lead_enrichment.ingest.quarantine import release
from lead_enrichment.ingest.run import ingest
from lead_enrichment.ingest.withdrawal import withdraw
from lead_enrichment.ledger_files import COMPACTED_COPY, COMPACTED_FILE
from lead_enrichment.lock import only_writer
from lead_enrichment.matching.decisions import Decision, submit
from lead_enrichment.paths import DataPaths

KILL = "kill"
# Exit code of a process that ended with an error that a command prints as a sentence.
SENTENCE = 2
LONGEST_SECONDS = 120
NUMBERS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}
# By what each kind of operation can be met.
MET_BY = {
    "open to write": (KILL, "ENOSPC", "EACCES", "EIO"),
    "rename": (KILL, "ENOSPC", "EACCES", "EIO"),
    "make": (KILL, "ENOSPC", "EACCES", "EIO"),
    "remove": (KILL, "EACCES", "EIO"),
    "change": (KILL, "EACCES", "EIO"),
    "write": (KILL, "ENOSPC", "EIO"),
    "sync": (KILL, "ENOSPC", "EIO"),
    "write by DuckDB": (KILL, "ENOSPC", "EACCES", "EIO"),
    "open to read": ("EACCES", "EIO"),
    "list": ("EACCES", "EIO"),
    "read": ("EIO",),
    "read by DuckDB": ("EACCES", "EIO"),
}
AUDITED = {
    "os.rename": "rename", "os.remove": "remove", "os.rmdir": "remove", "os.mkdir": "make", "os.link": "make",
    "os.symlink": "make", "os.chmod": "change", "os.utime": "change", "os.truncate": "write",
    "os.scandir": "list", "os.listdir": "list",
}  # fmt: skip
# DuckDB's statements that touch files, and how its own errors read.
WRITES, READS = re.compile(r"^\s*(COPY|CHECKPOINT|ATTACH|CREATE TABLE)\b"), re.compile(r"\bREAD_(CSV|PARQUET)\b")
COPIED_TO = re.compile(r"(?s).*\bTO '((?:[^']|'')+)' \(FORMAT")
# Ends of names that the next ingest removes, wherever a process was killed.
PASSING = (".ingest.lock",)


@dataclass(frozen=True)
class Fault:
    """The operation that is met, counted from 1, and by what."""

    number: int
    by: str


@dataclass(frozen=True)
class Scenario:
    """What is done to a data directory.

    Args:
        before: Makes what lies there before.
        command: What is met by the fault; ingest by default.
        again: Takes up what the command left; the command itself by default.
        loaded: Rows that are loaded and rejected in the end, by name of the file, where no fault is of the file itself.
        more: What else must hold in the end; returns what does not.
    """

    before: Callable[[DataPaths], object]
    command: Callable[[DataPaths], object] = ingest
    again: Callable[[DataPaths], object] | None = None
    more: Callable[[DataPaths], list[str]] = field(default=lambda paths: [])


class Injector:
    """Counts operations on files below a folder, and meets one of them; its count goes on in forked processes."""

    def __init__(self, root: Path, fault: Fault | None, met: Path, log: Path | None = None) -> None:
        self._root, self._fault, self._met = str(root), fault, met
        self._count, self._log, self._real_open = mmap.mmap(-1, 8), log, io.open
        self._is_reader = False

    @property
    def count(self) -> int:
        return int(struct.unpack("q", self._count[:8])[0])

    def step(
        self, operation: str, path: object, half: Callable[[], object] | None = None, by_duckdb: bool = False
    ) -> None:
        """Count an operation, and meet it where it is its turn; `half` does half of it first."""
        if not self._lies_here(path):
            return
        number = self.count + 1
        self._count[:8] = struct.pack("q", number)
        by_whom = "\tin the reader" if self._is_reader else ""
        what = f"{operation}\t{str(path)[len(self._root) :]}{by_whom}\n"
        if self._log:
            _write_down(what, self._log)
        if self._fault is None or number != self._fault.number:
            return
        # Threads change the order of operations: what meets a write may come to a read.
        by = self._fault.by if self._fault.by in MET_BY[operation] else MET_BY[operation][-1]
        _write_down(what, self._met)
        if half:
            half()
        if by == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        code = NUMBERS[by]
        if by_duckdb:
            raise duckdb.IOException(f'IO Error: Could not use file "{path}": {os.strerror(code)}')
        # As the system's own errors: those of an open file name none.
        raise (
            OSError(code, os.strerror(code))
            if operation in ("read", "write")
            else OSError(code, os.strerror(code), str(path))
        )

    def _lies_here(self, path: object) -> bool:
        if isinstance(path, int):
            return False
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return name.startswith(self._root)

    def install(self) -> None:
        """Meet what this process does from here on; it cannot be taken back."""
        sys.addaudithook(self._audit)
        io.open = builtins.open = self._open  # type: ignore[assignment]
        real_connect = duckdb.connect
        duckdb.connect = lambda *values, **more: _Connection(real_connect(*values, **more), self)  # type: ignore
        real_sync = os.fsync

        def sync(descriptor: int) -> None:
            self.step("sync", Path(f"/proc/self/fd/{descriptor}").readlink())
            real_sync(descriptor)

        os.fsync = sync  # type: ignore[assignment]
        # The system would copy within itself.
        shutil._USE_CP_SENDFILE = False  # type: ignore[attr-defined]
        writer = _writer_through_python(pq.ParquetWriter)
        pq.ParquetWriter = pq.core.ParquetWriter = writer
        for module, name in ((pq, "read_metadata"), (pq, "read_schema"), (pq, "ParquetFile"), (pa, "OSFile")):
            setattr(module, name, self._reading(getattr(module, name)))
        subprocess.run = self._run  # type: ignore[assignment]

    def _audit(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            is_written = bool(values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            self.step("open to write" if is_written else "open to read", values[0])
        elif event in AUDITED:
            # A link is made at its second path.
            at = 1 if event in ("os.link", "os.symlink") else 0
            self.step(AUDITED[event], values[at])

    def _open(
        self, file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: str | None = None,
        newline: str | None = None, closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if not self._lies_here(file) or opener:
            return self._real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _File(file, mode.replace("b", "").replace("t", ""), self)
        if "b" in mode and buffering == 0:
            return raw
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        buffer = kind(raw)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding or "utf-8", errors, newline)

    def _reading(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def read(source: Any, *values: Any, **more: Any) -> Any:
            self.step("open to read", source)
            return real(source, *values, **more)

        return read

    def _run(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        """Do in a forked process what a program of the project would do in one of its own."""
        said = tempfile.TemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)  # noqa: SIM115
        process = os.fork()
        if not process:
            code = 1
            try:
                if "lead_enrichment.ingest.reader" in words:
                    self._is_reader = True
                    sys.stderr = io.TextIOWrapper(said, encoding="utf-8", write_through=True)
                    code = reader.main(*words[3:])
                else:
                    sys.argv = words[2:]
                    exec(words[2], {})
                    code = 0
            except BaseException as error:
                said.write(f"{type(error).__name__}: {error}".encode())
                said.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(process, 0)
        said.seek(0)
        text: Any = said.read()
        said.close()
        text = text.decode() if options.get("text") else text
        return subprocess.CompletedProcess(words, os.waitstatus_to_exitcode(status), type(text)(), text)


def _write_down(line: str, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, line.encode(errors="backslashreplace"))
    os.close(descriptor)


class _File(io.FileIO):
    """A file whose reads and writes are counted."""

    def __init__(self, path: Any, mode: str, injector: Injector) -> None:
        self._path, self._injector = path, injector
        super().__init__(path, mode)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._injector.step("write", self._path, lambda: super(_File, self).write(view[: len(view) // 2]))
        return super().write(data)

    def readinto(self, buffer: Any) -> int:
        self._injector.step("read", self._path)
        return super().readinto(buffer)  # type: ignore[return-value]

    def readall(self) -> bytes:
        self._injector.step("read", self._path)
        return super().readall()


class _Connection:
    """A connection of DuckDB whose work on files is counted."""

    def __init__(self, real: duckdb.DuckDBPyConnection, injector: Injector) -> None:
        self._real, self._injector = real, injector

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, query: str, parameters: Any = None) -> Any:
        root, copied = self._injector._root, COPIED_TO.match(query)
        if copied:
            target = copied[1].replace("''", "'")

            def half() -> None:
                self._real.execute(query, parameters)
                os.truncate(target, Path(target).stat().st_size // 2)

            self._injector.step("write by DuckDB", target, half, by_duckdb=True)
        elif WRITES.match(query):
            self._injector.step("write by DuckDB", f"{root}/({query.split()[0]})", by_duckdb=True)
        elif READS.search(query):
            self._injector.step("read by DuckDB", f"{root}/(query)", by_duckdb=True)
        return self._real.execute(query, parameters)

    def read_parquet(self, *values: Any, **more: Any) -> Any:
        self._injector.step("read by DuckDB", values[0], by_duckdb=True)
        return self._real.read_parquet(*values, **more)


def _writer_through_python(real: type[Any]) -> type[Any]:
    class Writer(real):  # type: ignore[misc]
        """Writes a Parquet file by way of Python's own files, so that every write is met."""

        def __init__(self, where: Any, schema: Any, **more: Any) -> None:
            self._stream = io.open(where, "wb") if isinstance(where, (str, Path)) else None  # noqa: SIM115, UP020
            super().__init__(self._stream or where, schema, **more)

        def close(self) -> None:
            try:
                super().close()
            finally:
                if self._stream:
                    self._stream.close()

    return Writer


# ---------------------------------------------------------------------------------------------------------------------
# What is done, and what must hold afterwards

HEADER = (
    "Name,Credential Type,Credential Number,Status,Expiration Date,Disciplinary Action,Address,State,County,Phone,"
    "First Issue Date,Primary Contact Name,Primary Contact Role"
)
ROW = "{},CENTER,{}-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other\n"


def text(numbers: range, name: str = "ABC") -> str:
    """Return a file of Nevada with rows of these numbers."""
    return f"{HEADER}\n" + "".join(ROW.format(name, number) for number in numbers)


def land(paths: DataPaths, name: str, content: str | bytes, source: str = "nevada") -> None:
    """Put a file into landing."""
    path = paths.landing / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def history(paths: DataPaths) -> None:
    """Load a delivery with a rejected row, which later ones are compared with."""
    land(paths, "nevada_2026-09-05.csv", f"{text(range(30))}short\n")
    ingest(paths)


def after_history(*files: tuple[str, str | bytes]) -> Callable[[DataPaths], None]:
    """Return what lands files after a delivery was loaded."""

    def before(paths: DataPaths) -> None:
        history(paths)
        for name, content in files:
            land(paths, name, content)

    return before


def workbook() -> bytes:
    """Return a workbook with a few rows."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    for line in text(range(25)).splitlines():
        book.active.append(line.split(","))
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    """Return a Parquet file with a few rows."""
    lines = [line.split(",") for line in text(range(25)).splitlines()]
    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in lines[1:]] for at, name in enumerate(lines[0])}), out)
    return out.getvalue()


def zipped() -> bytes:
    """Return an archive of one file in an encoding of eight bits."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.csv", text(range(25), "CAFÉ").encode("cp1252"))
    return out.getvalue()


def ingest_into_nothing(paths: DataPaths) -> None:
    """Land the first file of all."""
    land(paths, "nevada_2026-10-05.csv", text(range(3)))


def with_manifest(paths: DataPaths) -> None:
    """Land a file whose manifest is right, and one whose is not."""
    history(paths)
    for name, rows in (("nevada_2026-10-05.csv", 25), ("nevada_2026-10-06.csv", 1_000)):
        land(paths, name, text(range(25), name[-6:-4]))
        land(paths, f"{name}.manifest.json", json.dumps({"rows": rows}))


def decided(paths: DataPaths) -> None:
    """Submit a decision, and take it in."""
    decision = Decision("nevada:1", "a", "nevada:2", "b", "different", "seen", "me", datetime(2026, 10, 5, tzinfo=UTC))
    submit(paths, [decision])
    ingest(paths)


def decided_again(paths: DataPaths) -> None:
    """Submit it where it was not refused: submitted anew, it would be another delivery of the same bytes."""
    if any(paths.quarantine.glob("decisions/*")):
        ingest(paths)
    else:
        decided(paths)


def much_delivered(paths: DataPaths) -> None:
    """Load two files one after the other, and compact the ledger in between."""
    history(paths)
    Ledger(paths.bronze).compact(most_loose=0)
    land(paths, "nevada_2026-10-05.csv", text(range(25)))
    ingest(paths)


def compacted(paths: DataPaths) -> None:
    """Compact the ledger, which was compacted before."""
    with only_writer(paths):
        Ledger(paths.bronze).compact(most_loose=0)


def taken_back(paths: DataPaths) -> None:
    """Take the load of the history back."""
    withdraw(paths, "nevada_2026-09-05.csv", "wrong")


def taken_back_again(paths: DataPaths) -> None:
    """Take it back where that is not done yet, and ingest."""
    with suppress_usage("withdrawn already"):
        taken_back(paths)
    ingest(paths)


def let_in(paths: DataPaths) -> None:
    """Release the refused file."""
    release(paths, "nevada_2026-10-05.csv", "looked at")
    ingest(paths)


def let_in_again(paths: DataPaths) -> None:
    """Release it where that is not done yet, and ingest."""
    with suppress_usage("no such file lies in quarantine"):
        release(paths, "nevada_2026-10-05.csv", "looked at")
    ingest(paths)


class suppress_usage(suppress):
    """Let an error of the call pass that says that there is nothing left to do."""

    def __init__(self, words: str) -> None:
        self._words = words
        super().__init__(UsageError)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        return bool(super().__exit__(kind, error, trace)) and (error is None or self._words in str(error))


def refused(paths: DataPaths) -> None:
    """Let a file be refused that has far fewer rows than the one before."""
    history(paths)
    land(paths, "nevada_2026-10-05.csv", text(range(2)))
    ingest(paths)


def harmed(harm: Callable[[DataPaths], None]) -> Callable[[DataPaths], None]:
    """Return what loads two deliveries, a duplicate too, and harms what was kept of them."""

    def before(paths: DataPaths) -> None:
        history(paths)
        land(paths, "nevada_2026-10-05.csv", text(range(31)))
        ingest(paths)
        harm(paths)

    return before


def parts(paths: DataPaths, table: str) -> list[Path]:
    """Return the files of a bronze table."""
    return sorted(path for path in (paths.bronze / table).glob("*/*.parquet") if path.stem != "empty")


def cut(path: Path) -> None:
    """Take the end of a file away."""
    content = path.read_bytes()[:-30]
    path.unlink()
    path.write_bytes(content)


def lose_ledger(paths: DataPaths) -> None:
    """Lose the ledger whole."""
    shutil.rmtree(paths.bronze / "file_ledger")


def cut_ledger(paths: DataPaths) -> None:
    """Damage an entry of the ledger."""
    cut(parts(paths, "file_ledger")[0])


def lose_rows(paths: DataPaths) -> None:
    """Lose rows of one delivery, and damage those of the other and the rejected ones."""
    first, second = parts(paths, "nevada")
    first.unlink()
    cut(second)
    cut(parts(paths, "rejected_row")[0])


def repair(paths: DataPaths) -> None:
    """Mend what can be mended, until nothing is left to mend."""
    if any(not item.is_mended for item in examine(paths, repair=True)):
        examine(paths, repair=True)


def repair_again(paths: DataPaths) -> None:
    """Mend, and ingest."""
    examine(paths, repair=True)
    ingest(paths)


def old_archive(paths: DataPaths) -> None:
    """Load three deliveries under the dates that they claim; the first may be pruned."""
    for month in (1, 2, 3):
        land(paths, f"nevada_2020-0{month}-05.csv", text(range(25 + month)))
    ingest(paths, backfill=True)


def pruned(paths: DataPaths) -> None:
    """Prune as in a far time."""
    archive.prune(paths, date(2099, 1, 1))


def pruned_again(paths: DataPaths) -> None:
    """Prune, and ingest, which removes what a killed process left."""
    pruned(paths)
    ingest(paths)


def built(paths: DataPaths) -> None:
    """Put a warehouse beside the data that knows the loads, and publish it once."""
    history(paths)
    paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(paths.warehouse)) as connection:
        for statement in registration_statements(paths.bronze, "duckdb"):
            connection.execute(statement)
        connection.execute(
            "CREATE SCHEMA ops; CREATE TABLE ops.reconciliation AS "
            "SELECT file_id, file_name, NULL::TEXT AS broken_link FROM bronze.file_ledger WHERE status = 'loaded'"
        )
    published(paths)


def published(paths: DataPaths) -> None:
    """Publish the warehouse."""
    with duckdb.connect(str(paths.warehouse)) as connection:
        publish(connection, paths)


def copy_is_whole(paths: DataPaths) -> list[str]:
    """Return what is wrong with the published copy."""
    with duckdb.connect(str(paths.published), read_only=True) as connection:
        counts = [connection.execute(f"SELECT COUNT(*) FROM bronze.{table}").fetchone() for table in LEDGER_TABLES]
    left = [path.name for path in paths.published.parent.iterdir() if path != paths.published]
    return [*(["the published copy lacks the ledger"] if counts[0] == (0,) else []), *left]


SCENARIOS: dict[str, Scenario] = {
    "first file": Scenario(ingest_into_nothing),
    "plain text": Scenario(after_history(("nevada_2026-10-05.csv", text(range(25))))),
    "rejected row": Scenario(after_history(("nevada_2026-10-05.csv", f"{text(range(25))}short\n"))),
    "archive of another encoding": Scenario(after_history(("nevada_2026-10-05.zip", zipped()))),
    "gzip": Scenario(after_history(("nevada_2026-10-05.csv.gz", gzip.compress(text(range(25)).encode())))),
    "workbook": Scenario(after_history(("nevada_2026-10-05.xlsx", workbook()))),
    "Parquet": Scenario(after_history(("nevada_2026-10-05.parquet", parquet()))),
    "refused headers": Scenario(
        after_history(("nevada_2026-10-05.csv", text(range(25)).replace("Credential Number", "Licence No")))
    ),
    "manifests": Scenario(with_manifest),
    "duplicate": Scenario(after_history(("nevada_2026-10-05.csv", f"{text(range(30))}short\n"))),
    "several": Scenario(
        after_history(
            ("nevada_2026-10-05.csv", text(range(25))),
            ("nevada_2026-10-06.csv", f"{HEADER}\n"),
            ("nevada_2026-10-07.csv", text(range(25), "DEF")),
        )
    ),
    "decision": Scenario(lambda paths: history(paths), decided, decided_again),
    "compaction": Scenario(much_delivered, compacted),
    "withdraw": Scenario(history, taken_back, taken_back_again),
    "release": Scenario(refused, let_in, let_in_again),
    "prune": Scenario(old_archive, pruned, pruned_again),
    "publish": Scenario(built, published, more=copy_is_whole),
    "repair of a lost ledger": Scenario(harmed(lose_ledger), repair, repair_again),
    "repair of a damaged ledger": Scenario(harmed(cut_ledger), repair, repair_again),
    "repair of rows": Scenario(harmed(lose_rows), repair, repair_again),
}


def fates(paths: DataPaths) -> dict[str, str]:
    """Return of every delivery, by its SHA-256, what became of it, as the files themselves tell; no reader of ours."""
    found: dict[str, list[str]] = {}

    def note(identity: str, what: str) -> None:
        found.setdefault(identity, []).append(what)

    entries = parts(paths, "file_ledger")
    loose = {part.name for part in entries if part.parent.name != COMPACTED_FILE.parent.name}
    for part in entries:
        for row in pq.ParquetFile(part).read().to_pylist():
            # A compacted row does not count where the file that it came from is still there.
            if row["status"] in (LOADED, WITHDRAWN) and row.get("entry") not in loose:
                note(row["file_id"], f"{row['status']} {row['rows_loaded']} and {row['rows_rejected']}")
    for table in (*contracts(), "rejected_row"):
        for part in parts(paths, table):
            rows = pq.ParquetFile(part).read(["file_id"])["file_id"]
            if set(rows.to_pylist()) != {part.stem}:
                note(part.stem, "rows of another")
            note(part.stem, f"{'rejected' if table == 'rejected_row' else 'rows'} {len(rows)}")
    for path in paths.archive.glob("*/*.zst"):
        with pa.CompressedInputStream(str(path), "zstd") as packed:
            is_whole = hashlib.sha256(packed.read()).hexdigest() == path.stem
        note(path.stem, "archived" if is_whole else "damaged")
    for folder, what in ((paths.landing, "in landing"), (paths.quarantine, "quarantined")):
        for path in folder.glob("*/*"):
            if path.name.startswith(".") or path.name.endswith((".manifest.json", ".reason.txt")):
                continue
            note(hashlib.sha256(path.read_bytes()).hexdigest(), what)
            if what == "quarantined" and not path.with_name(f"{path.name}.reason.txt").read_text().strip():
                note(hashlib.sha256(path.read_bytes()).hexdigest(), "without reason")
    return {identity: "; ".join(sorted(what)) for identity, what in found.items()}


def is_consistent(fate: str) -> bool:
    """Whether a delivery is loaded, withdrawn or in quarantine, once, and as many rows lie there as the ledger says."""
    # It may have been archived before the process was killed.
    if fate.removeprefix("archived; ") == "quarantined":
        return True
    found = re.fullmatch(r"(archived; )?loaded (\d+) and (\d+)(?:; rejected (\d+))?(?:; rows (\d+))?", fate)
    if found:
        return (found[2], found[3]) == (found[5], found[4] or "0")
    return re.fullmatch(r"archived; withdrawn \d+ and \d+", fate) is not None


def left_over(paths: DataPaths) -> list[str]:
    """Return hidden files that no later run would remove.

    Not the copy of a compacted ledger, nor the mark of a load that was begun before its delivery went to quarantine:
    it says why the archive holds the delivery.
    """
    refused = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths.quarantine.glob("*/*")}
    kept = {COMPACTED_COPY.name, *(f".{identity}{BEGUN}" for identity in refused)}
    hidden = [path for folder in (paths.bronze, paths.archive, paths.published.parent) for path in folder.rglob(".*")]
    return [f"{path.relative_to(paths.root)} is left" for path in hidden if path.name not in kept]


def share_database() -> None:
    """Let connections to no file share one database, forked processes too: making one takes longer than using it.

    With one thread DuckDB starts none of its own, so that a fork leaves nothing behind.
    """
    real_connect, threads = duckdb.connect, len([*Path("/proc/self/task").iterdir()])
    shared = duckdb.connect(config={"threads": 1})

    def connect(database: str = ":memory:", **more: Any) -> duckdb.DuckDBPyConnection:
        return shared.cursor() if database == ":memory:" else real_connect(database, **more)

    duckdb.connect = connect  # type: ignore[assignment]
    assert len([*Path("/proc/self/task").iterdir()]) == threads, "a process whose database has threads cannot be forked"


def forked(work: Callable[[], object], answer: Path) -> tuple[int, Any]:
    """Do work in a process of its own; return its exit code, negative for a signal, and what the work returned."""
    process = os.fork()
    if not process:
        code = 0
        # One that hangs ends by a signal, which no scenario expects.
        signal.alarm(LONGEST_SECONDS)
        try:
            result = work()
        except BaseException as error:
            code, result = 1, [type(error).__name__, str(error), traceback.format_exc()]
            if isinstance(error, (LeadsError, OSError)):
                code = SENTENCE
        descriptor = os.open(answer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(descriptor, json.dumps(result, default=str).encode())
        os._exit(code)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    content = answer.read_text() if answer.exists() else "null"
    answer.unlink(missing_ok=True)
    return code, json.loads(content or "null")


class Bench:
    """Runs the scenarios in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._case = folder, folder / "case"
        self._answer, self._what = folder / "answer", folder / "met"
        self.operations: dict[str, list[tuple[str, str]]] = {}
        self.again: dict[str, int] = {}
        self._ends: dict[str, dict[str, str]] = {}

    def _template(self, name: str) -> Path:
        return self._folder / "templates" / re.sub(r"\W+", "_", name)

    def _copy(self, name: str) -> DataPaths:
        shutil.rmtree(self._case, ignore_errors=True)
        shutil.copytree(self._template(name), self._case, symlinks=True)
        return DataPaths(self._case / "data")

    def _met(self, work: Callable[[DataPaths], object], paths: DataPaths, fault: Fault | None, log: Path | None) -> Any:
        """Do work with a fault; return its exit code, what it told, and the operation that was met, with its path."""

        def run() -> None:
            tempfile.tempdir = str(self._case / "tmp")
            Injector(self._case, fault, self._what, log).install()
            work(paths)

        self._what.unlink(missing_ok=True)
        code, told = forked(run, self._answer)
        met = self._what.read_text().strip().partition("\t") if self._what.exists() else ("", "", "")
        return code, told, (met[0], met[2])

    def _judge(self, scenario: Scenario, paths: DataPaths) -> tuple[int, Any]:
        """Return what is wrong, and what became of each delivery."""

        def judge() -> object:
            tempfile.tempdir = str(self._case / "tmp")
            (scenario.again or scenario.command)(paths)
            wrong = [item.difference.what for item in examine(paths)]
            wrong += left_over(paths) + scenario.more(paths)
            return wrong, fates(paths)

        return forked(judge, self._answer)

    def prepare(self, name: str) -> list[str]:
        """Make what lies there before, count the operations, and return what is wrong without any fault."""
        scenario, template = SCENARIOS[name], self._template(name)

        def before() -> None:
            paths = DataPaths(template / "data")
            for folder in (paths.landing, paths.archive, paths.bronze, paths.quarantine, paths.warehouse.parent):
                folder.mkdir(parents=True, exist_ok=True)
            (template / "tmp").mkdir()
            # Made where the case will lie: tables of a warehouse name their files.
            shutil.rmtree(self._case, ignore_errors=True)
            template.rename(self._case)
            scenario.before(DataPaths(self._case / "data"))
            self._case.rename(template)

        code, told = forked(before, self._answer)
        if code:
            return [f"{name}, before: {told}"]
        log, paths = self._folder / "operations", self._copy(name)
        for work, target in ((scenario.command, self.operations), (scenario.again or scenario.command, self.again)):
            log.unlink(missing_ok=True)
            code, told, _ = self._met(work, paths, None, log)
            if code:
                return [f"{name}, without a fault: {told}"]
            lines = [tuple(line.split("\t", 1)) for line in log.read_text().splitlines()]
            target[name] = lines if target is self.operations else len(lines)  # type: ignore[assignment, call-overload]
        code, told = self._judge(scenario, paths)
        if code or told[0]:
            return [f"{name}, without a fault: {told}"]
        self._ends[name] = told[1]
        return [f"{name}, without a fault: {fate}" for fate in told[1].values() if not is_consistent(fate)]

    def faults(self, rng: random.Random) -> Iterator[tuple[str, tuple[Fault, ...]]]:
        """Return all single faults, those first that meet each change of a file once; then such with a second one."""
        ranked: list[tuple[int, int, str, Fault]] = []
        for name, operations in self.operations.items():
            seen: set[tuple[str, str]] = set()
            for number, (operation, path) in enumerate(operations, start=1):
                kinds = MET_BY[operation]
                is_first, is_change = (operation, path) not in seen, len(kinds) > 2
                seen.add((operation, path))
                for turn in range(len(kinds)):
                    # Changes by each kind, then each file that is read, then the rest.
                    rank = turn if is_change else 1 if is_first and not turn else 2 + turn
                    ranked.append((rank, len(ranked), name, Fault(number, kinds[(turn + number) % len(kinds)])))
        ranked.sort(key=lambda item: item[:2])
        for rank, _, name, first in ranked:
            # Once each change was met, the command that takes up is met too, somewhere, at the cost of one more run.
            second = Fault(rng.randrange(self.again[name] * 3 // 2) + 1, rng.choice([KILL, *NUMBERS]))
            yield name, (first,) if rank == 0 else (first, second)
        while True:
            name = rng.choice([*self.operations])
            number = rng.randrange(len(self.operations[name])) + 1
            first = Fault(number, rng.choice(MET_BY[self.operations[name][number - 1][0]]))
            yield name, (first, Fault(rng.randrange(self.again[name] * 3 // 2) + 1, rng.choice([KILL, *NUMBERS])))

    def inject(self, name: str, faults: tuple[Fault, ...]) -> tuple[list[str], list[str]]:
        """Inject faults, one for each run of the command; return what is wrong afterwards, and by what it was met."""
        scenario, paths = SCENARIOS[name], self._copy(name)
        wrong: list[str] = []
        may_refuse, at, met = False, list[str](), list[str]()
        for work, fault in zip((scenario.command, scenario.again or scenario.command), faults, strict=False):
            code, told, (operation, path) = self._met(work, paths, fault, None)
            if code not in (0, SENTENCE, -signal.SIGKILL):
                wrong.append(f"no sentence: {told}")
            # A fault in reading the delivered file itself may put it into quarantine, as does a reader that dies of it.
            is_of_the_file = "/landing/" in path or ".source" in path
            may_refuse |= is_of_the_file and operation in ("open to read", "read", "read by DuckDB")
            may_refuse |= path.endswith("in the reader") and fault.by == KILL
            if operation:
                met.append(fault.by)
                at.append(f"{fault.by} at {fault.number} ({operation} {path})")
        code, told = self._judge(scenario, paths)
        if code:
            wrong.append(f"it cannot be taken up: {told}")
        else:
            wrong += told[0] + self._compare(told[1], self._ends[name], may_refuse)
        return [f"{name}, {' and '.join(at)}: {problem}" for problem in wrong], met

    @staticmethod
    def _compare(now: dict[str, str], then: dict[str, str], may_refuse: bool) -> list[str]:
        if may_refuse:
            # Of two deliveries of the same bytes one may be loaded and the other one refused.
            now = {key: fate.replace("; quarantined", "") if "loaded" in fate else fate for key, fate in now.items()}
        wrong = [f"{identity[:8]} is {fate}" for identity, fate in now.items() if not is_consistent(fate)]
        for identity in sorted({*now, *then}):
            fate, expected = now.get(identity, "lost"), then.get(identity, "nothing")
            if fate != expected and not (may_refuse and fate.removeprefix("archived; ") == "quarantined"):
                wrong.append(f"{identity[:8]} is {fate}, not {expected}")
        return wrong


def main() -> int:
    """Inject faults, and print what was injected and what is wrong as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument("--list", action="store_true")
    words = parser.parse_args()
    os.environ["LEADS_STILL_SECONDS"] = "0"
    # The reader is forked here, and what this process holds counts as its own.
    os.environ["LEADS_READER_BYTES"] = "8000000000"
    contracts()
    share_database()
    gc.disable()
    gc.freeze()
    bench, wrong, met = Bench(words.folder), [], Counter[str]()
    for name in words.only or SCENARIOS:
        wrong += bench.prepare(name)
    if words.list:
        for name, operations in bench.operations.items():
            print(name, len(operations), bench.again[name])
            for at, (operation, path) in enumerate(operations, start=1):
                print("  ", at, operation, path)
    singles = sum(len(MET_BY[operation]) for each in bench.operations.values() for operation, _ in each)
    for name, faults in bench.faults(random.Random(20261126)) if not wrong else ():
        if met.total() >= words.faults:
            break
        problems, by = bench.inject(name, faults)
        met.update(by)
        wrong += problems
    print(
        json.dumps(
            {
                "injected": met.total(),
                "singles": singles,
                "met": met,
                "operations": {key: len(value) for key, value in bench.operations.items()},
                "wrong": wrong,
            }
        )
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
