"""An environment is read under production's names, and what it does not change is production's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from helpers import call, query
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import environment, production, rows


@pytest.fixture
def planned(paths: DataPaths) -> DataPaths:
    with connect(str(paths.warehouse)) as connection:
        for schema in ("facts", "facts__dev", "dims", "facts__other_one"):
            connection.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t AS SELECT '{schema}' AS name")
        connection.execute("CREATE TABLE facts.only AS SELECT 1 AS one")
    return paths


@pytest.mark.parametrize(
    ("name", "names"),
    [(None, ("facts", "dims")), ("prod", ("facts", "dims")), ("dev", ("facts__dev", "dims")),
     ("other_one", ("facts__other_one", "dims"))],
)  # fmt: skip
def test_an_environment_shows_its_own_tables_in_place_of_productions(
    planned: DataPaths, name: str | None, names: tuple[str, str]
) -> None:
    with environment(planned, name) as connection:
        assert connection.execute("SELECT f.name, d.name FROM facts.t AS f, dims.t AS d").fetchall() == [names]
        assert connection.execute("SELECT one FROM facts.only").fetchall() == [(1,)]


def test_an_unknown_environment_is_refused_with_those_that_are_there(planned: DataPaths) -> None:
    with (
        pytest.raises(UsageError, match=r"there is no environment nowhere\. There is dev, other_one\."),
        environment(planned, "nowhere"),
    ):
        pass


def test_a_column_that_production_does_not_have_yet_is_told_in_a_sentence(planned: DataPaths) -> None:
    with production(planned) as connection:
        (row,) = rows(connection, "SELECT * FROM facts.t")
    assert (row["name"], row.get("age"), "age" in row) == ("facts", None, False)
    with pytest.raises(UsageError, match=r"^production lacks the column age: .*\. Run: sqlmesh plan$"):
        row["age"]


@pytest.mark.parametrize(
    ("words", "table", "column"),
    [
        (("match", "explain", "LEAD"), "fact_lead_match", "has_duplicates"),
        (("match", "explain", "LEAD", "NEAREST"), "fact_match_pair", "match_probability"),
        (("match", "explain", "LEAD", "NEAREST"), "fact_match_pair", "blocking_keys"),
        (("match", "review"), "fact_match_pair", "name_left"),
        (("lead", "LEAD"), "fact_enriched_lead", "star_level"),
        (("summary",), "fact_lead_match", "match_status"),
    ],
)
def test_a_copy_published_before_the_models_changed_is_told_in_a_sentence(
    words: tuple[str, ...], table: str, column: str, planned_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(planned_demo / "published", data / "published")
    monkeypatch.setenv("LEADS_DATA_DIR", str(data))
    ((lead, nearest),) = query(
        planned_demo,
        "SELECT left_lead_key, right_lead_key FROM facts.fact_match_pair WHERE verdict = 'match' ORDER BY ALL LIMIT 1",
    )
    with connect(str(DataPaths(data).published)) as connection:
        connection.execute(
            f"CREATE TABLE facts.older AS SELECT * EXCLUDE ({column}) FROM facts.{table}; DROP VIEW facts.{table}; "
            f"ALTER TABLE facts.older RENAME TO {table}; DROP SCHEMA lookups CASCADE"
        )
    named = [{"LEAD": str(lead), "NEAREST": str(nearest)}.get(word, word) for word in words]
    technical = ["--technical"] if column == "blocking_keys" else []
    said = call(*named, *technical, expect=2)
    assert re.search(r"production (lacks the column|has not been planned yet, or lacks).* Run: sqlmesh plan", said)
