"""The dictionary: what it takes from the project, what it inherits, and that readers of dbt's files can read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT
from lead_enrichment.dictionary.build import _inheriting, read_glossary, split_description
from lead_enrichment.dictionary.dbt_artifacts import catalog, manifest, unique_ids
from lead_enrichment.dictionary.entries import (
    ColumnEntry,
    Dictionary,
    ModelEntry,
    reachable,
    read_dictionary,
    to_json,
)
from lead_enrichment.dictionary.keep import current_dictionary, dictionary_file, kept_dictionary, project_version
from lead_enrichment.dictionary.layout import draw
from lead_enrichment.dictionary.profile import example_answer, model_facts, row_counts
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths

WRITTEN_AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
# Tools that read a project of dbt, in an environment of their own: they want other versions of what this one needs.
READERS = ("docglow==0.9.2", "dbt-colibri==0.2.8", "dbt-artifacts-parser==0.15.0")


@pytest.fixture(scope="module")
def copy(planned_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy of the planned demo."""
    with duckdb.connect(str(DataPaths(planned_demo).published), read_only=True) as connection:
        yield connection


def entry(name: str, *columns: ColumnEntry, **given: object) -> ModelEntry:
    """Return a model that has nothing but its name and columns."""
    empty = dict.fromkeys(("kind", "owner", "description", "grain", "example", "cron", "file", "code", "query"), "")
    lists: dict[str, object] = dict.fromkeys(("key", "tags", "parents", "audits"), ())
    return ModelEntry(**{"name": name, **empty, **lists, "columns": columns, **given})  # type: ignore[arg-type]


def test_every_model_and_column_says_what_it_is(dictionary: Dictionary) -> None:
    assert {"bronze", "seeds", "staging", "intermediate", "dims", "facts", "quality", "ops"} <= {
        model.layer for model in dictionary.models
    }
    assert [model.name for model in dictionary.models if not (model.description and model.grain and model.owner)] == []
    assert [f"{m.name}.{c.name}" for m in dictionary.models for c in m.columns if not c.description] == []


def test_a_delivered_column_says_what_its_contract_says(dictionary: Dictionary) -> None:
    found = dictionary.column("bronze.texas.operation")
    assert found is not None and found[1].description


def test_a_column_leads_to_what_it_is_made_from_and_to_what_is_made_from_it(dictionary: Dictionary) -> None:
    assert dictionary.column_origins("facts.fact_enriched_lead.reason") == ("facts.fact_lead_match.reason",)
    assert "facts.fact_enriched_lead.reason" in dictionary.column_readers["facts.fact_lead_match.reason"]
    above = reachable("facts.fact_enriched_lead.phone_e164", dictionary.column_origins)
    assert {"bronze.texas.phone", "bronze.salesforce.phone"} <= {*above}


def test_a_column_that_is_passed_through_says_so_and_one_that_is_made_does_not(dictionary: Dictionary) -> None:
    facts = dictionary.by_name["facts.fact_enriched_lead"]
    passed, made = facts.column("confidence"), facts.column("has_duplicates")
    assert passed and passed.copy_of == "facts.fact_lead_match.confidence"
    assert passed.origin_description.startswith("How sure the status is")
    assert made and made.copy_of == "" and made.origins == ("facts.fact_lead_match.duplicate_count",)


def test_a_column_without_a_description_inherits_that_of_the_column_it_is_made_from() -> None:
    first = entry("a.first", ColumnEntry("phone", "TEXT", "Phone as delivered"))
    second = entry("a.second", ColumnEntry("phone", "TEXT", "", copy_of="a.first.phone", origins=("a.first.phone",)))
    second = _inheriting(second, {"a.first": first})
    made = ColumnEntry("digits", "TEXT", "", origins=("a.second.phone",))
    joined = ColumnEntry("all", "TEXT", "", origins=("a.second.phone", "a.first.phone"))
    third = _inheriting(entry("a.third", made, joined), {"a.first": first, "a.second": second})
    assert [column.description for column in third.columns] == ["Phone as delivered", ""]
    # Marked with where it stands, however far up that is.
    assert third.columns[0].described_by == second.columns[0].described_by == "a.first.phone"


def test_an_example_is_taken_out_of_a_description() -> None:
    text = "What to do. For sales. Example query: SELECT COUNT(*) FROM a.b WHERE c = '1.5'. One row per lead."
    assert split_description(text) == (
        "What to do. For sales.", "SELECT COUNT(*) FROM a.b WHERE c = '1.5'", "One row per lead.",
    )  # fmt: skip
    assert split_description("What it is. One row per lead and day.") == (
        "What it is.",
        "",
        "One row per lead and day.",
    )


def test_every_term_of_the_glossary_leads_to_something_that_is_there(dictionary: Dictionary) -> None:
    assert {"net-new", "duplicate", "golden record", "delivery", "stale"} <= {term.name for term in dictionary.terms}
    # What another branch of work adds is named by the term already.
    coming = ("marts.", "/")
    missing = [
        (term.name, see)
        for term in dictionary.terms
        for see in term.see
        if not see.startswith(coming) and see not in dictionary.by_name and dictionary.column(see) is None
    ]
    assert missing == []


def test_a_glossary_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "glossary.yaml"
    file.write_text("net-new:\n  also: [new]\n")
    with pytest.raises(UsageError, match=r"glossary cannot be read .*meaning"):
        read_glossary(file)
    assert read_glossary(tmp_path / "none.yaml") == ()


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("net-new", "facts.fact_lead_match.is_net_new"),
        ("is_net_new", "facts.fact_lead_match.is_net_new"),
        ("golden record", "facts.fact_enriched_lead"),
        ("file load", "facts.fact_file_load"),
    ],
)
def test_search_finds_by_name_and_by_meaning(dictionary: Dictionary, words: str, first: str) -> None:
    models, columns, _ = dictionary.search(words)
    assert first in [*(model.name for model in models[:3]), *(f"{m.name}.{c.name}" for m, c in columns[:5])]
    assert dictionary.search("xyzzy") == dictionary.search("  ") == ([], [], [])


def test_the_file_holds_all_and_is_written_again_only_where_the_project_changed(
    dictionary: Dictionary, planned_demo: Path, tmp_path: Path
) -> None:
    paths = DataPaths(planned_demo)
    written = dictionary_file(paths).stat().st_mtime_ns
    assert current_dictionary(paths, ROOT) == dictionary == kept_dictionary(paths)
    assert dictionary_file(paths).stat().st_mtime_ns == written
    assert project_version(ROOT) == dictionary.version
    (tmp_path / "config.yaml").write_text("project: other")
    before = project_version(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.sql").write_text("SELECT 1")
    assert project_version(tmp_path) != before != dictionary.version


def test_a_file_of_another_version_is_none(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path)
    dictionary_file(paths).parent.mkdir()
    assert kept_dictionary(paths) is None
    dictionary_file(paths).write_text(to_json(Dictionary("v", (), ())).replace("models", "tables"))
    assert kept_dictionary(paths) is None
    with pytest.raises(ValueError, match="no dictionary of this version"):
        read_dictionary(dictionary_file(paths))


def test_the_profile_is_that_of_the_published_copy(dictionary: Dictionary, copy: duckdb.DuckDBPyConnection) -> None:
    model = dictionary.by_name["facts.fact_lead_match"]
    facts = model_facts(copy, model)
    assert facts is not None and not facts.is_sample
    rows, empty = copy.execute(
        "SELECT COUNT(*), COUNT(*) - COUNT(nearest_lead_key) FROM facts.fact_lead_match"
    ).fetchall()[0]
    assert facts.rows == rows > 0
    filled = facts.columns["nearest_lead_key"].filled
    assert filled is not None and round((1 - filled) * rows) == empty > 0
    assert facts.columns["match_status"].distinct == 5
    assert row_counts(copy, [model]) == {model.name: rows}
    assert model_facts(copy, entry("facts.not_built", ColumnEntry("a", "TEXT", ""))) is None
    delivered = model_facts(copy, dictionary.by_name["bronze.texas"])
    assert delivered is not None and delivered.columns["operation"].filled == 1


def test_an_example_is_executed_on_the_published_copy(dictionary: Dictionary, copy: duckdb.DuckDBPyConnection) -> None:
    shown = "SELECT match_status, COUNT(*) AS leads FROM facts.fact_lead_match GROUP BY ALL ORDER BY match_status"
    model = replace(dictionary.by_name["facts.fact_lead_match"], example=shown)
    answer = example_answer(copy, model)
    assert answer is not None and answer.headings == ("match_status", "leads")
    assert answer.rows == tuple(copy.execute(f"{shown} LIMIT 5").fetchall())


def test_lineage_is_drawn_from_left_to_right_without_overlap(dictionary: Dictionary) -> None:
    edges = [(parent, model.name) for model in dictionary.models for parent in model.parents]
    drawing = draw({model.name: len(model.name) for model in dictionary.models}, edges)
    boxes = {box.name: box for box in drawing.boxes}
    assert {*boxes} == {*dictionary.by_name}
    assert {(line.start, line.end) for line in drawing.lines} == {*edges}
    assert all(boxes[start].x + boxes[start].width < boxes[end].x for start, end in edges)
    for one in drawing.boxes:
        assert one.x >= 0 and one.x + one.width <= drawing.width and 0 <= one.y <= drawing.height - one.height
        for other in drawing.boxes:
            if one is not other and one.x == other.x:
                assert one.y + one.height <= other.y + 1e-6 or other.y + other.height <= one.y + 1e-6


@pytest.fixture(scope="module")
def readers(common_folder: Path) -> Path:
    """The programs of a virtual environment that holds the readers of dbt's files."""
    folder = common_folder / "dbt_readers"
    if not folder.exists():
        # By pip and not by uv, which some mirrors are not configured for; the Makefile falls back to it, too.
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", *READERS], check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def target(dictionary: Dictionary, copy: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files as dbt writes them."""
    folder = tmp_path_factory.mktemp("dbt") / "target"
    folder.mkdir()
    rows = row_counts(copy, dictionary.models)
    (folder / "manifest.json").write_text(json.dumps(manifest(dictionary, WRITTEN_AT)))
    (folder / "catalog.json").write_text(json.dumps(catalog(dictionary, rows, WRITTEN_AT)))
    return folder


def read_with(readers: Path, folder: Path, *words: str) -> str:
    """Run a reader in a folder, cut off from this project's packages, and return what it printed."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "DOCGLOW_NO_TELEMETRY": "1", "DO_NOT_TRACK": "1",
    }  # fmt: skip
    done = subprocess.run(
        [str(readers / words[0]), *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_files_are_of_the_form_that_dbt_publishes(readers: Path, target: Path) -> None:
    code = (
        "import json\n"
        "from dbt_artifacts_parser.parser import parse_catalog_v1, parse_manifest_v12\n"
        "found = parse_manifest_v12(json.load(open('target/manifest.json')))\n"
        "tables = parse_catalog_v1(json.load(open('target/catalog.json')))\n"
        "print(len(found.nodes), len(found.sources), len(tables.nodes))"
    )
    nodes, sources, tables = map(int, read_with(readers, target.parent, "python", "-c", code).split())
    assert nodes > tables > 70 and sources > 5


def test_docglow_reads_the_project(readers: Path, target: Path, dictionary: Dictionary) -> None:
    # Its own column lineage takes many minutes of the staging models' SQL; colibri's shows that.
    read_with(
        readers, target.parent, "docglow", "generate", "--output-dir", "docglow", "--skip-column-lineage", "--slim"
    )
    made = json.loads((target.parent / "docglow" / "docglow-data.json").read_text())
    assert (target.parent / "docglow" / "index.html").exists()
    shown = made["models"]["model.lead_enrichment.fact_lead_match"]
    described = {column["name"]: column["description"] for column in shown["columns"]}
    model = dictionary.by_name["facts.fact_lead_match"]
    assert described == {column.name: column.description for column in model.columns}
    assert len(made["sources"]) == sum(model.layer == "bronze" for model in dictionary.models)


def test_colibri_reads_the_project_and_finds_the_same_lineage(
    readers: Path, target: Path, dictionary: Dictionary
) -> None:
    read_with(readers, target.parent, "colibri", "generate", "--output-dir", "colibri")
    made = json.loads((target.parent / "colibri" / "colibri-manifest.json").read_text())
    assert (target.parent / "colibri" / "index.html").stat().st_size > 1_000_000
    names = {key: name for name, key in unique_ids(dictionary).items()}
    edges = made["lineage"]["edges"]
    found = {
        f"{names[edge['source']]}.{edge['sourceColumn']}"
        for edge in edges
        if names.get(edge["target"]) == "facts.fact_enriched_lead" and edge["targetColumn"] == "reason"
    }
    assert found == {*dictionary.column_origins("facts.fact_enriched_lead.reason")}
