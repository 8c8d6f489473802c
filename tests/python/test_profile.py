"""What the columns of a delivery hold is shown in a terminal of 80 letters, with what moved since the one before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from conftest import Run
from helpers import query
from lead_enrichment.cli import app
from lead_enrichment.commands.quality.profile import bar, blocks
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.profile import moves


def column(missing: int = 0, median: float | None = None, length: float = 5) -> dict[str, Any]:
    return {"row_count": 100, "null_count": missing, "quantile_50": median, "length_mean": length}


def values(is_complete: bool = True, **counts: int) -> list[dict[str, Any]]:
    return [{"value": value, "row_count": rows, "is_complete": is_complete} for value, rows in counts.items()]


def test_what_stayed_or_hardly_moved_is_not_told() -> None:
    assert moves(column(10, 60), column(10, 62), values(a=90), values(a=89, b=0)) == ()


def test_missing_values_medians_and_lengths_that_moved_are_told() -> None:
    assert moves(column(15), column(10), [], []) == ("missing in 15% of rows, before 10%",)
    assert moves(column(median=6.4), column(median=64), [], []) == ("median 6.4, before 64",)
    assert moves(column(length=7), column(length=10), [], []) == ("7.0 letters on average, before 10.0",)


def test_values_that_came_and_went_are_told_where_all_are_known() -> None:
    now, before = values(a=50, b=20, c=1), values(a=50, d=9, e=8, f=7, g=6)
    assert moves(column(), column(), now, before) == ("new: b and c", "gone: d, e and f and 1 more value")
    assert moves(column(), column(), values(False, b=20), before) == ()


def test_a_histogram_shows_what_is_there_however_small() -> None:
    assert blocks([0, 1, 1000]) == "·▁█"
    assert blocks([]) == "" and blocks([0, 0]) == "··"
    assert bar(1, 4) == "████" and bar(0, 4) == "" and bar(0.001, 4) == "▏" and bar(0.5, 3) == "█▌"


def test_the_profile_of_a_source_fits_80_letters(planned_demo: Path, run: Run) -> None:
    for source in ("texas", "salesforce"):
        words = ["quality", "profile", source]
        shown = CliRunner().invoke(app, words, env={"COLUMNS": "80", "LEADS_DATA_DIR": str(planned_demo)}).output
        # A table, not the blocks that stand for one where it does not fit.
        assert any(
            line.split() == ["Column", "Filled", "Distinct", "Histogram", "Values"] for line in shown.splitlines()
        )
        table = shown.partition("Moved since")[0].partition("Nothing moved")[0].splitlines()[1:]
        assert max(len(line) for line in table) <= 80
    told = json.loads(run("leads", "quality", "profile", "texas", "--json", data=planned_demo).stdout)
    assert told["delivery"]["file_name"] == "texas_2026-11-06.csv"
    assert told["before"]["file_name"] == "texas_2026-10-06.csv"
    capacity = next(item for item in told["columns"] if item["name"] == "capacity")
    (bronze,) = query(
        planned_demo,
        "SELECT COUNT(*), COUNT(NULLIF(TRIM(capacity), '')), COUNT(DISTINCT NULLIF(TRIM(capacity), '')) "
        "FROM bronze.texas WHERE file_id = ?",
        told["delivery"]["file_id"],
    )
    now = capacity["now"]
    assert (now["row_count"], now["row_count"] - now["null_count"], now["distinct_count"]) == bronze
    assert sum(now["histogram"]) == now["number_count"]
    whole = run("leads", "quality", "profile", "texas", "county", data=planned_demo).stdout
    assert "HARRIS" in whole and "█" in whole
    assert "has no column" in run("leads", "quality", "profile", "texas", "x", data=planned_demo, expect=2).stderr
    assert "no source" in run("leads", "quality", "profile", "x", data=planned_demo, expect=2).stderr


def test_readers_find_the_profiles_in_the_published_copy(planned_demo: Path) -> None:
    import duckdb

    with duckdb.connect(str(DataPaths(planned_demo).published), read_only=True) as connection:
        found = connection.execute(
            "SELECT COUNT(DISTINCT file_id), MIN(row_count) FROM quality.column_profile WHERE source_key = 'texas'"
        ).fetchone()
    assert found and found[0] == 2 and found[1] > 0
