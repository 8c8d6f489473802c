"""What each environment would change for the leads, kept beside the published copy when the environment is planned.

The published copy is taken after runs of production alone. So a plan of any other environment leaves its comparison
with production, as both are at that moment, in a small file of its own: which models differ and how, and each lead that
would be judged or scored otherwise. Readers open it as they open the copy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.errors import DataError
from lead_enrichment.matching.comparison import LEADS
from lead_enrichment.paths import DataPaths, whole
from lead_enrichment.preview.difference import counts_by_source
from lead_enrichment.warehouse.connection import literal
from lead_enrichment.warehouse.reading import Row, one_row, rows, tables_with_environment

NAME = re.compile("[A-Za-z0-9_]{1,60}")
# Lines of a model's difference that a page shows.
MOST_LINES = 400
LONG = 300
# What of a model decides how it is built, in the order in which it is shown.
PARTS = ("query", "audits", "kind", "grains", "description", "column_descriptions", "python_env")
SCHEMA = "kept"

MODELS = f"""
    CREATE TABLE {SCHEMA}.model (
        model TEXT, change TEXT, rows_before BIGINT, rows_after BIGINT, columns_added TEXT[], columns_gone TEXT[],
        difference TEXT
    )
"""
ABOUT = f"CREATE TABLE {SCHEMA}.about (environment TEXT, compared_at TIMESTAMPTZ)"
LEADS_TABLE = """
    CREATE TABLE {kept}.lead AS
    SELECT
        c.lead_key,
        l.name,
        l.city,
        l.state,
        l.source_key,
        c.change,
        o.match_status AS status_before,
        n.match_status AS status_after,
        c.reason_before,
        c.reason_after
    FROM ({changes}) AS c
    LEFT JOIN facts.fact_lead_match AS o ON o.lead_key = c.lead_key
    LEFT JOIN {match} AS n ON n.lead_key = c.lead_key
    LEFT JOIN {current} AS l ON l.lead_key = c.lead_key
    WHERE c.change IS NOT NULL
    ORDER BY c.change, c.lead_key
"""
SCORES_TABLE = """
    CREATE TABLE {kept}.score AS
    SELECT
        COALESCE(o.lead_key, n.lead_key) AS lead_key,
        l.name,
        l.city,
        l.state,
        l.source_key,
        CASE
            WHEN o.lead_key IS NULL THEN 'is scored for the first time'
            WHEN n.lead_key IS NULL THEN 'is scored no more'
            WHEN n.score < o.score THEN 'score falls'
            ELSE 'score rises'
        END AS change,
        o.score AS score_before,
        n.score AS score_after
    FROM quality.lead_score AS o
    FULL JOIN {score} AS n ON n.lead_key = o.lead_key
    LEFT JOIN {current} AS l ON l.lead_key = COALESCE(o.lead_key, n.lead_key)
    WHERE o.lead_key IS NULL OR n.lead_key IS NULL OR ABS(n.score - o.score) > 0.000001
    ORDER BY ABS(n.score - o.score) DESC NULLS LAST, 1
"""
RULES_TABLE = """
    CREATE TABLE {kept}.rule AS
    SELECT
        rule,
        COUNT(*) FILTER (was IS NULL) AS now_fail,
        COUNT(*) FILTER (becomes IS NULL) AS fail_no_more
    FROM (
        SELECT COALESCE(o.rule, n.rule) AS rule, o.rule AS was, n.rule AS becomes
        FROM quality.lead_failure AS o
        FULL JOIN {failure} AS n ON n.lead_key = o.lead_key AND n.rule = o.rule
    )
    WHERE was IS NULL OR becomes IS NULL
    GROUP BY rule
    ORDER BY now_fail + fail_no_more DESC, rule
"""
SOURCES_TABLE = """
    CREATE TABLE {kept}.source AS
    SELECT * FROM (
        SELECT 'before' AS moment, c.*, s.score
        FROM ({before}) AS c
        LEFT JOIN (SELECT source_key, AVG(score) AS score FROM quality.lead_score GROUP BY 1) AS s USING (source_key)
        UNION ALL
        SELECT 'after' AS moment, c.*, s.score
        FROM ({after}) AS c
        LEFT JOIN (SELECT source_key, AVG(score) AS score FROM {score} GROUP BY 1) AS s USING (source_key)
    )
"""


def folder_of(paths: DataPaths) -> Path:
    """Return where the comparisons lie, a file an environment."""
    return paths.published.parent / "environments"


def comparison_files(paths: DataPaths) -> dict[str, Path]:
    """Return the comparisons that were kept, by the name of the environment."""
    found = sorted(folder_of(paths).glob("*.duckdb"))
    return {file.stem: file for file in found if NAME.fullmatch(file.stem)}


def keep_comparison(connection: duckdb.DuckDBPyConnection, environment: str, paths: DataPaths) -> None:
    """Compare an environment with production, and put the answer in the place of the one before.

    Args:
        connection: SQLMesh's connection to the warehouse, in which both have been built.
        environment: The environment.
        paths: The data directory.

    Raises:
        DataError: The file could not be written; the one before stays.
    """
    file = folder_of(paths) / f"{environment.lower()}.duckdb"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole(file) as unfinished:
            unfinished.unlink(missing_ok=True)
            connection.execute(f"ATTACH {literal(unfinished)} AS {SCHEMA}")
            try:
                _compare(connection, environment)
            finally:
                connection.execute(f"DETACH {SCHEMA}")
    except (OSError, duckdb.IOException) as error:
        raise DataError(
            f"the comparison of {environment} could not be kept ({error})",
            str(file),
            f"The environment is built. Make room or grant access, then: sqlmesh plan {environment}",
        ) from error


def forget_others(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> None:
    """Remove the comparisons of environments that are no longer there."""
    found = rows(
        connection,
        "SELECT DISTINCT SPLIT_PART(schema_name, '__', 2) AS name FROM duckdb_schemas() "
        "WHERE database_name = CURRENT_DATABASE() AND schema_name LIKE '%\\_\\_%' ESCAPE '\\' "
        "AND NOT STARTS_WITH(schema_name, 'sqlmesh')",
    )
    present = {row["name"] for row in found}
    for name, file in comparison_files(paths).items():
        if name not in present:
            file.unlink(missing_ok=True)


def _compare(connection: duckdb.DuckDBPyConnection, environment: str) -> None:
    (catalog,) = one_row(connection, "SELECT CURRENT_DATABASE()")
    suffix = f"__{environment.lower()}"
    changed = _models_of(connection, catalog, suffix)
    connection.execute(ABOUT)
    connection.execute(f"INSERT INTO {SCHEMA}.about VALUES (?, ?)", [environment, datetime.now(UTC)])
    connection.execute(MODELS)
    for row in _model_rows(connection, environment, changed, suffix):
        connection.execute(f"INSERT INTO {SCHEMA}.model VALUES (?, ?, ?, ?, ?, ?, ?)", list(row))

    def table(name: str) -> str:
        schema, _, own = name.partition(".")
        return f"{schema}{suffix}.{own}" if name in changed else name

    match, score, current = map(table, ("facts.fact_lead_match", "quality.lead_score", "intermediate.int_lead_current"))
    schema = match.partition(".")[0]
    statements = (
        LEADS_TABLE.format(kept=SCHEMA, changes=LEADS.format(schema=schema), match=match, current=current),
        SCORES_TABLE.format(kept=SCHEMA, score=score, current=current),
        RULES_TABLE.format(kept=SCHEMA, failure=table("quality.lead_failure")),
        SOURCES_TABLE.format(
            kept=SCHEMA, before=counts_by_source("facts.fact_lead_match"), after=counts_by_source(match), score=score
        ),
    )
    for statement in statements:
        connection.execute(statement)


def _models_of(connection: duckdb.DuckDBPyConnection, catalog: str, suffix: str) -> set[str]:
    """Return the models of which the environment has a view that is not production's table."""
    environment = suffix.removeprefix("__")
    return {
        f"{row['table_schema'].removesuffix(suffix)}.{row['table_name']}"
        for row in tables_with_environment(connection, catalog, environment)
        if row["table_schema"].endswith(suffix)
    }


def _model_rows(
    connection: duckdb.DuckDBPyConnection, environment: str, changed: set[str], suffix: str
) -> Iterator[tuple[Any, ...]]:
    """Return each model that differs: what happened to it, its rows and columns, and the difference of its text."""
    # It takes a second to import, and readers of what is kept do without.
    from lead_enrichment.sqlmesh_internals import snapshots_of

    before, after = snapshots_of(connection, "prod"), snapshots_of(connection, environment.lower())
    for model in sorted(changed):
        schema, _, name = model.partition(".")
        old, new = before.get(model), after.get(model)
        if old is not None and new is not None and old["fingerprint"] == new["fingerprint"]:
            continue
        if old is None and new is not None:
            change = "added"
        elif old is None or new is None:
            change = "differs"
        else:
            own = ("data_hash", "metadata_hash")
            is_own = any(old["fingerprint"][part] != new["fingerprint"][part] for part in own)
            change = "changed" if is_own else "follows"
        columns = [_columns(connection, part, name) for part in (schema, f"{schema}{suffix}")]
        counts = [
            one_row(connection, f'SELECT COUNT(*) FROM "{part}"."{name}"')[0] if found else None
            for part, found in zip((schema, f"{schema}{suffix}"), columns, strict=True)
        ]
        difference = _difference(old, new) if change == "changed" and old and new else ""
        if new and new["node"]["kind"]["name"] == "SEED" and all(columns):
            difference = _seed_difference(connection, f'"{schema}"."{name}"', f'"{schema}{suffix}"."{name}"')
        yield (
            model, change, *counts, sorted({*columns[1]} - {*columns[0]}), sorted({*columns[0]} - {*columns[1]}),
            difference,
        )  # fmt: skip
    for model in sorted({*before} - {*after}) if after else ():
        yield model, "removed", None, None, [], [], ""


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[str]:
    found = rows(
        connection,
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_catalog = CURRENT_DATABASE() AND table_schema = ? AND table_name = ?",
        schema,
        table,
    )
    return [row["column_name"] for row in found]


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return how the text of a model differs, as `diff -u` writes it, each part under its name."""
    lines: list[str] = []
    for part in PARTS:
        before, after = old["node"].get(part), new["node"].get(part)
        if before != after:
            old_lines, new_lines = (_text(value).splitlines() for value in (before, after))
            heads = (f"production: {part}", f"environment: {part}")
            lines += [*unified_diff(old_lines, new_lines, *heads, lineterm="", n=2)]
    return "\n".join(lines[:MOST_LINES])


def _seed_difference(connection: duckdb.DuckDBPyConnection, before: str, after: str) -> str:
    """Return the rows by which two seeds differ, a line each: SQLMesh's state does not hold them."""
    lines = []
    for sign, one, other in (("-", before, after), ("+", after, before)):
        found = connection.execute(f"SELECT * FROM {one} EXCEPT SELECT * FROM {other} ORDER BY ALL").fetchall()
        lines += [sign + ", ".join("" if value is None else str(value) for value in row) for row in found]
    return "\n".join(lines[:MOST_LINES])


def _text(value: Any) -> str:
    """Return a part of a model as lines."""
    if isinstance(value, str):
        # A constant that a macro reads, such as all rules, is one long line: an item a line.
        return value if len(value) < LONG or "\n" in value else value.replace("), (", "),\n(")
    if isinstance(value, dict) and isinstance(value.get("sql"), str):
        return str(value["sql"])
    if isinstance(value, dict) and isinstance(value.get("content"), str):
        return str(value["content"])
    if isinstance(value, dict):
        return "\n".join(f"{name}:\n{_text(inner)}" for name, inner in sorted(value.items()))
    return json.dumps(value, indent=1, sort_keys=True, default=str)


def environment_rows(file: Path) -> tuple[Row, list[Row]]:
    """Return what a comparison is about, and the models that differ.

    Raises:
        duckdb.Error: The file cannot be read.
    """
    with duckdb.connect(str(file), read_only=True) as connection:
        (about,) = rows(connection, "SELECT * FROM about")
        return about, rows(connection, "SELECT * FROM model ORDER BY change, model")
