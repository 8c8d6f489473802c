"""SQLMesh sees a change of what macros read outside the macro folder, although it keeps models in a cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import command_environment

MODELS = {
    "shape": "SELECT @lead_columns(b) FROM bronze.texas AS b",
    "source": "SELECT s.source_name FROM (@contract_sources()) AS s",
    "rule": "SELECT r.rule, r.weight FROM (@rule_list()) AS r",
}
LOAD = """
import json
from sqlmesh import Context
models = Context(paths=".").models.values()
print(json.dumps({m.view_name: [m.data_hash, m.render_query().sql(dialect="duckdb")] for m in models}))
"""


@pytest.fixture
def small_project(project_copy: Path) -> Path:
    """A copy of the project with two models of its own, which load in a few seconds."""
    for folder in ("models", "audits", "seeds", "external_models", "tests"):
        shutil.rmtree(project_copy / folder)
    for name, query in MODELS.items():
        model = project_copy / "models" / "staging" / f"{name}.sql"
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text(f"MODEL (name staging.{name}, kind FULL);\n\n{query}\n")
    return project_copy


def load(project: Path, data: Path) -> dict[str, list[str]]:
    """Load the project in a process of its own, as each command does; return fingerprint and query of each model."""
    (data / "warehouse").mkdir(parents=True, exist_ok=True)
    words = (sys.executable, "-c", LOAD)
    environment = command_environment(data, project) | {"SQLMESH__CACHE_DIR": str(data / "cache")}
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("file", "old", "new", "changed", "same"),
    [
        ("lead_enrichment/lead_shape.py", '("capacity", "INT"', '("capacity", "BIGINT"', "shape", "source"),
        ("contracts/texas.yaml", "name: Texas", "name: Lone Star", "source", "shape"),
        ("quality/rules/sales.yaml", "weight: 8", "weight: 9", "rule", "source"),
    ],
)
def test_change_of_what_a_macro_reads_is_a_change_of_the_model(
    file: str, old: str, new: str, changed: str, same: str, small_project: Path, tmp_path: Path
) -> None:
    before = load(small_project, tmp_path / "data")
    assert load(small_project, tmp_path / "data") == before
    text = (small_project / file).read_text(encoding="utf-8")
    assert old in text
    (small_project / file).write_text(text.replace(old, new), encoding="utf-8")
    after = load(small_project, tmp_path / "data")
    assert before[changed][0] != after[changed][0] and before[changed][1] != after[changed][1]
    assert before[same] == after[same]
