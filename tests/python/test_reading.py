"""An environment is read under production's names, and what it does not change is production's."""

from __future__ import annotations

import pytest

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import environment


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
