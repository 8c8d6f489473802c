"""Times the matching beside Splink, in one run on the same leads."""

from __future__ import annotations

import logging
import math
import random
import string
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from sqlglot import exp
from sqlmesh.core.context import BaseContext
from sqlmesh.utils.errors import SQLMeshError

from lead_enrichment.benchmark.alone import alone
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.matching.models import MatchingModels
from lead_enrichment.memory import peak_bytes
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, exactly, literal
from lead_enrichment.warehouse.reading import warehouse

THREADS = 2
# What DuckDB may take before it goes to disk, the same for both.
MEMORY = "1800MB"
# Size, words, houses and keys are prepared for both, and so not counted: Splink does not know which too many share.
PREPARED = (
    "intermediate.int_match_size",
    "intermediate.int_match_name",
    "intermediate.int_match_unplaced",
    "intermediate.int_match_lead_key",
    "intermediate.int_match_key_share",
    "intermediate.int_match_key",
)
# Splink has nothing like the verdicts, so they are timed apart.
VERDICTS = "intermediate.int_match_verdict"
# The models from keys to verdicts, in the order in which they are built.
STEPS = (
    *PREPARED,
    "intermediate.int_match_over_shared",
    "intermediate.int_match_contact",
    "intermediate.int_match_candidate",
    "intermediate.int_match_comparison",
    "intermediate.int_match_score",
    "intermediate.int_match_edge",
    "intermediate.int_match_cluster",
    "intermediate.int_entity",
    VERDICTS,
)
SEEDS = ("seeds.match_weight", "seeds.match_veto", "seeds.match_outcome", "seeds.name_word")


@dataclass(frozen=True)
class Measure:
    """What one of the two took, and what came of it.

    Args:
        seconds: From keys to entities, with the evidence of each pair; for Splink with a model that is trained already.
        peak_bytes: The most memory that its process held.
        pairs: Pairs scored.
        entities: Entities of two leads or more.
        steps: Seconds of each step.
    """

    seconds: float
    peak_bytes: int
    pairs: int
    entities: int
    steps: dict[str, float]


@dataclass(frozen=True)
class SplinkComparison:
    """The project's matching and Splink's on the same leads."""

    leads: int
    matching: Measure
    splink: Measure

    @property
    def ratio(self) -> float:
        """Time of the matching as a share of Splink's."""
        return self.matching.seconds / self.splink.seconds


def compare_with_splink(paths: DataPaths, project: Path, leads: int) -> SplinkComparison:
    """Match any number of leads by the models and by Splink, each in a process of its own, one after the other.

    The leads are those in production over and over, each time in other letters, so that the copies have nothing in
    common but their towns. Both get two threads and the same memory.

    Args:
        paths: The data directory; its warehouse is only read.
        project: The project's folder.
        leads: Leads to match.

    Raises:
        UsageError: Splink is not installed, or production has not been planned.
        DataError: There are no leads in production.
    """
    if find_spec("splink") is None:
        raise UsageError("the comparison needs Splink, which is not installed", "", "Run: pip install -e '.[match]'")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Alone too: a process that starts others is at first counted as their memory.
        auto_probability = alone(_write_leads, paths, project, folder, leads)
        return SplinkComparison(leads, alone(_match, folder, project), alone(_splink, folder, auto_probability))


def _write_leads(paths: DataPaths, project: Path, folder: Path, leads: int) -> float:
    """Write the warehouse in which the models are timed: the leads that they read, seeds, and no decisions.

    Returns:
        The probability from which on the project joins a pair.
    """
    models = MatchingModels(project)
    live = "intermediate.int_match_lead"
    with warehouse(paths) as production:
        for table in (live, *SEEDS):
            production.execute(f"COPY (FROM {table}) TO {literal(_file(folder, table))} (FORMAT parquet)")
        production.execute(
            f"""
            COPY (
                SELECT lead_key, born_at
                FROM intermediate.int_lead_current
            ) TO {literal(_file(folder, "born"))} (FORMAT parquet)
            """
        )
        (found,) = production.execute(f"SELECT COUNT(*) FROM {live}").fetchone() or (0,)
    if not found:
        raise DataError("production has no live leads to multiply", "", "Take files in first: make run")
    with _open(folder) as connection:
        connection.execute("CREATE SCHEMA intermediate; CREATE SCHEMA seeds")
        for table in SEEDS:
            connection.execute(f"CREATE TABLE {table} AS FROM READ_PARQUET({literal(exactly(_file(folder, table)))})")
        decision = models.context.get_model("intermediate.int_match_decision", raise_if_missing=True)
        columns = ", ".join(
            f"{name} {kind.sql(dialect='duckdb')}" for name, kind in decision.columns_to_types_or_raise.items()
        )
        connection.execute(f"CREATE TABLE intermediate.int_match_decision ({columns})")
        connection.execute("CREATE TABLE copy (copy BIGINT, letters TEXT)")
        connection.executemany("INSERT INTO copy VALUES (?, ?)", _letters(math.ceil(leads / found)))
        letters = f"'{string.ascii_letters}', c.letters || UPPER(c.letters)"
        phone = "'+1' || LPAD(((SUBSTR({0}, 3)::BIGINT + c.copy * 10007001) % 10000000000)::TEXT, 10, '0')"
        other = {
            "lead_key": "l.lead_key || '-' || c.copy",
            "license_number": "l.license_number || '-' || c.copy",
            "phone": phone.format("l.phone"),
            "mobile": phone.format("l.mobile"),
            # A street may be named by its number alone, which has no letters to change.
            "street_core": "l.street_core || '-' || c.copy",
            **{
                column: f"TRANSLATE(l.{column}, {letters})"
                for column in (
                    "name", "name_normal", "legal_name_normal", "name_site", "contact_name", "email", "email_domain",
                    "website_domain", "street",
                )
            },
        }  # fmt: skip
        replaced = ", ".join(f"{value} AS {column}" for column, value in other.items())
        connection.execute(
            f"""
            CREATE TABLE intermediate.int_match_lead AS
            WITH copied AS (
                SELECT l.* REPLACE ({replaced}), b.* EXCLUDE (lead_key)
                FROM READ_PARQUET({literal(exactly(_file(folder, live)))}) AS l
                JOIN READ_PARQUET({literal(exactly(_file(folder, "born")))}) AS b USING (lead_key)
                CROSS JOIN copy AS c
                ORDER BY c.copy, l.lead_key
                LIMIT {leads}
            )
            SELECT * REPLACE ((HASH(lead_key) >> 4)::BIGINT AS lead_number) FROM copied
            """
        )
        connection.execute("CREATE VIEW intermediate.int_lead_current AS FROM intermediate.int_match_lead")
    return float(models.context.config.variables["match_auto_probability"])


def _letters(copies: int) -> list[tuple[int, str]]:
    """Return each copy an alphabet of its own; the first keeps its letters."""
    alphabets = [(0, string.ascii_lowercase)]
    for copy in range(1, copies):
        shuffled = list(string.ascii_lowercase)
        random.Random(copy).shuffle(shuffled)
        alphabets.append((copy, "".join(shuffled)))
    return alphabets


def _match(folder: Path, project: Path) -> Measure:
    """Build the models, as a run does."""
    models = MatchingModels(project)
    queries = {
        step: models.query(step) for step in STEPS if models.context.get_model(step, raise_if_missing=True).is_sql
    }
    steps = {}
    with _open(folder) as connection:
        for step in STEPS:
            began = time.perf_counter()
            if step in queries:
                is_view = models.context.get_model(step, raise_if_missing=True).kind.is_view
                form = "VIEW" if is_view else "TABLE"
                connection.execute(f"CREATE {form} {step} AS {queries[step]}")
            else:
                _build_python_model(connection, models, step)
            steps[step] = time.perf_counter() - began
        pairs = _count(connection, f"SELECT COUNT(*) FROM {VERDICTS}")
        entities = _count(
            connection, "SELECT COUNT(DISTINCT entity_key) FROM intermediate.int_entity WHERE entity_size > 1"
        )
    seconds = sum(taken for step, taken in steps.items() if step not in (*PREPARED, VERDICTS))
    return Measure(seconds, peak_bytes(), pairs, entities, steps)


def _build_python_model(connection: duckdb.DuckDBPyConnection, models: MatchingModels, name: str) -> None:
    model = models.context.get_model(name, raise_if_missing=True)
    frames: Any = model.render(context=_Reader(connection, models))  # type: ignore[arg-type]
    found = pd.concat(list(frames))
    connection.register("found", found)
    connection.execute(f"CREATE TABLE {name} AS FROM found")
    connection.unregister("found")


class _Reader(BaseContext):
    """What a Python model asks its context, answered by a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, models: MatchingModels) -> None:
        self._connection, self._models = connection, models

    @property
    def default_dialect(self) -> str | None:
        return "duckdb"

    @property
    def default_catalog(self) -> str | None:
        return self._models.context.default_catalog

    @property
    def _model_tables(self) -> dict[str, str]:
        return {name: name for name in self._models.context.models}

    @property
    def engine_adapter(self) -> Any:
        raise SQLMeshError("the benchmark has no engine adapter")

    def with_variables(self, *_: Any, **__: Any) -> _Reader:
        return self

    def fetchdf(self, query: exp.Expr | str, *_: Any, **__: Any) -> pd.DataFrame:
        return self._connection.execute(query if isinstance(query, str) else query.sql(dialect="duckdb")).df()


# A record as a user of Splink would prepare it, each key in a column. What too many leads share is gone: Splink would
# join it.
RECORD = """
    CREATE TABLE splink_record AS
    WITH keyed AS (
        PIVOT (
            SELECT lead_number, key_form, key_value FROM intermediate.int_match_key WHERE NOT is_over_shared
        ) ON key_form IN ({forms}) USING MAX(key_value) GROUP BY lead_number
    )
    SELECT
        l.lead_number, l.name_normal, l.contact_name, l.house_number, l.street, l.unit_number, l.postal_code, l.city,
        l.state, k.* EXCLUDE (lead_number)
    FROM intermediate.int_match_lead AS l
    LEFT JOIN keyed AS k USING (lead_number)
"""
# The forms of a key; of those that stand together, any of the first lead meets any of the other.
KEY_FORMS = (
    ("license",),
    ("phone", "mobile"),
    ("email",),
    ("street_zip",),
    ("street_city",),
    ("street_alone",),
    ("name_zip",),
    ("name_city",),
    ("name_state",),
    ("word_zip", "other_word_zip"),
    ("words_city",),
    ("contact_zip",),
    ("website_domain", "email_domain"),
)


def _splink(folder: Path, auto_probability: float) -> Measure:
    """Let Splink find, score and cluster the same pairs; what it prepares and learns before is not timed."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_level_library as cll
    from splink import comparison_library as cl

    logging.getLogger("splink").setLevel(logging.ERROR)
    any_phone, any_domain = (
        " OR ".join(f"{a}_l = {b}_r" for a, b in product(forms, forms))
        for forms in (("phone", "mobile"), ("website_domain", "email_domain"))
    )
    same_street = "house_number_l = house_number_r AND street_l = street_r"
    comparisons: list[Any] = [
        cl.JaroWinklerAtThresholds("name_normal", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        _levels(cl, cll, "any_phone", "phone_l IS NULL OR phone_r IS NULL", [any_phone]),
        cl.JaroWinklerAtThresholds("email", [0.9]).configure(term_frequency_adjustments=True),
        _levels(
            cl,
            cll,
            "address",
            "state_l IS NULL OR state_r IS NULL",
            [
                f"{same_street} AND unit_number_l = unit_number_r",
                same_street,
                "postal_code_l = postal_code_r",
                "city_l = city_r",
                "state_l = state_r",
            ],
        ),
        _levels(
            cl,
            cll,
            "any_domain",
            "COALESCE(website_domain_l, email_domain_l) IS NULL OR COALESCE(website_domain_r, email_domain_r) IS NULL",
            [any_domain],
        ),
        cl.ExactMatch("contact_name"),
    ]
    rules: list[Any] = [
        block_on(a) if a == b else f"l.{a} = r.{b}" for forms in KEY_FORMS for a, b in product(forms, forms)
    ]
    with _open(folder) as connection:
        forms = ", ".join(f"'{form}'" for forms in KEY_FORMS for form in forms)
        connection.execute(RECORD.format(forms=forms))
        api = DuckDBAPI(connection)
        linker = Linker(
            api.register("splink_record", table_name="record"),
            SettingsCreator(
                link_type="dedupe_only",
                unique_id_column_name="lead_number",
                blocking_rules_to_generate_predictions=rules,
                comparisons=comparisons,
                # As the models do: both values, the level and the weight of each attribute stay with the pair.
                retain_matching_columns=True,
                retain_intermediate_calculation_columns=True,
            ),
            log_level=None,
        )
        linker.training.estimate_probability_two_random_records_match([block_on("name_zip")], recall=0.5)
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
        for column in ("phone", "name_zip"):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(column), max_pairs=1e6)
        began = time.perf_counter()
        predictions = linker.inference.predict()
        predicted = time.perf_counter()
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, auto_probability)
        done = time.perf_counter()
        pairs = _count(connection, f"SELECT COUNT(*) FROM {predictions.physical_name}")
        entities = _count(
            connection,
            f"SELECT COUNT(*) FROM (SELECT cluster_id FROM {clusters.physical_name} GROUP BY ALL HAVING COUNT(*) > 1)",
        )
    steps = {"predict": predicted - began, "cluster": done - predicted}
    return Measure(done - began, peak_bytes(), pairs, entities, steps)


def _levels(cl: Any, cll: Any, name: str, is_missing: str, conditions: Sequence[str]) -> Any:
    """Return a comparison of Splink's by conditions, the strongest first."""
    return cl.CustomComparison(
        output_column_name=name,
        comparison_levels=[
            cll.CustomLevel(is_missing).configure(is_null_level=True),
            *(cll.CustomLevel(condition) for condition in conditions),
            cll.ElseLevel(),
        ],
    )


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    # The catalog is named after the file, and the models name it.
    connection = connect(str(folder / "leads.duckdb"))
    connection.execute(f"SET threads = {THREADS}; SET memory_limit = '{MEMORY}'")
    connection.execute(f"SET temp_directory = {literal(folder / 'spill')}")
    return connection


def _file(folder: Path, table: str) -> Path:
    return folder / f"{table}.parquet"


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)
