"""The package's own order: what may import what, what a quick command leaves out, and that an installed wheel works."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from conftest import BIN, ROOT, command_environment

PACKAGE = ROOT / "lead_enrichment"
# From the top to the ground: a module imports from its own floor and from those below. What is not named by a longer
# prefix stands on the floor of its folder.
FLOORS = (
    ("cli",),
    ("commands",),
    ("benchmark", "app"),
    (
        "ingest", "preview", "matching", "quality", "hooks", "demo", "scaffold", "feedback", "salesforce", "dictionary",
        "feeds", "webhooks", "priority",
    ),
    ("outbox",),
    (
        "warehouse",
        "ingest.ledger",
        "ledger_files",
        "bronze",
        "contracts",
        "sqlmesh_internals",
        "submission",
        "settings_file",
        "claims",
        "app.api.resources",
    ),
    (
        "charts",
        "errors",
        "golden_record",
        "header_words",
        "lead_history",
        "lead_shape",
        "lock",
        "memory",
        "paths",
        "priority_terms",
        "spreadsheet",
        "wilson",
        "terminal",
        "training",
        "patience",
        "patterns",
        "users",
        "wording",
        "matching.verdicts",
    ),
)  # fmt: skip
# Each takes a tenth of a second to several seconds to import.
HEAVY = (
    "altair", "duckdb", "fastapi", "jinja2", "jsonschema", "numpy", "open_data_contract_standard", "pandas",
    "phonenumbers", "pyarrow", "ruamel", "scipy", "splink", "sqlglot", "sqlmesh", "uvicorn", "yaml",
)  # fmt: skip


def name_of(path: Path) -> str:
    """Return the name of a module, without that of the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__").replace("__init__", "")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path: Path) -> Iterator[str]:
    """Return the modules of the package that a module imports, in functions and for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE.name:
            module = node.module.removeprefix(PACKAGE.name).removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                yield inner if inner in MODULES else module


def floor_of(module: str) -> int:
    """Return the floor on which a module stands, 0 the top."""
    named = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    while module not in named:
        module = module.rpartition(".")[0]
        assert module, "name its floor in FLOORS"
    return named[module]


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module: {found for found in imports(path) if found} for module, path in MODULES.items() if module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", [module for module in MODULES if module])
def test_a_module_imports_from_its_own_floor_and_from_below(module: str) -> None:
    upward = {found for found in imports(MODULES[module]) if found and floor_of(found) < floor_of(module)}
    assert not upward


def test_the_package_imports_nothing_of_the_project_around_it() -> None:
    around = {"macros", "linter", "models", "tests"}
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & around, path


def test_public_classes_have_names_of_their_own() -> None:
    names = Counter(
        node.name
        for path in MODULES.values()
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, times in names.items() if times > 1]


def imported_by(words: list[str], data: Path, among: tuple[str, ...]) -> set[str]:
    """Return which packages a command of `leads` imports."""
    code = (
        "import json, sys\n"
        "from lead_enrichment.cli import app\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT, env=command_environment(data), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {*json.loads(done.stdout.splitlines()[-1])} & {*among}


@pytest.mark.parametrize("words", [["--help"], ["match", "--help"], ["contracts", "check", "--help"]])
def test_help_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    assert not imported_by(words, tmp_path / "data", HEAVY)


@pytest.mark.parametrize(
    "words", [["status"], ["ingest"], ["archive", "list"], ["contracts", "proposals"], ["summary"]]
)
def test_a_command_that_only_reads_files_does_without_sqlmesh(words: list[str], tmp_path: Path) -> None:
    assert not imported_by(words, tmp_path / "data", ("sqlmesh", "sqlglot", "scipy", "jinja2"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a wheel of the package is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wheel, target = folder / made.stdout.splitlines()[-1], folder / "installed"
    words = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "install", *words], capture_output=True, text=True, check=True)
    return target


@pytest.fixture(scope="module")
def project(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder without the package."""
    folder = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".*", "data", "logs", "__pycache__", PACKAGE.name, "tests", "docs")
    )
    return folder


@pytest.mark.parametrize(
    ("words", "printed"), [(["--help"], "Usage: leads"), (["status"], "none yet"), (["contracts", "check"], "texas")]
)
def test_an_installed_wheel_works_in_a_project_folder(
    installed: Path, project: Path, tmp_path: Path, words: list[str], printed: str
) -> None:
    # With a cache of its own: a model that another test has loaded says nothing of what the wheel can load.
    environment = command_environment(tmp_path / "data", installed) | {"SQLMESH__CACHE_DIR": str(tmp_path / "cache")}
    (tmp_path / "data").mkdir()
    where = "import lead_enrichment; print(lead_enrichment.__file__)"
    found = subprocess.run([sys.executable, "-c", where], cwd=project, env=environment, capture_output=True, text=True)
    assert found.stdout.strip() == str(installed / "lead_enrichment" / "__init__.py")
    done = subprocess.run(
        [str(installed / "bin" / "leads"), *words],
        cwd=project,
        env={**environment, "PATH": os.pathsep.join((str(BIN), os.environ["PATH"]))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed in done.stdout
