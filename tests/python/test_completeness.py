"""A delivery is held against what was stated of it, and against the one before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import call, land, take_in
from lead_enrichment import contracts
from lead_enrichment.errors import DataError
from lead_enrichment.ingest.completeness import read_manifest
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.ingest.run import Outcome, ingest
from lead_enrichment.paths import DataPaths

HEADER = "Operation,Operation Name,Address,City,State,Zip,County,Phone,Type,Status,Issue Date,Capacity,Email Address"
FIRST, SECOND = "texas_2026-10-06.csv", "texas_2026-11-06.csv"


def row(number: int, county: str = "TRAVIS", capacity: int = 10) -> str:
    return (
        f"{number},Name {number},1 ELM ST,AUSTIN,TX,78701,{county},512-555-0100,Licensed Center,Full,1/2/20,{capacity},"
    )


def deliver(paths: DataPaths, lines: list[str], name: str = FIRST, manifest: str | None = None) -> Outcome:
    """Take in a Texas file, with a manifest beside it where one is given."""
    if manifest is not None:
        land(paths.root, f"{name}.manifest.json", manifest, "texas")
    return take_in(paths, name, "\n".join([HEADER, *lines]) + "\n", "texas")


def ledger_row(paths: DataPaths) -> tuple[object, ...]:
    newest = Ledger(paths.bronze).attempts()[-1]
    return newest["completeness"], newest["rows_expected"], newest["attested_by"]


def left(paths: DataPaths) -> list[str]:
    return [path.name for path in paths.landing.glob("*/*")]


def test_without_a_statement_a_load_is_unattested(paths: DataPaths) -> None:
    assert deliver(paths, [row(1)]).status == "loaded"
    assert ledger_row(paths) == ("unattested", None, None)


def test_manifest_attests_the_rows(paths: DataPaths) -> None:
    assert deliver(paths, [row(1), "short"], manifest='{"rows": 2}').status == "loaded"
    assert ledger_row(paths) == ("attested", 2, "manifest")
    assert left(paths) == []


def test_fewer_rows_than_the_manifest_says_are_a_mismatch(paths: DataPaths) -> None:
    outcome = deliver(paths, [row(1)], manifest='{"rows": 2, "stated_by": "Ada"}')
    assert (outcome.status, outcome.reason) == (
        "quarantined",
        f"{FIRST}: 2 rows are stated (by Ada), 1 came. Ask the sender for the full file.",
    )
    assert ledger_row(paths) == ("mismatch", 2, "Ada")
    assert left(paths) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": "2"}', '{"rows": -1}', '{"rows": true}', "rows: 2"])
def test_manifest_that_says_nothing_is_refused_with_its_file(paths: DataPaths, text: str) -> None:
    outcome = deliver(paths, [row(1)], manifest=text)
    assert outcome.status == "quarantined"
    assert f"{FIRST}.manifest.json" in (outcome.reason or "")


@pytest.mark.parametrize(("stated", "status"), [(2, "loaded"), (3, "quarantined")])
@pytest.mark.parametrize("trailer", ["TOTAL RECORDS: {}", "TOTAL RECORDS: {},,,,,,,,,,,,"], ids=["short", "full"])
def test_trailer_row_attests_and_is_no_row(
    paths: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: int, status: str, trailer: str
) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    text = (contracts.contracts_dir() / "texas.yaml").read_text(encoding="utf-8")
    setting = "    customProperties:\n      - {property: trailer, value: '^TOTAL RECORDS: ([0-9]+)'}\n"
    (folder / "texas.yaml").write_text(text.replace("    customProperties:\n", setting, 1), encoding="utf-8")
    monkeypatch.setenv("LEADS_CONTRACTS_DIR", str(folder))
    contracts.contracts.cache_clear()
    try:
        outcome = deliver(paths, [row(1), row(2), trailer.format(stated)])
    finally:
        contracts.contracts.cache_clear()
    assert outcome.status == status
    assert ledger_row(paths) == ("attested" if status == "loaded" else "mismatch", stated, "trailer row")
    assert outcome.rows_rejected == 0


def usual(count: int = 100) -> list[str]:
    return [row(number, "TRAVIS" if number % 5 else "HAYS") for number in range(count)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (usual(79), "79 rows after 100 in texas_2026-10-06.csv (21%; the contract allows 20%)"),
        ([*usual(), *(row(number) for number in range(200, 251))], "151 rows after 100"),
        (usual()[26:] + [row(number) for number in range(200, 226)], "26 values of Operation are gone"),
        ([*usual()[40:], *(row(number) for number in range(200, 255))], "55 values of Operation are new"),
        ([row(number) for number in range(100)], "no row of County HAYS, which had 20 rows"),
        (
            [row(number, "TRAVIS" if number % 5 else "HAYS", 4) for number in range(100)],
            "rows in both adds up to 400 after 1,000",
        ),
        ([*usual(88), *["short"] * 12], "12 of 100 rows do not fit (12%; the contract allows 10%)"),
    ],
    ids=["lost", "gained", "keys lost", "keys gained", "county lost", "sum", "rejects"],
)
def test_limit_that_is_broken_is_said_and_a_person_may_release_the_file(
    paths: DataPaths, lines: list[str], said: str
) -> None:
    assert deliver(paths, usual()).status == "loaded"
    outcome = deliver(paths, lines, SECOND)
    assert outcome.status == "quarantined"
    assert said in (outcome.reason or "") and f"leads release {SECOND}" in (outcome.reason or "")
    call("release", SECOND, "--reason", "the state closed them")
    (outcome,) = ingest(paths)
    assert outcome.status == "loaded"
    assert "the state closed them" in (outcome.reason or "")


@pytest.mark.parametrize(
    "lines",
    [usual(80), [*usual(), *(row(number) for number in range(200, 250))], [*usual(90), *["short"] * 10]],
    ids=["at the limit of lost", "at the limit of gained", "at the limit of rejects"],
)
def test_change_within_the_limits_is_taken(paths: DataPaths, lines: list[str]) -> None:
    deliver(paths, usual())
    assert deliver(paths, lines, SECOND).status == "loaded"


def test_column_that_was_always_empty_loses_nothing(paths: DataPaths) -> None:
    lines = [row(number, "") for number in range(50)]
    deliver(paths, lines)
    assert deliver(paths, lines[:40], SECOND).status == "loaded"


def test_small_change_of_a_small_source_is_everyday(paths: DataPaths) -> None:
    deliver(paths, usual(30))
    assert deliver(paths, usual(11), SECOND).status == "loaded"


def test_late_file_is_not_held_against_a_newer_one(paths: DataPaths) -> None:
    deliver(paths, usual(), SECOND)
    assert deliver(paths, usual(10), FIRST).status == "loaded"


def test_release_of_a_file_that_is_not_there_says_so(paths: DataPaths) -> None:
    assert "no such file lies in quarantine" in call("release", "none.csv", "--reason", "x", expect=2)


def test_file_that_grows_while_it_is_read_stays_in_landing(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    from lead_enrichment.ingest import run as module

    path, real = paths.landing / "texas" / FIRST, module.convert

    def growing(*arguments: object) -> object:
        converted = real(*arguments)  # type: ignore[arg-type]
        with path.open("a", encoding="utf-8") as stream:
            stream.write(row(2) + "\n")
        return converted

    with monkeypatch.context() as patched:
        patched.setattr(module, "convert", growing)
        assert deliver(paths, [row(1)]).status == "waiting"
    assert left(paths) == [FIRST] and not Ledger(paths.bronze).attempts()
    assert [outcome.rows_loaded for outcome in ingest(paths)] == [2]


def test_half_a_file_that_grows_is_not_refused(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    from lead_enrichment.ingest import run as module

    path, real = paths.landing / "texas" / FIRST, module.read_header

    def growing(*arguments: object) -> object:
        header = real(*arguments)  # type: ignore[arg-type]
        path.write_text("\n".join([HEADER, row(1)]) + "\n", encoding="utf-8")
        return header

    path.parent.mkdir()
    path.write_text(HEADER[:20], encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_header", growing)
        assert [outcome.status for outcome in ingest(paths)] == ["waiting"]
    assert [outcome.status for outcome in ingest(paths)] == ["loaded"]


def test_manifest_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / FIRST
    path.with_name(f"{FIRST}.manifest.json").write_text(json.dumps({"rows": 0}))
    statement = read_manifest(path)
    assert statement and statement.rows == 0
    path.with_name(f"{FIRST}.manifest.json").write_text("no")
    with pytest.raises(DataError):
        read_manifest(path)
