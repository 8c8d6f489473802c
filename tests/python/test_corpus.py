"""Every distinct address, name, phone and e-mail of the demo and of the real samples is read, or it is told why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest
import usaddress

from conftest import needs_samples
from corpus import demo_rows, parsed, sample_rows

# What has to be read of each kind: the share of distinct values, as it was when this was written. Half of the phones of
# the Chicago sites have no area code; addresses of the restaurants name cross streets.
SHARES = {
    "demo": {"name": 1.0, "phone": 0.98, "email": 0.99, "address": 0.99},
    "samples": {"name": 1.0, "phone": 0.58, "email": 1.0, "address": 0.89},
}
READ = {
    "name": "name_normal IS NOT NULL",
    "phone": "phone_e164 IS NOT NULL",
    "email": "email IS NOT NULL",
    "address": "street IS NOT NULL AND address_reason IS NULL",
}
TOLD = {
    "phone": "phone_reason IS NOT NULL",
    "email": "email_reason IS NOT NULL",
    "address": "address_reason IS NOT NULL",
}
# Parts of an address that are no street, as usaddress names them.
NO_STREET = (
    "Occupancy", "Subaddress", "PlaceName", "StateName", "ZipCode", "Recipient", "LandmarkName", "Intersection",
    "NotAddress", "BuildingName", "CornerOf", "SecondStreetName", "USPSBox",
)  # fmt: skip
# Streets that usaddress takes for something else: Pacific Coast Highway, a city, a building.
STREETS = {"PCH", "N ST LOUIS", "WORLD FINANCIAL CTR"}


@pytest.fixture(scope="module", params=["demo", pytest.param("samples", marks=needs_samples)])
def corpus(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, duckdb.DuckDBPyConnection]]:
    """The name of a corpus, and the tables of its values."""
    rows = demo_rows(tmp_path_factory.mktemp("corpus")) if request.param == "demo" else sample_rows()
    with parsed(rows) as connection:
        yield request.param, connection


def left_over(house_number: str, street: str) -> list[str]:
    """Return the parts of a street that are none by usaddress; the numbered roads of Texas it does not know."""
    if street in STREETS or street.split()[0] in ("FM", "RM", "CR"):
        return []
    labels = [label for _, label in usaddress.parse(f"{house_number} {street}")]
    return [label for label in labels if label.startswith(NO_STREET)]


def test_nothing_is_left_over_in_a_street_without_a_reason(corpus: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    streets = (
        corpus[1]
        .execute(
            "SELECT DISTINCT house_number, street FROM staging.stg_address "
            "WHERE address_reason IS NULL AND house_number IS NOT NULL AND street IS NOT NULL"
        )
        .fetchall()
    )
    assert len(streets) > 100
    assert {street: parts for street in streets if (parts := left_over(*street))} == {}


@pytest.mark.parametrize("kind", READ)
def test_as_many_values_are_read_as_ever(
    kind: str, corpus: tuple[str, duckdb.DuckDBPyConnection], record_property: Callable[[str, object], None]
) -> None:
    name, connection = corpus
    (share,) = connection.execute(f"SELECT AVG(({READ[kind]})::INT) FROM staging.stg_{kind}").fetchone() or (0,)
    record_property(f"share of {kind} read in the {name}", round(share, 4))
    assert share >= SHARES[name][kind], f"{kind}: {share:.1%} read"


@pytest.mark.parametrize("kind", TOLD)
def test_value_that_is_not_read_has_a_reason(kind: str, corpus: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    silent = (
        corpus[1]
        .execute(f"SELECT {kind}_raw FROM staging.stg_{kind} WHERE NOT ({READ[kind]}) AND NOT ({TOLD[kind]})")
        .fetchall()
    )
    assert silent == []
