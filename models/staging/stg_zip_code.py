"""ZIP codes with their places, from the package zipcodes and the list of counties."""

from __future__ import annotations

import typing as t
import unicodedata
from datetime import datetime
from importlib.metadata import version

import pandas as pd
import zipcodes
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName

# Read here, not in the function, so that SQLMesh sees another release as a change of the model.
ZIPCODES_VERSION = version("zipcodes")


def fold_county(name: str) -> str:
    """Return a county's name without its kind, accents and spaces, so that two lists agree on it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    folded = plain.upper().replace(".", "").replace("'", "").replace("SAINT ", "ST ").replace("-", " ")
    folded = folded.removeprefix("MUNICIPALITY OF ").removeprefix("CITY AND BOROUGH OF ")
    for kind in (" CITY AND BOROUGH", " CENSUS AREA", " MUNICIPALITY", " MUNICIPIO", " BOROUGH", " PARISH", " COUNTY"):
        folded = folded.removesuffix(kind)
    return folded.replace(" ", "")


@model(
    "staging.stg_zip_code",
    kind={"name": ModelKindName.FULL},
    owner="lead_enrichment",
    start="2000-01-01",
    end="2000-01-01",
    grains=["postal_code"],
    ignored_rules=["nomissingunittest"],
    description=(
        "ZIP codes of the United States with city, county and position, from the package zipcodes and the seed of "
        "counties. One row per ZIP code."
    ),
    columns={
        "postal_code": "text",
        "city": "text",
        "city_names": "text",
        "county": "text",
        "county_fips": "text",
        "state": "text",
        "latitude": "double",
        "longitude": "double",
        "list_version": "text",
    },
    column_descriptions={
        "postal_code": "ZIP of five digits",
        "city": "City in upper case, as the Postal Service prefers it",
        "city_names": "Every name under which the Postal Service knows the place, in upper case, each between bars",
        "county": "County in upper case, without the word county",
        "county_fips": "FIPS code of the county, five digits; NULL where no county of that name is listed",
        "state": "Two-letter code of the state",
        "latitude": "Latitude in degrees",
        "longitude": "Longitude in degrees",
        "list_version": "Release of the package zipcodes that lists it",
    },
    audits=[
        ("not_null", {"columns": [exp.column("postal_code")]}),
        ("unique_values", {"columns": [exp.column("postal_code")]}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> pd.DataFrame:
    """Return the list of the package zipcodes, with the FIPS code of each county."""
    listed = pd.DataFrame(zipcodes.list_all())
    # Parsed, so that it is written for whatever engine runs it.
    query = f"SELECT county_fips, state, county_name FROM {context.resolve_table('seeds.county')}"
    counties = context.fetchdf(parse_one(query, dialect="duckdb"))
    fips = {(row.state, fold_county(row.county_name)): f"{row.county_fips:05d}" for row in counties.itertuples()}
    folded = [fold_county(name or "") for name in listed["county"]]
    names = listed["city"].map(lambda city: [city]) + listed["acceptable_cities"] + listed["unacceptable_cities"]
    return pd.DataFrame(
        {
            "postal_code": listed["zip_code"],
            "city": listed["city"].str.upper(),
            "city_names": [f"|{'|'.join(spellings).upper()}|" for spellings in names],
            "county": [name.upper().removesuffix(" COUNTY") if name else None for name in listed["county"]],
            "county_fips": [fips.get(key) for key in zip(listed["state"], folded, strict=True)],
            "state": listed["state"],
            "latitude": pd.to_numeric(listed["lat"], errors="coerce"),
            "longitude": pd.to_numeric(listed["long"], errors="coerce"),
            "list_version": ZIPCODES_VERSION,
        }
    ).drop_duplicates("postal_code")
