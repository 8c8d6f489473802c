"""What several tests share: commands run as a user runs them, and a small demo, planned once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from helpers import PLAN
from lead_enrichment.dictionary.entries import Dictionary, read_dictionary
from lead_enrichment.dictionary.keep import dictionary_file
from lead_enrichment.paths import DataPaths, data_paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# SQLMesh loads models in forked processes; a fork of a test process, which DuckDB has given threads, may crash.
os.environ.setdefault("MAX_FORK_WORKERS", "1")
# Tests write whole files; those of unfinished ones set a period of their own.
os.environ.setdefault("LEADS_STILL_SECONDS", "0")

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# The command `leads` of this checkout, wherever another one is installed.
LEADS = (sys.executable, "-c", "from lead_enrichment.cli import app; app()")
# The real files; they are not part of the project.
SAMPLES = Path(os.environ.get("LEADS_SAMPLES_DIR", ROOT.parent / "shared" / "samples"))
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real sample files are not part of the project")
DEMO_FACILITIES = 300
DEMO_MONTHS = 2

# What a test takes that starts commands, each of which takes seconds.
COMMANDS = {"run", "planned_demo", "salesforce_clients"}
# The files that take longest, begun first: none is left to one worker while the other has nothing to do.
LONGEST = (
    "test_matching_by_change.py",
    "test_faults.py",
    "test_spark.py",
    "test_walk.py",
    "test_rehearse.py",
    "test_history_replay.py",
    "test_publish.py",
    "test_shared_state.py",
    "test_match_commands.py",
    "test_refresh.py",
    "test_ingest_faults.py",
    "test_scaffold.py",
    "test_value_tables.py",
    "test_ui.py",
    "test_app_pages.py",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def command_environment(data: Path, project: Path = ROOT) -> dict[str, str]:
    """Return the environment in which a command works on `data` and leaves the project's own folder as it is."""
    return {
        **os.environ,
        "LEADS_DATA_DIR": str(data),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(project),
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
        "COLUMNS": "160",
        "NO_COLOR": "1",
    }


def run_command(
    *words: str, data: Path, scratch: Path, expect: int = 0, project: Path = ROOT, answer: str = "", seconds: int = 600
) -> subprocess.CompletedProcess[str]:
    """Run `leads …` or `sqlmesh …` from the project root on a data directory.

    Args:
        words: The command and its arguments.
        data: The data directory (LEADS_DATA_DIR).
        scratch: Where logs go.
        expect: The exit code; any other fails the test and shows what was printed.
        project: The project's folder, where a test works on a changed copy of it.
        answer: What is typed at its questions.
        seconds: How long it may take.
    """
    # In the project's folder they would make an open page of `make ui` draw itself anew.
    logs = ("--log-file-dir", str(scratch / "logs"))
    if words[0] == "sqlmesh":
        words = ("sqlmesh", *logs, *words[1:])
    elif words[:2] == ("leads", "sqlmesh"):
        words = (*LEADS, "sqlmesh", *logs, *words[2:])
    elif words[0] == "leads":
        words = (*LEADS, *words[1:])
    done = subprocess.run(
        words,
        cwd=project,
        env=command_environment(data, project),
        input=answer,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == expect, f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start commands, and put the files that take longest first."""
    for item in items:
        if COMMANDS & set(getattr(item, "fixturenames", ())):
            item.add_marker("commands")
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for logs, one for each worker."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def run(scratch: Path) -> Run:
    """A command runner: `run("leads", "status", data=folder)` gives what was printed; see run_command."""
    return partial(run_command, scratch=scratch)


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def own_data_directory(tmp_path_factory: pytest.TempPathFactory, common_folder: Path) -> Iterator[None]:
    """Set a data directory for each worker, and one cache of loaded models for all.

    A test that loads the project holds its warehouse until the worker ends.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SQLMESH__CACHE_DIR", str(common_folder / "cache"))
        data = tmp_path_factory.mktemp("data")
        (data / "warehouse").mkdir()
        patch.setenv("LEADS_DATA_DIR", str(data))
        yield


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    """An empty data directory, which LEADS_DATA_DIR names while the test runs."""
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    return data_paths()


@pytest.fixture(scope="session")
def planned_demo(common_folder: Path, run: Run) -> Path:
    """The data directory of a small demo, ingested and planned into production; made once, shared, and read only.

    Open its warehouse with `duckdb.connect(path, read_only=True)`. A test that writes takes `own_demo`.
    """
    data, ready = common_folder / "planned_demo", common_folder / "planned_demo.ready"
    with FileLock(f"{data}.lock"):
        if not ready.exists():
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir()
            size = ("--facilities", str(DEMO_FACILITIES), "--months", str(DEMO_MONTHS))
            run("leads", "demo", *size, data=data)
            run("leads", "ingest", "--backfill", data=data)
            run(*PLAN, data=data)
            ready.touch()
    return data


@pytest.fixture(scope="session")
def dictionary(planned_demo: Path) -> Dictionary:
    """The dictionary of the project, beside the published copy of the planned demo; written once, and read only."""
    with FileLock(f"{planned_demo}.dictionary.lock"):
        words = [sys.executable, "-m", "lead_enrichment.dictionary.keep"]
        subprocess.run(words, cwd=ROOT, env=command_environment(planned_demo), check=True)
        return read_dictionary(dictionary_file(DataPaths(planned_demo)))


@pytest.fixture
def own_demo(planned_demo: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the planned demo for one test, which may change it."""
    data = tmp_path / "data"
    shutil.copytree(planned_demo, data)
    yield data
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def app_data(planned_demo: Path, dictionary: Dictionary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the planned demo for the web app, whose pages write into its landing; one for each worker."""
    return Path(shutil.copytree(planned_demo, tmp_path_factory.mktemp("app") / "data"))


@pytest.fixture(scope="session")
def app_address(app_data: Path) -> Iterator[str]:
    """The address of a running `leads app` over app_data; see app_pages.py."""
    from app_pages import running_app

    with running_app(app_data) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, which reaches this machine and nothing else; see app_pages.py."""
    from app_pages import running_chromium

    with running_chromium() as browser:
        yield browser


def copy_project(folder: Path) -> Path:
    """Copy the project into a folder, and return the copy's path."""
    ignored = shutil.ignore_patterns(".*", "data", "logs", "__pycache__")
    return Path(shutil.copytree(ROOT, folder / "project", ignore=ignored))


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """A copy of the project for one test, which may change it."""
    return copy_project(tmp_path)
