"""A reader who types the commands of the documents, one after the other, on one warehouse, gets what they promise."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import DEMO_FACILITIES, DEMO_MONTHS, LEADS, ROOT, Run, command_environment
from helpers import query
from test_readme import FENCE

WALKED = ("README.md", "docs/changing-a-model.md", "docs/operating.md", "docs/matching.md", "docs/adding-a-source.md")
# Commands that are not walked, by how they begin, and why.
LEFT_OUT = {
    "make run": "installs; its parts are walked",
    "make test": "is what runs this",
    "make refresh": "installs; `leads refresh` is tested in test_refresh.py",
    "make ui": "does not end; tested in test_ui.py",
    "cp ~/": "names a file of the reader's",
    "export": "settings of the reader's shell",
    "leads demo": "the demo is there already; tested in test_demo.py",
    "leads ingest": "nothing has landed; tested in test_ingest.py",
    "leads bench": "takes minutes; tested in test_bench.py",
    "leads rehearse": "names a file in quarantine; tested in test_rehearse.py",
    "leads match train": "needs Splink; tested in test_match_train.py",
    "leads match review --work": "asks; tested in test_match_commands.py",
    "sqlmesh state": "needs Postgres; tested in test_shared_state.py",
    "sqlmesh plan --restate-model": "builds all again; tested in test_history_replay.py",
    "sqlmesh plan --auto-apply": "production is planned already",
    "sqlmesh format": "changes the project's files; `make check` runs it",
}


def commands(document: str) -> list[str]:
    """Return the lines that a document tells the reader to type."""
    fences = FENCE.findall((ROOT / document).read_text())
    lines = [line.split(" #")[0].strip() for language, body in fences if language == "sh" for line in body.splitlines()]
    return [line for line in lines if line]


def is_left_out(command: str) -> bool:
    return any(command.startswith(begin) for begin in LEFT_OUT)


@pytest.fixture(scope="module")
def walked(planned_demo: Path, tmp_path_factory: pytest.TempPathFactory, run: Run) -> tuple[Path, Path]:
    """A copy of the planned demo, to which today's refresh brought the next month, and a copy of the project."""
    folder = tmp_path_factory.mktemp("walk")
    data, project = folder / "data", folder / "project"
    shutil.copytree(planned_demo, data)
    size = ("--facilities", str(DEMO_FACILITIES), "--months", str(DEMO_MONTHS + 1))
    run("leads", "demo", *size, "--as-of", "2026-12-15", "--after", "2026-11-15", data=data)
    run("leads", "refresh", data=data)
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(".*", "data", "logs", "__pycache__"))
    # The documents say data/, as it is where nothing else is set.
    (project / "data").symlink_to(data)
    return data, project


def typed(command: str, walked: tuple[Path, Path], answer: str = "\n\ny\ny\n") -> subprocess.CompletedProcess[str]:
    """Type a command in the project's folder; keys that only stand for some are those of a pair of the demo."""
    data, project = walked
    ((left, right),) = query(
        data, "SELECT left_lead_key, right_lead_key FROM facts.fact_match_pair WHERE verdict = 'match' "
        "AND left_source_key = 'salesforce' AND right_source_key = 'texas' ORDER BY ALL LIMIT 1",
    )  # fmt: skip
    line = command.replace("salesforce:00Q000000000001", left).replace("texas:1234567", right)
    line = line.replace("--to /tmp", f"--to '{data.parent}'")
    line = re.sub(r"^leads\b", " ".join(f"'{word}'" for word in LEADS), line)
    return subprocess.run(
        ["bash", "-c", line], cwd=project, env=command_environment(data, project), input=answer,
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


def test_the_change_that_the_readme_shows_has_the_effect_that_it_shows(walked: tuple[Path, Path]) -> None:
    text = (ROOT / "README.md").read_text()
    (change,) = [body for language, body in FENCE.findall(text) if language == "diff"]
    (shown,) = [body for language, body in FENCE.findall(text) if "is to review no more" in body]
    file = re.search(r"^\+\+\+ b/(\S+)", change, re.MULTILINE)
    assert file
    (before,) = re.findall(r"^-(?!--)(.*)$", change, re.MULTILINE)
    (after,) = re.findall(r"^\+(?!\+\+)(.*)$", change, re.MULTILINE)
    path = walked[1] / file[1]
    path.write_text(path.read_text().replace(before, after))
    planned = typed("sqlmesh plan dev --auto-apply --no-prompts --skip-tests", walked)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    said = typed("leads match compare dev", walked).stdout
    kinds = [line.split("│")[1].strip() for line in shown.splitlines() if line.startswith("│")]
    assert [kind for kind in kinds if kind and kind not in said] == []
    differing = typed("sqlmesh table_diff prod:dev facts.fact_lead_match", walked)
    assert differing.returncode == 0 and "PARTIAL MATCH" in differing.stdout, differing.stdout


@pytest.mark.parametrize("document", WALKED)
def test_every_command_of_a_document_works_as_written(walked: tuple[Path, Path], document: str) -> None:
    # The reader has changed something before a plan: here the words of the last weight.
    seed = walked[1] / "seeds" / "match_weight.csv"
    seed.write_text(f"{seed.read_text().rstrip()} in {Path(document).stem}\n")
    for command in commands(document):
        if is_left_out(command):
            continue
        done = typed(command, walked)
        assert done.returncode == 0, f"{document}: {command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        assert "Traceback" not in done.stderr, command


def test_what_is_left_out_is_still_in_a_document() -> None:
    lines = [line for document in WALKED for line in commands(document)]
    assert [begin for begin in LEFT_OUT if not any(line.startswith(begin) for line in lines)] == []
