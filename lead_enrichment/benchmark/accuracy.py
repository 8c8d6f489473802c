"""How right the matching is on sets whose truth is known, beside Splink and beside a plain rule."""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.benchmark.pipeline import LEADS, SQLMESH, run_command
from lead_enrichment.contracts import lead_contracts
from lead_enrichment.demo.generate import write_demo
from lead_enrichment.errors import UsageError
from lead_enrichment.matching.quality import Reliability, Score, reliability
from lead_enrichment.paths import DataPaths
from lead_enrichment.spreadsheet import GuardedWriter
from lead_enrichment.warehouse.connection import connect, exactly, literal
from lead_enrichment.warehouse.reading import warehouse

DAY = "2026-11-02"
DEMO_DAY, DEMO_FACILITIES = date(2026, 11, 15), 3000
SEEDS = (20261115, 7, 11)
# Files that the command looks for in a folder of samples.
SITES, GUIDES, GUIDES_GOLD = "chicago_sites.csv", "restaurant.csv", "restaurant_gold.csv"
SPLINK_THRESHOLD = 0.5
Row = Mapping[str, str]


@dataclass(frozen=True)
class GoldSet:
    """Leads whose truth is known.

    Args:
        name: What it is called in reports.
        write: Writes its deliveries under `landing/` of a data directory, and the truth beside them.
    """

    name: str
    write: Callable[[Path], None]


@dataclass(frozen=True)
class Accuracy:
    """How right three ways are on one set.

    Args:
        name: The set.
        leads: Live leads that the truth knows.
        pairs: Pairs of leads that the project puts into one entity.
        reliability: What the probabilities of the scored pairs are worth.
        splink_pairs: Pairs that an unsupervised model of Splink, trained on the same leads, holds to be one facility.
        splink_clusters: Pairs that come together in its clusters.
        phone: Pairs that share a phone, which is what a rule without any model would join.
    """

    name: str
    leads: int
    pairs: Score
    reliability: Reliability
    splink_pairs: Score | None
    splink_clusters: Score | None
    phone: Score


def gold_sets(samples: Path | None, facilities: int = DEMO_FACILITIES) -> list[GoldSet]:
    """Return the sets at hand: the demo with three seeds, and what lies in a folder of samples.

    Raises:
        UsageError: The folder holds none of the samples.
    """
    found = [GoldSet(f"demo, seed {seed}", _demo_writer(facilities, seed)) for seed in SEEDS]
    if samples is None:
        return found
    at_hand = []
    if (samples / SITES).is_file():
        at_hand.append(GoldSet("child-care sites of one city", lambda data: write_sites(samples / SITES, data)))
    if (samples / GUIDES).is_file() and (samples / GUIDES_GOLD).is_file():
        at_hand.append(GoldSet("Fodor's and Zagat's restaurants", lambda data: write_guides(samples, data)))
    if not at_hand:
        raise UsageError("no sample with a truth lies there", str(samples), f"Put {SITES} or {GUIDES} into it.")
    return found + at_hand


def measure(gold: GoldSet, project: Path) -> Accuracy:
    """Load a set into a project of its own, match it, and hold it against its truth.

    Raises:
        DataError: A command failed; what it printed is given.
    """
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        gold.write(data)
        run_command([*LEADS, "ingest", "--backfill"], data, project)
        run_command([*SQLMESH, "plan", "--auto-apply", "--no-prompts", "--skip-tests"], data, project)
        with warehouse(DataPaths(data)) as connection:
            connection.execute(TRUTH.format(truth=literal(exactly(data / "truth" / "record_facility.csv"))))
            (leads,) = connection.execute("SELECT COUNT(*) FROM truth").fetchone() or (0,)
            records = connection.execute(RECORDS).df()
            pairs = _score(connection, ENTITY_PAIRS)
            phone = _score(connection, PHONE_PAIRS)
            worth = reliability(connection, PROBABILITIES)
        splink_pairs, splink_clusters = _splink(records) if find_spec("splink") else (None, None)
    return Accuracy(gold.name, leads, pairs, worth, splink_pairs, splink_clusters, phone)


TRUTH = """
    CREATE TEMP TABLE truth AS
        SELECT l.lead_number, l.lead_key, e.entity_key, t.facility_id
        FROM intermediate.int_match_lead AS l
        JOIN intermediate.int_entity AS e USING (lead_key)
        JOIN READ_CSV({truth}, all_varchar = TRUE) AS t USING (lead_key)
"""
# Each lead with the group that one way puts it into. The pairs of a group are counted and not listed.
ENTITY_PAIRS = "SELECT facility_id, entity_key AS said FROM truth"
PHONE_PAIRS = """
    SELECT t.facility_id, COALESCE(l.phone, l.lead_key) AS said
    FROM truth AS t JOIN intermediate.int_match_lead AS l USING (lead_number)
"""
COUNTS = """
    WITH lead AS ({}), shared AS (SELECT facility_id, said, COUNT(*) AS n FROM lead GROUP BY ALL)
    SELECT
        (SELECT COALESCE(SUM(n * (n - 1) // 2), 0) FROM (SELECT SUM(n) AS n FROM shared GROUP BY said)),
        (SELECT COALESCE(SUM(n * (n - 1) // 2), 0) FROM (SELECT SUM(n) AS n FROM shared GROUP BY facility_id)),
        (SELECT COALESCE(SUM(n * (n - 1) // 2), 0) FROM shared)
"""
PROBABILITIES = """
    SELECT s.match_probability AS probability, a.facility_id = b.facility_id AS is_true
    FROM intermediate.int_match_verdict AS s
    JOIN truth AS a ON a.lead_number = s.left_lead_number
    JOIN truth AS b ON b.lead_number = s.right_lead_number
"""
RECORDS = """
    SELECT
        t.lead_number, t.facility_id, l.name_normal, l.phone, l.email, l.house_number, l.street, l.postal_code
    FROM truth AS t JOIN intermediate.int_match_lead AS l USING (lead_number)
"""


def _score(connection: duckdb.DuckDBPyConnection, groups: str) -> Score:
    return Score(*map(int, connection.execute(COUNTS.format(groups)).fetchone() or (0, 0, 0)))


def _splink(records: Any) -> tuple[Score, Score]:
    """Let Splink learn and match the same standardised leads, as its documentation has it for business records.

    Returns:
        The pairs from a probability of 0.5 on, and the pairs of their clusters.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as cl

    logging.getLogger("splink").setLevel(logging.ERROR)
    told = [column for column in ("phone", "email", "street", "postal_code") if records[column].notna().any()]
    comparisons: list[Any] = [
        cl.JaroWinklerAtThresholds("name_normal", [0.92, 0.8]).configure(term_frequency_adjustments=True)
    ]
    for column in told:
        if column == "street":
            comparisons += [cl.ExactMatch("house_number"), cl.JaroWinklerAtThresholds("street", [0.92, 0.8])]
        elif column == "email":
            comparisons.append(cl.JaroWinklerAtThresholds("email", [0.9]))
        else:
            comparisons.append(cl.ExactMatch(column))
    rules: list[Any] = [block_on("name_normal")]
    rules += [block_on(column) for column in ("phone", "email") if column in told]
    rules += [block_on("house_number", "substr(street, 1, 5)")] if "street" in told else []
    with connect() as connection:
        connection.register("found", records)
        connection.execute("CREATE TABLE record AS FROM found")
        api = DuckDBAPI(connection)
        linker = Linker(
            api.register("record", table_name="splink_input"),
            SettingsCreator(
                link_type="dedupe_only",
                unique_id_column_name="lead_number",
                blocking_rules_to_generate_predictions=rules,
                comparisons=comparisons,
            ),
            log_level=None,
        )
        linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.8)
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
        for rule in rules[:3]:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        predictions = linker.inference.predict(threshold_match_probability=SPLINK_THRESHOLD)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, SPLINK_THRESHOLD)
        said, right = connection.execute(
            f"""
            SELECT COUNT(*), COUNT(*) FILTER (a.facility_id = b.facility_id)
            FROM {predictions.physical_name} AS p
            JOIN record AS a ON a.lead_number = p.lead_number_l
            JOIN record AS b ON b.lead_number = p.lead_number_r
            """
        ).fetchone() or (0, 0)
        clustered = _score(
            connection,
            f"SELECT r.facility_id, c.cluster_id AS said "
            f"FROM {clusters.physical_name} AS c JOIN record AS r ON r.lead_number = c.lead_number",
        )
    return Score(int(said), clustered.actual, int(right)), clustered


# The sets.


def _demo_writer(facilities: int, seed: int) -> Callable[[Path], None]:
    def write(data: Path) -> None:
        write_demo(data, facilities, 1, DEMO_DAY, seed)

    return write


def write_sites(path: Path, data: Path) -> None:
    """Write child-care sites of one city, of several lists with up to 18 copies of a site, as Salesforce leads."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    leads = [
        {
            **_lead(
                row["Id"], row["Site name"], row["Address"], "Chicago", f"773{row['Phone']}" if row["Phone"] else ""
            ),
            "state": "IL",
            "postal_code": row["Zip"],
        }
        for row in rows
    ]
    write_delivery(data, "salesforce", leads)
    write_truth(data, {f"salesforce:{row['Id']}": row["True Id"] for row in rows})


def write_guides(folder: Path, data: Path) -> None:
    """Write Fodor's restaurants as a Texas file and Zagat's as a Salesforce extract.

    Fodor's has a slash in its phone numbers.
    """
    keys: dict[str, str] = {}
    licenses, leads = [], []
    with (folder / GUIDES).open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if "/" in row["phone"]:
                keys[str(number)] = f"texas:{number}"
                licenses.append(
                    {
                        "Operation": str(number),
                        "Operation Name": row["name"],
                        "Address": row["addr"],
                        "City": row["city"],
                        "Phone": row["phone"],
                        "Type": "Licensed Center",
                        "Status": "Full Permit",
                    }
                )
            else:
                keys[str(number)] = f"salesforce:{number}"
                leads.append(_lead(str(number), row["name"], row["addr"], row["city"], row["phone"]))
    write_delivery(data, "texas", licenses)
    write_delivery(data, "salesforce", leads)
    truth = {key: key for key in keys.values()}
    with (folder / GUIDES_GOLD).open(newline="", encoding="utf-8") as file:
        for pair in csv.DictReader(file, skipinitialspace=True):
            first, second = keys[pair["id_1"]], keys[pair["id_2"]]
            for key in [key for key, facility in truth.items() if facility == truth[second]]:
                truth[key] = truth[first]
    write_truth(data, truth)


def _lead(number: str, name: str, street: str, city: str, phone: str) -> dict[str, str]:
    return {
        "id": number,
        "is_deleted": "FALSE",
        "company": name,
        "street": street,
        "city": city,
        "phone": phone,
        "status": "Working",
        "created_date": "2026-01-01 0:00:00",
        "last_modified_date": "2026-01-01 0:00:00",
    }


def write_delivery(data: Path, source_key: str, rows: Iterable[Row]) -> None:
    """Write rows as a delivery of a source, with all the columns of its contract."""
    target = data / "landing" / source_key / f"{source_key}_{DAY}.csv"
    target.parent.mkdir(parents=True)
    with target.open("w", newline="", encoding="utf-8") as file:
        headers = [column.header for column in lead_contracts()[source_key].columns]
        writer = GuardedWriter(file)
        writer.writerow(headers)
        writer.writerows([row.get(header, "") for header in headers] for row in rows)


def write_truth(data: Path, facility_of: Mapping[str, str]) -> None:
    """Write which facility each lead is about."""
    target = data / "truth" / "record_facility.csv"
    target.parent.mkdir(parents=True)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = GuardedWriter(file)
        writer.writerow(("lead_key", "facility_id"))
        writer.writerows(facility_of.items())


def report(found: Sequence[Accuracy]) -> str:
    """Write the figures as a table in Markdown."""
    lines = [
        "| set | leads | precision | recall | F1 | calibration | Splink, pairs | Splink, clusters | exact phone |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for item in found:
        others = (
            "" if score is None else f"{score.f1:.3f}"
            for score in (item.splink_pairs, item.splink_clusters, item.phone)
        )
        lines.append(
            f"| {item.name} | {item.leads:,} | {item.pairs.precision:.3f} | {item.pairs.recall:.3f} "
            f"| {item.pairs.f1:.3f} | {item.reliability.error:.3f} | {' | '.join(others)} |"
        )
    return "\n".join(lines) + "\n"


def as_row(item: Accuracy) -> dict[str, object]:
    """Return the figures of a set, for programs."""
    ways = {"matching": item.pairs, "splink_pairs": item.splink_pairs, "splink_clusters": item.splink_clusters,
            "exact_phone": item.phone}  # fmt: skip
    scores = {
        name: {"precision": score.precision, "recall": score.recall, "f1": score.f1} if score else None
        for name, score in ways.items()
    }
    return {"name": item.name, "leads": item.leads, **scores, "calibration_error": item.reliability.error,
            "reliability": item.reliability.bins}  # fmt: skip
