"""A value in standard form is its own standard, on both engines; an address printed from its parts is read alike."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import phonenumbers
import pytest
import sqlglot
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.address.address_columns
import macros.address.address_line
import macros.address.address_parts
import macros.address.address_unit
import macros.address.address_words
import macros.contact.email_columns
import macros.contact.email_first
import macros.contact.phone_digits
import macros.contact.phone_e164
import macros.name.clean_text
import macros.name.name_normal
import macros.name.name_parts
import macros.name.natural_order  # noqa: F401
from macros.address.address_parts import DIRECTIONS, SUFFIXES
from macros.address.address_unit import BEHIND_ONLY, DESIGNATORS, PLACES
from models.staging.stg_phone_irregular import read_phone

# Each example is a hundred values that one query reads: planning it takes longer than running it. So a failure is
# shown as it was found, by value, and not made smaller, and CI tries what it tried before.
MANY = settings(
    max_examples=3, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip
ENGINES = pytest.mark.parametrize("engine", ["duckdb", "spark"])


def written(name: str, *columns: str) -> str:
    """Return the SQL that a macro writes, several projections separated by commas."""
    text = macro.get_registry()[name].func(None, *(exp.column(column) for column in columns))
    return text if isinstance(text, str) else ", ".join(text)


QUERIES = {
    "name": f"""
        WITH cleaned AS (SELECT place, {written("clean_text", "raw")} AS clean FROM delivered),
        parted AS (SELECT place, {written("name_parts", "clean")} FROM cleaned)
        SELECT {written("natural_order", "name_trade_part")} FROM parted ORDER BY place
    """,
    "name in comparison": f"SELECT {written('name_normal', 'raw')} FROM delivered ORDER BY place",
    "text": f"SELECT {written('clean_text', 'raw')} FROM delivered ORDER BY place",
    "email": f"""
        WITH apart AS (SELECT place, {written("email_first", "raw")} FROM delivered)
        SELECT email FROM (SELECT place, {written("email_columns", "email_value")} FROM apart) ORDER BY place
    """,
    "phone": f"""
        WITH plain AS (SELECT place, {written("phone_digits", "raw")} AS digits FROM delivered)
        SELECT {written("phone_e164", "digits")} FROM plain ORDER BY place
    """,
    "address": f"""
        WITH lined AS (SELECT place, {written("address_line", "raw")} AS address_line FROM delivered),
        apart AS (SELECT d.*, {written("address_unit", "d")} FROM lined AS d),
        worded AS (SELECT d.*, {written("address_parts", "d")} FROM apart AS d),
        typed AS (SELECT d.*, {written("address_words", "d")} FROM worded AS d),
        parted AS (SELECT place, {written("address_columns", "d")} FROM typed AS d)
        SELECT house_number, street, unit, address_reason FROM parted ORDER BY place
    """,
}


def standardized(kind: str, values: Sequence[str | None], engine: str) -> list[tuple[str | None, ...]]:
    """Return what the rules of a kind make of values, written for an engine and run on DuckDB."""
    query = sqlglot.transpile(QUERIES[kind], read="duckdb", write=engine)[0]
    query = sqlglot.transpile(query, read=engine, write="duckdb")[0]
    with duckdb.connect() as connection:
        # The seed of invented addresses, which say nothing of the form.
        connection.execute("CREATE SCHEMA seeds; CREATE TABLE seeds.placeholder_email (part TEXT, value TEXT)")
        connection.execute(
            "CREATE TABLE delivered AS SELECT UNNEST(RANGE(LEN($raw))) AS place, UNNEST($raw::TEXT[]) AS raw",
            {"raw": list(values)},
        )
        return connection.execute(query).fetchall()


def assert_standard(kind: str, values: Sequence[str], engine: str) -> None:
    """Assert that what a kind's rules make of values they leave as it is."""
    once = [value for (value,) in standardized(kind, values, engine)]
    twice = [value for (value,) in standardized(kind, once, engine)]
    assert [found for found in zip(values, once, twice, strict=True) if found[1] != found[2]] == []


WORDS = st.sampled_from(
    ("Oak", "St", "The", "Inc", "LLC", "Co", "Kids", "A", "B", "V", "Jr.", "d/b/a", "and", "&", "Ltd", "É", "ß",
     "&amp;", "&#39;", "(Angola)", "Smith,", "Ann", "[closed]", "\'", '"', "-", "Niños", "Ã©", "’", ",",
     "\u2013", "\u00a0", "\u200b")
)  # fmt: skip
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=6).map(" ".join)
HOSTS = st.sampled_from(("school.org", "Kids.com", "a-b.co.uk", "door", "xn--a.com", "x.test"))
LOCALS = st.text(alphabet="abzABZ09.'+_- é", min_size=1, max_size=8)
EMAILS = st.lists(
    st.one_of(st.builds("{}@{}".format, LOCALS, HOSTS), st.sampled_from((";", ",", "or", "<", ">", "mailto:", "."))),
    min_size=1, max_size=4,
).flatmap(lambda parts: st.sampled_from(("", " ")).map(lambda blank: blank.join(parts)))  # fmt: skip
PHONES = st.one_of(
    st.from_regex(r"\A\(?[2-9][0-9]{2}\)?[-. ]?[2-9][0-9]{2}[-. ]?[0-9]{4}( x[0-9]{1,4}| or [0-9]{7}|)\Z"),
    st.text(alphabet="0123456789+-() xABC", max_size=16),
)
DIRECTION_WORDS = st.sampled_from(("", *DIRECTIONS, *DIRECTIONS.values(), "N.W."))
NAME_WORDS = st.sampled_from(("Oak", "Willow Creek", "5th", "La Salle", "St Louis", "Quartz", "Front", "Key", "A"))
SUFFIX_WORDS = st.sampled_from(("", *SUFFIXES, *SUFFIXES.values()))
HOUSES = st.from_regex(r"\A[1-9][0-9]{0,4}(-?[A-Z]|-[0-9]{1,3}| 1/2)?\Z")
IDENTIFIERS = st.from_regex(r"\A([1-9][0-9]{0,3}[A-Z]?|[A-Z]|[A-Z]-?[0-9]{1,3})\Z")
UNITS = st.one_of(
    st.just(""),
    st.builds("{} {}".format, st.sampled_from((*DESIGNATORS, *BEHIND_ONLY, "#")), IDENTIFIERS),
    st.sampled_from((*PLACES, "2nd Floor", "Second Floor", "FL 3", "PO Box 12", "behind the church")),
)
ADDRESSES = st.builds(
    lambda *parts: " ".join(part for part in parts if part),
    HOUSES, DIRECTION_WORDS, NAME_WORDS, SUFFIX_WORDS, DIRECTION_WORDS, UNITS,
)  # fmt: skip


@ENGINES
@pytest.mark.parametrize("kind", ["name", "name in comparison", "text"])
@given(values=st.lists(TEXTS, min_size=100, max_size=100))
@MANY
def test_standard_name_is_its_own_standard(values: list[str], kind: str, engine: str) -> None:
    assert_standard(kind, values, engine)


@ENGINES
@given(values=st.lists(EMAILS, min_size=100, max_size=100))
@MANY
def test_standard_email_is_its_own_standard(values: list[str], engine: str) -> None:
    assert_standard("email", values, engine)


@ENGINES
@given(values=st.lists(PHONES, min_size=100, max_size=100))
@MANY
def test_standard_phone_is_its_own_standard(values: list[str], engine: str) -> None:
    assert_standard("phone", values, engine)
    for number in [number for value in values for number, *_ in [read_phone(value)] if number is not None]:
        assert read_phone(number)[0] == number
        # And as people write it
        assert read_phone(phonenumbers.format_number(phonenumbers.parse(number), 1))[0] == number


@ENGINES
@given(values=st.lists(ADDRESSES, min_size=100, max_size=100))
@MANY
def test_address_printed_from_its_parts_has_the_same_parts(values: list[str], engine: str) -> None:
    once = standardized("address", values, engine)
    printed = [" ".join(part for part in parts[:3] if part) for parts in once]
    again = standardized("address", printed, engine)
    assert [
        (value, first[:3], second[:3])
        for value, first, second in zip(values, once, again, strict=True)
        if first[:3] != second[:3]
    ] == []
