"""Whatever one file does, it costs that file only: it goes to quarantine with a sentence, and the others are loaded."""

from __future__ import annotations

import errno
import gzip
import io
import os
import resource
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from conftest import ROOT, command_environment
from helpers import bronze_rows, land
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest import run as ingest_module
from lead_enrichment.ingest.ledger import LOADED, QUARANTINED, WAITING, Ledger
from lead_enrichment.ingest.quarantine import release
from lead_enrichment.ingest.run import UNREADABLE, Outcome, ingest
from lead_enrichment.paths import DataPaths

HEADER = "Operation,Operation Name,Address,City,State,Zip,Phone,Type,Status"
ROW = "{},CEDAR KIDS,1 ELM ST,AUSTIN,TX,78702,512-555-0100,Center,Full"
GOOD = f"{HEADER}\n{ROW.format(1)}\n"
GOOD_NAME = "texas_2026-10-01.csv"
BAD_NAME = "texas_2026-09-01"


def beside_a_good_one(paths: DataPaths, put: Callable[[Path], object]) -> Outcome:
    """Let something bad lie in landing beside a good file, ingest, and return what came of the bad one."""
    land(paths.root, GOOD_NAME, GOOD, "texas")
    put(paths.landing / "texas")
    outcomes = {outcome.file_name: outcome for outcome in ingest(paths)}
    assert outcomes.pop(GOOD_NAME).status == LOADED
    assert bronze_rows(paths, "texas", "operation") == [("1",)]
    assert not [left for left in paths.bronze.glob(".*") if left.is_file() or left.is_symlink()]
    # Said once: the next ingest has nothing to say.
    assert ingest(paths) == []
    (outcome,) = outcomes.values()
    return outcome


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def sheet(xml: str) -> bytes:
    """Return a workbook with a sheet of this XML."""
    book, out = Workbook(), io.BytesIO()
    book.save(out)
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item.filename, xml if item.filename == "xl/worksheets/sheet1.xml" else content)
    return changed.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
FAR_CELL = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def wide_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({f"c{at}": ["1"] for at in range(1_500)}), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("xlsx", sheet(SHEET.format(FAR_CELL)), "its reader ended within 900 MB of memory"),
        ("xlsx", sheet(SHEET.format("<row><c>" * 50_000)), "workbook"),
        ("parquet", wide_parquet(), "it has 1,500 columns; 1,000 are taken"),
        ("csv", ",".join(map(str, range(1_500))).encode() + b"\n1\n", "it has 1,500 columns; 1,000 are taken"),
        ("csv", b"x" * 11_000_000, "longer than 10,000,000 bytes"),
        ("csv", GOOD.encode() + b'"' + b"x,\n" * 300_000, ""),
    ],
    ids=["far cell", "endless sheet", "wide parquet", "wide text", "long line", "open quote"],
)
def test_poison_file_is_quarantined_with_its_sentence(paths: DataPaths, name: str, content: bytes, said: str) -> None:
    outcome = beside_a_good_one(paths, write(f"{BAD_NAME}.{name}", content))
    assert outcome.status == QUARANTINED
    assert said in (outcome.reason or "") and len(outcome.reason or "") < 2_500, outcome.reason


@pytest.mark.parametrize("kind", ["gzip", "parquet", "csv"])
def test_one_limit_of_rows_and_bytes_holds_for_every_format(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("LEADS_MOST_BYTES", "100000")
    monkeypatch.setenv("LEADS_MOST_ROWS", "500")
    text = f"{HEADER}\n" + "".join(f"{ROW.format(number)}\n" for number in range(1_000))
    columns = {name: [str(at) for at in range(1_000)] for name in HEADER.split(",")}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    contents = {"gzip": gzip.compress(text.encode() * 5), "parquet": out.getvalue(), "csv": text.encode()}
    outcome = beside_a_good_one(paths, write(f"{BAD_NAME}.{kind}", contents[kind]))
    assert outcome.status == QUARANTINED
    expected = (
        "the archive unpacks to more than 100,000 bytes" if kind == "gzip" else "it has 1,000 rows; 500 are taken"
    )
    assert expected in (outcome.reason or ""), outcome.reason


def test_small_parquet_of_many_rows_is_read_in_little_memory(tmp_path: Path) -> None:
    rows = 3_000_000
    column = pa.array(["x" * 40], pa.string()).dictionary_encode().take(pa.array([0]).take(pa.array([0])))
    constant = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int8()), column.dictionary)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({name: constant for name in "abcd"}), path)
    assert path.stat().st_size < 1_000_000
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from lead_enrichment.ingest.reader import write_as_csv\n"
        "write_as_csv('parquet', Path(sys.argv[1]), 'a', Path(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "a.csv")],
        cwd=ROOT, env=command_environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 900_000
    with (tmp_path / "a.csv").open("rb") as stream:
        assert sum(1 for _ in stream) == rows + 1


def test_reader_that_hangs_is_ended(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_READER_SECONDS", "1")
    monkeypatch.setattr(sys, "executable", "/bin/sleep")
    real_run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda words, **options: real_run(["/bin/sleep", "60"], **options))
    outcome = beside_a_good_one(paths, write(f"{BAD_NAME}.xlsx", sheet(SHEET.format(""))))
    assert "reading the workbook takes longer than 1 seconds" in (outcome.reason or "")


@pytest.mark.parametrize(
    "manifest",
    [
        b'{"rows": 1' + b"0" * 24 + b"}",
        b'{"rows": 1' + b"0" * 5_000 + b"}",
        b"[" * 60_000,
        b'{"rows": ' + b" " * 100_000 + b"1}",
        b'{"rows": true}',
        b"\xff\xfe",
        b"[]",
        b'{"rows": 1e400}',
    ],
    ids=["10^24", "10^5000", "deep", "long", "true", "no UTF-8", "list", "infinite"],
)
def test_absurd_manifest_costs_its_file_only(paths: DataPaths, manifest: bytes) -> None:
    def put(folder: Path) -> None:
        (folder / f"{BAD_NAME}.csv").write_text(f"{HEADER}\n{ROW.format(2)}\n")
        (folder / f"{BAD_NAME}.csv.manifest.json").write_bytes(manifest)

    outcome = beside_a_good_one(paths, put)
    assert outcome.status == QUARANTINED
    is_long = len(manifest) > 65_536
    assert f"the manifest {'has more than 65,536 bytes' if is_long else ''}" in (outcome.reason or "")


def test_manifest_that_never_ends_is_not_read(paths: DataPaths) -> None:
    def put(folder: Path) -> None:
        (folder / f"{BAD_NAME}.csv").write_text(f"{HEADER}\n{ROW.format(2)}\n")
        (folder / f"{BAD_NAME}.csv.manifest.json").symlink_to("/dev/zero")

    assert "the manifest is no file" in (beside_a_good_one(paths, put).reason or "")


def bind(folder: Path) -> None:
    # The path of a socket may have 108 bytes at most.
    before = Path.cwd()
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{BAD_NAME}.csv")
    os.chdir(before)


@pytest.mark.parametrize(
    ("put", "said"),
    [
        (lambda folder: (folder / f"{BAD_NAME}.csv").mkdir(), "it is a folder, and no file"),
        (lambda folder: os.mkfifo(folder / f"{BAD_NAME}.csv"), "it is a pipe, and no file"),
        (bind, "it is a socket, and no file"),
        (lambda folder: (folder / f"{BAD_NAME}.csv").symlink_to("/nowhere"), "a link to /nowhere, which cannot be"),
        (lambda folder: (folder / f"{BAD_NAME}.csv").symlink_to(f"{BAD_NAME}.csv"), "which cannot be reached"),
        (lambda folder: (folder / f"{BAD_NAME}.csv").symlink_to("/dev/zero"), "it is a link to a device, and no file"),
        (lambda folder: (folder / f"{BAD_NAME}.csv").symlink_to("/tmp"), "it is a link to a folder, and no file"),
    ],
    ids=["folder", "pipe", "socket", "broken link", "circle", "device", "link to a folder"],
)
def test_what_is_no_file_is_said_once_and_put_away(paths: DataPaths, put: Callable[[Path], object], said: str) -> None:
    outcome = beside_a_good_one(paths, put)
    assert outcome.status == QUARANTINED
    assert said in (outcome.reason or "")
    assert (outcome.reason or "").rstrip().endswith(".")


def test_folder_that_cannot_be_read_is_said(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, closed = os.scandir, paths.landing / "nevada"
    closed.mkdir()

    def scandir(folder: str | Path) -> object:
        if Path(folder) == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    land(paths.root, GOOD_NAME, GOOD, "texas")
    by_status = {outcome.status: outcome for outcome in ingest(paths)}
    assert set(by_status) == {UNREADABLE, LOADED}
    assert "the folder cannot be read (Permission denied). Grant read access" in (by_status[UNREADABLE].reason or "")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), ValueError("odd"), OSError(22, "odd")])
def test_error_that_nobody_foresaw_costs_the_file_only(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    convert = ingest_module.convert

    def failing(*args: object, **more: object) -> object:
        if b"9999" in args[0].path.read_bytes():  # type: ignore[attr-defined]
            raise error
        return convert(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ingest_module, "convert", failing)
    outcome = beside_a_good_one(paths, write(f"{BAD_NAME}.csv", f"{HEADER}\n{ROW.format(9999)}\n".encode()))
    assert outcome.status == QUARANTINED
    assert f"it cannot be read ({type(error).__name__}" in (outcome.reason or "")


@pytest.mark.parametrize(("code", "number"), [(66, errno.EACCES), (66, errno.ENOSPC), (66, errno.EIO)])
def test_reader_that_cannot_write_does_not_blame_the_file(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, code: int, number: int
) -> None:
    path = land(paths.root, "texas_2026-10-01.xlsx", sheet(SHEET.format("")), "texas")
    with monkeypatch.context() as patched:
        answer = subprocess.CompletedProcess([], code, b"", f"warning\n{number}\n".encode())
        patched.setattr(subprocess, "run", lambda *words, **options: answer)
        with pytest.raises(UsageError, match=f"cannot be taken in \\({os.strerror(number)}: .*utf8"):
            ingest(paths)
    assert path.exists() and not Ledger(paths.bronze).attempts()


def test_damaged_rows_of_the_last_delivery_hold_up_their_source_only(paths: DataPaths) -> None:
    land(paths.root, GOOD_NAME, GOOD, "texas")
    ingest(paths)
    (rows,) = [path for path in paths.bronze.glob("texas/*/*.parquet") if path.stem != "empty"]
    rows.write_bytes(rows.read_bytes()[:-20])
    land(paths.root, "texas_2026-10-02.csv", f"{GOOD}{ROW.format(2)}\n", "texas")
    land(paths.root, "a_2026-10-02.csv", "a,b\n", "nevada")
    by_source = {outcome.source_key: outcome for outcome in ingest(paths)}
    assert by_source["nevada"].status == QUARANTINED
    assert by_source["texas"].status == WAITING
    assert "leads doctor --repair" in (by_source["texas"].reason or "")


def test_long_cells_and_long_rejects_stay_within_bounds(tmp_path: Path) -> None:
    # 400 MB of rows with a long cell, and as many that do not fit.
    path = tmp_path / "data" / "landing" / "texas" / GOOD_NAME
    path.parent.mkdir(parents=True)
    with path.open("w") as stream:
        stream.write(f"{HEADER}\n")
        for number in range(200):
            stream.write(f"{number},{'x' * 1_000_000},1 ELM ST,AUSTIN,TX,78702,512-555-0100,Center,Full\n")
            stream.write(f"short,{'y' * 1_000_000}\n")
    code = (
        "from pathlib import Path\n"
        "from lead_enrichment.ingest.run import ingest\n"
        "from lead_enrichment.paths import data_paths\n"
        "(outcome,) = ingest(data_paths())\n"
        "print(outcome.rows_loaded + outcome.rows_rejected or outcome.reason)\n"
        # ru_maxrss would count what the test run itself holds, which starts the command.
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=command_environment(tmp_path / "data"), capture_output=True, text=True, check=True,
    )  # fmt: skip
    _, peak = done.stdout.splitlines()
    assert int(peak) < 1_000_000, done.stdout


def test_quarantined_file_of_any_kind_can_be_let_in_again(paths: DataPaths) -> None:
    beside_a_good_one(paths, lambda folder: (folder / f"{BAD_NAME}.csv").mkdir())
    assert release(paths, f"{BAD_NAME}.csv", "looked at").is_dir()
    assert len([row for row in Ledger(paths.bronze).attempts() if row["status"] == QUARANTINED]) == 1


def test_limits_of_this_process_are_as_they_were(paths: DataPaths) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    beside_a_good_one(paths, write(f"{BAD_NAME}.parquet", b"PAR1" + bytes(20)))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
