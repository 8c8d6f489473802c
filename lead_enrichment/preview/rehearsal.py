"""Rehearsals: what production would become if a doubtful file were let in, tried in an isolated copy of it.

A SQLMesh environment would not do: where the models are unchanged it shares production's tables and writes into them.
So the whole data directory is copied: the warehouse, which holds SQLMesh's state too, as a file; bronze, whose files
are never changed, as hard links. Nothing that production reads names the copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from dotenv import dotenv_values

from lead_enrichment.contracts import contracts, contracts_dir
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.ingest.completeness import Statement, manifest_path, write_manifest
from lead_enrichment.ingest.delivery import file_id
from lead_enrichment.ingest.ledger import (
    ACCEPTED,
    DUPLICATE,
    LOADED,
    PROPOSED,
    QUARANTINED,
    REJECTED,
    Ledger,
    proposal_id_of,
)
from lead_enrichment.ingest.quarantine import add_aliases, delivered_name
from lead_enrichment.lead_shape import UNTRACKED_COLUMNS
from lead_enrichment.lock import hold_files, only_writer
from lead_enrichment.paths import DataPaths, whole, write_text_whole
from lead_enrichment.preview.difference import Difference, compare, keep_state
from lead_enrichment.users import user_name
from lead_enrichment.warehouse.connection import connect

# The files that production's models hold: of leads, of what people decide, do and say, and of what became of changes
# for other systems.
MODELLED = (
    "SELECT file_id FROM intermediate.int_lead_delivered",
    "SELECT file_id FROM staging.stg_match_decision",
    "SELECT file_id FROM staging.stg_incident_event",
    "SELECT file_id FROM staging.stg_acknowledgement",
    "SELECT file_id FROM staging.stg_feedback",
)
# Written last: a folder without it was left by a rehearsal that was killed.
FINISHED, PAGE = "rehearsal.json", "report.html"
ID_LENGTH = 12


@dataclass(frozen=True)
class Plan:
    """What is rehearsed: a file, its source, and headers by the columns that they mean.

    `release` is why the file is right although it breaks a limit of its contract; None without such a reason.
    """

    rehearsal_id: str
    file: Path
    source_key: str
    file_name: str
    aliases: dict[str, str]
    release: str | None = None


@dataclass(frozen=True)
class Report:
    """What a rehearsal found."""

    plan: Plan
    folder: Path
    rows_loaded: int
    rows_rejected: int
    notices: tuple[str, ...]
    seconds: float
    difference: Difference

    def document(self) -> dict[str, Any]:
        """Return the report as JSON may hold it."""
        plan = {**asdict(self.plan), "file": str(self.plan.file)}
        return {"status": "rehearsed", **asdict(self), "plan": plan, "folder": str(self.folder)}


def rehearsals(paths: DataPaths) -> Path:
    """Return the folder of all rehearsals; production reads nothing in it."""
    return paths.root / "rehearsal"


@contextmanager
def only_rehearsal(paths: DataPaths) -> Iterator[int]:
    """Hold the lock of the rehearsals, and remove what a killed one left.

    The lock is on the data directory itself, so that it leaves no trace.

    Returns:
        The lock's file descriptor. Commands that inherit it keep the lock where their parent is killed.

    Raises:
        UsageError: Another rehearsal is at work.
    """
    lock = os.open(paths.root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                "another rehearsal is at work", str(rehearsals(paths)), "Wait until it has ended."
            ) from error
        for folder in rehearsals(paths).glob("*"):
            if not (folder / FINISHED).exists():
                remove(folder)
        yield lock
    finally:
        os.close(lock)


def plan_rehearsal(file: Path, source_key: str | None, aliases: dict[str, str], release: str | None) -> Plan:
    """Find out what a file is to be rehearsed as.

    Args:
        file: The file; in quarantine its name carries a stamp, which is left out.
        source_key: Its source; by default the one that its folder is named for.
        aliases: Delivered header by the column that it means.
        release: Why it is right although it breaks a limit of its contract.

    Raises:
        UsageError: There is no such file, or its source is not known.
    """
    if not file.is_file():
        raise UsageError("there is no such file", str(file), "Name one, such as data/quarantine/texas/….csv.")
    source = source_key or file.absolute().parent.name
    if source not in contracts():
        raise UsageError(
            f"{source!r} is no source", file.name, f"Say whose file it is: --source {'|'.join(contracts())}."
        )
    return Plan(file_id(file)[:ID_LENGTH], file.absolute(), source, delivered_name(file), aliases, release)


def kept_rehearsal(paths: DataPaths, file: str) -> Plan | None:
    """Find the finished rehearsal of a file, by its path or by the rehearsal's id; None where there is none."""
    path = Path(file)
    rehearsal_id = file_id(path)[:ID_LENGTH] if path.is_file() else path.name
    finished = rehearsals(paths) / rehearsal_id / FINISHED
    if not finished.exists():
        return None
    plan = json.loads(finished.read_text(encoding="utf-8"))["plan"]
    # The file may have been moved since.
    where = path.absolute() if path.is_file() else Path(plan["file"])
    return replace(Plan(**plan), file=where)


def rehearse(paths: DataPaths, plan: Plan, lock: int, step: Callable[[str], None]) -> Report:
    """Take a file into a copy of production, run the models there, and compare.

    Where the file is refused with a proposal of what its headers mean, and none was given, the proposal is rehearsed.
    The copy stays, with the state before in Parquet files, until `discard` or `accept`. Where anything goes wrong it is
    removed.

    Args:
        paths: Production's data directory.
        plan: What to rehearse.
        lock: What `only_rehearsal` yielded.
        step: Called with the name of each step before it begins.

    Raises:
        DataError: The file was refused, or the models' audits do not hold with it.
        UsageError: Another process holds the warehouse, production is not planned, or the copy cannot be made.
    """
    began = time.monotonic()
    folder = rehearsals(paths) / plan.rehearsal_id
    copy = DataPaths(folder)
    remove(folder)
    try:
        step("Copying production")
        pending = copy_production(paths, copy)
        shutil.copytree(contracts_dir(), folder / "contracts")
        copy_state(copy, lock)
        before = keep_state(copy.warehouse, folder)
        step("Taking the file in")
        plan, outcome = _take_in(copy, plan, lock)
        step("Running the models")
        _run_models(copy, plan, lock)
        step("Comparing")
        difference = compare(before, copy.warehouse, UNTRACKED_COLUMNS)
        notices = [*(str(outcome["reason"]).split("; ") if outcome["reason"] else ())]
        if _is_stale(copy, file_id(plan.file)):
            notices.append("the file is older than the newest of its source: it is kept, and changes no current state")
        if pending:
            were, bring = ("file was", "it brings") if pending == 1 else ("files were", "they bring")
            notices.append(
                f"{pending:,} {were} loaded before and not yet in production's models: "
                f"what {bring} is shown too; make refresh brings that in first"
            )
        return Report(
            plan, folder, outcome["rows_loaded"], outcome["rows_rejected"], tuple(notices),
            round(time.monotonic() - began, 1), difference,
        )  # fmt: skip
    except OSError as error:
        remove(folder)
        raise UsageError(
            f"the copy cannot be made ({error.strerror}: {error.filename})", str(folder), "Make room or grant access."
        ) from error
    except BaseException:
        remove(folder)
        raise


def finish(report: Report, page: str) -> None:
    """Keep a rehearsal with its report and its page."""
    (report.folder / PAGE).write_text(page, encoding="utf-8")
    write_text_whole(report.folder / FINISHED, json.dumps(report.document(), indent=2))


def accept(paths: DataPaths, plan: Plan, by: str | None = None) -> Path:
    """Accept a rehearsed file: write its aliases into the contract, move it to landing, remove the copy.

    The aliases come first: a file in landing may be taken in at any moment.

    Args:
        paths: Production's data directory.
        plan: What was rehearsed.
        by: Who accepts it; the user who runs the command by default.

    Returns:
        The file in landing.

    Raises:
        UsageError: The file is gone or has changed, or another of its name lies in landing.
    """
    if not plan.file.is_file() or file_id(plan.file)[:ID_LENGTH] != plan.rehearsal_id:
        raise UsageError("the file is not the one that was rehearsed", str(plan.file), "Rehearse it again.")
    landed = paths.landing / plan.source_key / plan.file_name
    if landed.exists() and not landed.samefile(plan.file):
        raise UsageError("another file of this name lies in landing", str(landed), "Run make refresh first.")
    with only_writer(paths):
        if plan.aliases:
            add_aliases(plan.source_key, plan.aliases)
        ledger = Ledger(paths.bronze)
        proposal = ledger.proposals().get(proposal_id_of(plan.source_key, plan.rehearsal_id), [])
        if proposal and proposal[0]["status"] == PROPOSED:
            is_taken = _proposed(paths, plan) == plan.aliases
            ledger.decide_proposal(proposal, ACCEPTED if is_taken else REJECTED, by)
        landed.parent.mkdir(parents=True, exist_ok=True)
        if manifest_path(plan.file).exists():
            shutil.move(manifest_path(plan.file), manifest_path(landed))
        if plan.release:
            write_manifest(landed, Statement(None, by or user_name(), plan.release))
        # Ingest passes over hidden names, so that it never meets half a file where the move is a copy.
        with whole(landed) as unfinished:
            shutil.move(plan.file, unfinished)
        plan.file.with_name(f"{plan.file.name}.reason.txt").unlink(missing_ok=True)
    discard(paths, plan)
    return landed


def discard(paths: DataPaths, plan: Plan) -> None:
    """Remove the copy and every trace of a rehearsal."""
    remove(rehearsals(paths) / plan.rehearsal_id)


def remove(folder: Path) -> None:
    """Remove a rehearsal's folder, its mark of being finished first, and the folder of rehearsals where it is empty."""
    (folder / FINISHED).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    if folder.parent.exists() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def copy_production(production: DataPaths, copy: DataPaths) -> int:
    """Copy warehouse and bronze of a data directory; landing, archive and quarantine of the copy are its own, empty.

    Returns:
        How many loaded files production's models did not hold yet.

    Raises:
        UsageError: There is no warehouse, another process holds it, or production has not been planned.
    """
    if not production.warehouse.exists():
        raise UsageError("there is no warehouse yet", str(production.warehouse), "Run: make run")
    for folder in (copy.landing, copy.archive, copy.bronze, copy.quarantine, copy.warehouse.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        # Held for reading, nobody can write while it is copied. The file itself is copied last: closing it ends the
        # process's lock.
        with connect(str(production.warehouse), read_only=True):
            log = production.warehouse.with_name(f"{production.warehouse.name}.wal")
            if log.exists():
                shutil.copyfile(log, copy.warehouse.with_name(log.name))
            shutil.copyfile(production.warehouse, copy.warehouse)
    except duckdb.IOException as error:
        raise UsageError(
            "another process holds the warehouse",
            str(production.warehouse),
            "Wait for the run to end, or stop a page that applies.",
        ) from error
    # An ingest that compacts the ledger meanwhile would remove files that are listed here.
    hold_files(production)
    # The ledger first: what comes after is not in it, and the copy's ingest removes rows that its ledger does not know.
    tables = sorted((path for path in production.bronze.iterdir() if path.is_dir()), key=lambda path: path.name)
    for table in sorted(tables, key=lambda path: path.name != "file_ledger"):
        for part in table.glob("*/*.parquet"):
            if not part.name.startswith("."):
                _link(part, copy.bronze / part.relative_to(production.bronze))
    try:
        with connect(str(copy.warehouse), read_only=True) as connection:
            found = connection.execute(" UNION ".join(MODELLED)).fetchall()
    except duckdb.CatalogException as error:
        raise UsageError(
            "production has not been planned yet", str(production.warehouse), "Run: sqlmesh plan"
        ) from error
    modelled = {row[0] for row in found}
    loaded = {
        row["file_id"] for row in Ledger(copy.bronze).attempts() if row["status"] == LOADED and row["rows_loaded"]
    }
    return len(loaded - modelled)


def _link(part: Path, target: Path) -> None:
    """Put a bronze file into the copy as a hard link, or as a copy where links fail."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # The empty tables are written anew in place when a contract changes; all other files are written once.
    if part.name == "empty.parquet":
        shutil.copy2(part, target)
        return
    try:
        target.hardlink_to(part)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(part, target)


def _take_in(copy: DataPaths, plan: Plan, lock: int) -> tuple[Plan, dict[str, Any]]:
    """Take the file into the copy.

    Returns:
        The plan with the headers that were read by a proposal, and the outcome as `leads ingest --json` prints it.

    Raises:
        DataError: The file was refused, or is loaded already.
    """
    if plan.aliases:
        add_aliases(plan.source_key, plan.aliases, copy.root / "contracts")
    landed = copy.landing / plan.source_key / plan.file_name
    landed.parent.mkdir(exist_ok=True)
    if manifest_path(plan.file).exists():
        shutil.copy2(manifest_path(plan.file), manifest_path(landed))
    if plan.release:
        write_manifest(landed, Statement(None, user_name(), plan.release))
    # With its modification date, which dates a file whose name does not.
    shutil.copy2(plan.file, landed)
    done = _call("from lead_enrichment.cli import app; app()", ["ingest", "--json"], copy, lock)
    if done.returncode > 1 or not done.stdout.strip():
        raise DataError("the copy could not take the file in", str(copy.root), (done.stderr or done.stdout).strip())
    outcome: dict[str, Any] = json.loads(done.stdout)[0]
    if outcome["status"] == QUARANTINED:
        proposed = {} if plan.aliases else _proposed(copy, plan)
        if proposed:
            return _take_in(copy, replace(plan, aliases=proposed), lock)
        raise DataError(
            f"refused: {outcome['reason'].rstrip('.')}",
            "",
            "Rehearse again with --alias '<delivered header>=<column>' where a header has changed its spelling, with "
            "--release '<reason>' where it only breaks a limit.",
        )
    if outcome["status"] == DUPLICATE:
        raise DataError(outcome["reason"], outcome["file_name"], "Letting it in would change nothing.")
    return plan, outcome


def _proposed(paths: DataPaths, plan: Plan) -> dict[str, str]:
    """Return the header by column that a refusal proposes; nothing where a person must resolve some of it."""
    rows = Ledger(paths.bronze).proposals().get(proposal_id_of(plan.source_key, plan.rehearsal_id), [])
    if not all(row["column_name"] for row in rows):
        return {}
    return {row["column_name"]: row["header"] for row in rows}


def _run_models(copy: DataPaths, plan: Plan, lock: int) -> None:
    """Run every model in the copy.

    Raises:
        DataError: An audit does not hold, or a model fails.
    """
    done = _sqlmesh(["run", "--ignore-cron", "--skip-janitor"], copy, lock)
    if done.returncode:
        raise DataError(
            f"the models do not run with it ({_failure(done.stdout + done.stderr)})",
            plan.file_name,
            "Production is as it was.",
        )


def copy_state(copy: DataPaths, lock: int) -> None:
    """Put SQLMesh's state into the copy's warehouse where production keeps it in Postgres.

    Raises:
        DataError: Postgres does not answer, or its state cannot be read.
    """
    if not settings().get("LEADS_STATE_HOST"):
        return
    state = copy.root / "state.json"
    exported = _sqlmesh(["state", "export", "-o", str(state), "--no-confirm"], copy, lock, reads_production=True)
    done = (
        exported if exported.returncode else _sqlmesh(["state", "import", "-i", str(state), "--no-confirm"], copy, lock)
    )
    if done.returncode:
        printed = " ".join((done.stdout + done.stderr).split()[-40:])
        raise DataError(f"SQLMesh's state cannot be copied ({printed})", str(copy.root), "Production is as it was.")


def _failure(printed: str) -> str:
    """Return the models that failed and the audits that do not hold; where there is none, the end of the text."""
    from lead_enrichment.sqlmesh_internals import failures

    return "; ".join(failures(printed)) or " ".join(printed.split()[-40:])


def _sqlmesh(
    words: list[str], copy: DataPaths, lock: int, reads_production: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run SQLMesh on the copy; with `reads_production` on production's state, which must not be changed."""
    # An empty file in place of the project's .env, which would override LEADS_DATA_DIR and point at production.
    no_settings = copy.root / "no.env"
    no_settings.touch()
    words = ["--dotenv", str(no_settings), "--log-file-dir", str(copy.root / "logs"), *words]
    changed = {} if reads_production else {"LEADS_STATE_HOST": ""}
    return _call("from sqlmesh.cli.main import cli; cli()", words, copy, lock, changed)


def _call(
    code: str, words: list[str], copy: DataPaths, lock: int, changed: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project in the current directory on the copy, with some environment variables changed."""
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={
            **settings(),
            "LEADS_DATA_DIR": str(copy.root),
            "LEADS_CONTRACTS_DIR": str(copy.root / "contracts"),
            "SQLMESH__CACHE_DIR": str(copy.root / "cache"),
            "COLUMNS": "200",
            "NO_COLOR": "1",
            **(changed or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        pass_fds=(lock,),
    )


def settings() -> dict[str, str]:
    """Return the environment variables as SQLMesh sees them: those of the .env file win."""
    settings = dotenv_values(os.environ.get("SQLMESH_DOTENV_PATH") or ".env")
    return {**os.environ, **{name: value for name, value in settings.items() if value is not None}}


def _is_stale(copy: DataPaths, identity: str) -> bool:
    """Whether a loaded file changes no current state because a newer one of its source was there."""
    with connect(str(copy.warehouse), read_only=True) as connection:
        row = connection.execute(
            "SELECT is_effective FROM intermediate.int_delivery WHERE file_id = ?", [identity]
        ).fetchone()
    return row is not None and not row[0]
