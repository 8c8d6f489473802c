"""Flags, numbers, times, licence types, countries and lists of words are read alike on both engines."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator

import macros.address.country_code
import macros.address.country_of_state
import macros.address.postal_code
import macros.address.state_code
import macros.address.street_words
import macros.lead.salesforce_id
import macros.match.match_levels
import macros.match.match_values
import macros.match.match_weights
import macros.name.clean_text
import macros.name.name_normal
import macros.name.name_words
import macros.parse.conformed_word
import macros.parse.license_type
import macros.parse.parse_boolean
import macros.parse.parse_date
import macros.parse.parse_integer
import macros.parse.parse_timestamp
import macros.sql.join_text
import macros.sql.shared_words
import macros.sql.unaccented  # noqa: F401
from lead_enrichment.contracts import contracts
from lead_enrichment.warehouse.connection import connect
from macros.match.match_values import MATCH_ATTRIBUTES


def rendered(query: str) -> exp.Expr:
    """Return a query with its macros expanded, their arguments coerced as SQLMesh coerces them."""
    found = MacroEvaluator(dialect="duckdb").transform(sqlglot.parse_one(query, read="duckdb"))
    assert isinstance(found, exp.Expr)
    return found


def value(call: str, *given: str | None, through: str = "duckdb") -> object:
    """Return what a call makes of the texts a, b, c …, run on DuckDB as written for an engine and read back."""
    columns = ", ".join(f"?::TEXT AS {name}" for name, _ in zip("abcdefg", given, strict=False))
    text = rendered(f"SELECT {call} FROM given").sql(dialect=through)
    text = sqlglot.transpile(text, read=through, write="duckdb")[0]
    with connect() as connection:
        row = connection.execute(f"WITH given AS (SELECT {columns}) {text}", list(given)).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("@parse_boolean(a)", [" y "], True),
        ("@parse_boolean(a)", ["TRUE"], True),
        ("@parse_boolean(a)", ["No"], False),
        ("@parse_boolean(a)", ["0"], False),
        ("@parse_boolean(a)", ["maybe"], None),
        ("@parse_boolean(a)", [None], None),
        ("@parse_integer(a)", [" 1,204 "], 1204),
        ("@parse_integer(a)", ["012.00"], 12),
        ("@parse_integer(a)", ["12.5"], None),
        ("@parse_integer(a)", ["-3"], None),
        # A capacity has no seven digits: it is another column's number
        ("@parse_integer(a)", ["1234567"], None),
        ("@parse_integer(a)", [None], None),
        # The three last characters tell the capitals of the others
        ("@salesforce_id(a)", [" 00Q8a00001ufW0AEAU\u00a0"], "00Q8a00001ufW0A"),
        ("@salesforce_id(a)", ["00Q5e00002KbCdEEAV"], "00Q5e00002KbCdE"),
        ("@salesforce_id(a)", ["00Q5e00002KbCdE"], "00Q5e00002KbCdE"),
        # Those of another record
        ("@salesforce_id(a)", ["00Q5e00002KbCdeEAV"], "00Q5e00002KbCdeEAV"),
        ("@salesforce_id(a)", ["310"], "310"),
        ("@license_type(a)", ["Group Child Care Home"], "group_home"),
        ("@license_type(a)", ["Family Child Care"], "family_home"),
        ("@license_type(a)", ["Licensed Center"], "center"),
        ("@license_type(a)", ["Outdoor camp"], "other"),
        ("@license_type(a)", [" "], None),
        ("@country_code(a)", ["u.s."], "US"),
        ("@country_code(a)", ["U. S. A."], "US"),
        ("@country_code(a)", ["United States (USA)"], "US"),
        ("@country_code(a)", ["Canada"], "CA"),
        # A year of two digits is of this century where the date can be of it
        ("CAST(@parse_date(a) AS TEXT)", ["\u00a010/13/2011\u200b"], "2011-10-13"),
        ("CAST(@parse_date(a) AS TEXT)", ["9999-12-31"], None),
        ("CAST(@parse_date(a) AS TEXT)", ["1/1/0001"], None),
        ("@parse_integer(a)", ["\u00a045\t"], 45),
        ("CAST(@parse_date(a, 2026) AS TEXT)", ["1/14/69"], "1969-01-14"),
        ("CAST(@parse_date(a, 2026) AS TEXT)", ["1/14/26"], "2026-01-14"),
        ("CAST(@parse_date(a, 2056) AS TEXT)", ["12/31/35"], "2035-12-31"),
        ("CAST(@parse_date(a, 2026) AS TEXT)", ["1/14/2069"], "2069-01-14"),
        ("CAST(@parse_date(a) AS TEXT)", ["1/14/69"], "2069-01-14"),
        ("@country_code(a)", ["Mexico"], None),
        ("@country_code(a)", [" "], None),
        ("@country_code(a)", [None], None),
        ("@country_of_state(a)", ["ON"], "CA"),
        ("@country_of_state(a)", ["TX"], "US"),
        ("@country_of_state(a)", [None], None),
        ("@clean_text(a)", ["\u2007Big\u00a0Steps\u2013\u200bTots\u2800"], "Big Steps-Tots"),
        ("@clean_text(a)", ["Ni&ntilde;os &amp; Bob&#39;s"], "Niños & Bob's"),
        ("@name_normal(a)", ["Nin\u0303os Élan, LLC"], "NINOS ELAN"),
        ("@unaccented(a)", ["Cañon City"], "CANON CITY"),
        ("@unaccented(a)", [None], None),
        ("@state_code(a)", ["\u00a0New\u2003York\u200b"], "NY"),
        ("@postal_code(a)", ["\u300089027\u20111234"], "89027"),
        ("@join_text('; ', a, b, c)", ["x", None, "z"], "x; z"),
        # An empty text is a part of its own
        ("@join_text('; ', a, b, c)", ["x", "", "z"], "x; ; z"),
        ("@join_text('; ', a, b, c)", [None, None, None], None),
    ],
)
def test_value_is_read(call: str, given: list[str | None], expected: object, through: str) -> None:
    assert value(call, *given, through=through) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2024-03-02 2:56:37", "2024-03-02 02:56:37+00"),
        ("2024-03-02 12:56:37", "2024-03-02 12:56:37+00"),
        ("2024-03-02", "2024-03-02 00:00:00+00"),
        ("2024-02-30 2:56:37", None),
        ("yesterday", None),
        (None, None),
        # An offset is kept, in each spelling
        ("2024-01-22T20:36:47-05:00", "2024-01-23 01:36:47+00"),
        ("2024-03-01T23:30:00.000-0800", "2024-03-02 07:30:00+00"),
        ("2024-03-01 23:30:00 -08", "2024-03-02 07:30:00+00"),
        ("2024-03-02T5:30:00+05:30", "2024-03-02 00:00:00+00"),
        ("2024-01-22T20:36:47.000+0000", "2024-01-22 20:36:47+00"),
        ("2024-01-22T20:36:47z", "2024-01-22 20:36:47+00"),
        (" 2024-01-22 20:36:47 UTC ", "2024-01-22 20:36:47+00"),
        # What programs write for no time is none
        ("infinity", None),
        ("-infinity", None),
        ("epoch", None),
        ("9999-12-31 00:00:00", None),
        ("1970-01-01 00:00:00", None),
        ("1900-01-01", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_salesforce_time_is_in_utc_and_its_hour_may_have_one_digit(raw: str | None, expected: str | None) -> None:
    assert value("CAST(@parse_timestamp(a) AS TEXT)", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-11-05 23:59:59", "2026-11-05 23:59:59+00"),
        # The day of the delivery lasts longer elsewhere
        ("2026-11-06T11:00:00-0800", "2026-11-06 19:00:00+00"),
        ("2026-11-07 00:00:01", None),
        ("2031-01-01 00:00:00", None),
    ],
)
def test_salesforce_time_later_than_its_delivery_is_none(raw: str, expected: str | None) -> None:
    call = "CAST(@parse_timestamp(a, b::TIMESTAMPTZ) AS TEXT)"
    assert value(call, raw, "2026-11-05 00:00:00+00") == expected
    assert value(call, raw, None) is not None


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("@name_words(a)", ["LITTLE ACORNS LITTLE"], ["ACORNS", "LITTLE"]),
        ("@name_words(a)", [None], None),
        ("@street_words(a)", ["N SEVENTH AVE"], ["7TH", "AVE", "N"]),
        # Only a word of its own is an ordinal
        ("@street_words(a)", ["SEVENTHS AVE"], ["AVE", "SEVENTHS"]),
        ("@shared_words(@name_words(a), @name_words(b))", ["LITTLE ACORNS", "ACORNS LITTLE"], 2),
        ("@shared_words(@name_words(a), @name_words(b))", ["LITTLE ACORNS", "ACORNS SCHOOL"], 1),
        ("@shared_words(@name_words(a), @name_words(b))", ["ACORNS", "OAKS"], 0),
    ],
)
def test_words_are_listed_once_and_counted(call: str, given: list[str | None], expected: object) -> None:
    assert value(call, *given) == expected


def test_words_are_written_for_spark() -> None:
    spark = rendered("SELECT @shared_words(@street_words(a), @street_words(b)) FROM given").sql(dialect="spark")
    assert "ARRAY_INTERSECT(" in spark and "STRING_SPLIT" not in spark


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("macro", "suffixes"),
    [("match_values", ("left", "right")), ("match_levels", ("level",)), ("match_weights", ("weight", "adjustment"))],
)
def test_every_attribute_of_a_pair_has_described_columns(macro: str, suffixes: tuple[str, ...], through: str) -> None:
    query = rendered(f"SELECT @{macro}(p) FROM pair AS p")
    assert isinstance(query, exp.Select)
    expected = [
        f"{attribute}_{suffix}"
        for attribute, _, is_adjusted in MATCH_ATTRIBUTES
        for suffix in suffixes
        if suffix != "adjustment" or is_adjusted
    ]
    assert query.named_selects == expected
    assert all(projection.comments for projection in query.selects)
    again = sqlglot.parse_one(query.sql(dialect=through), read=through)
    assert isinstance(again, exp.Select) and again.named_selects == expected


@pytest.mark.parametrize(
    ("column", "raw", "expected"),
    [
        ("texas.status", "Full Permit", "active"),
        ("texas.status", "Registered", "active"),
        ("texas.status", "REGISTERED", "active"),
        ("texas.status", "  initial ", "active"),
        ("texas.status", "Full   permit", "active"),
        ("texas.status", "Registration Revoked", "revoked"),
        ("texas.status", "Permit Revoked", "revoked"),
        ("texas.status", "Closed", "closed"),
        ("texas.status", "Something new", "unknown"),
        ("texas.status", None, "unknown"),
        ("nevada.status", "ACTIVE", "active"),
        ("nevada.status", "Expired", "expired"),
    ],
)
def test_status_is_conformed_by_the_vocabulary_of_its_contract(column: str, raw: str | None, expected: str) -> None:
    assert value(f"@conformed_word('{column}', a)", raw) == expected


@pytest.mark.parametrize(("source", "column"), [("texas", "type"), ("nevada", "credential_type")])
def test_types_are_read_as_the_vocabulary_of_their_contract_has_them(source: str, column: str) -> None:
    (found,) = [item for item in contracts()[source].columns if item.name == column]
    words = [(name, word) for name, listed in found.vocabulary.items() for word in listed]
    assert [(value("@license_type(a)", word), word) for _, word in words] == words
