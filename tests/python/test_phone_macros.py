"""The phone rule in SQL says what phonenumbers says, and the library decides whatever the rule leaves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import phonenumbers
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.contact.phone_digits
import macros.contact.phone_e164
import macros.contact.phone_reason
import macros.contact.phone_type  # noqa: F401
from models.staging.stg_phone_irregular import execute, parse_phone, read_phone

Answer = tuple[str | None, str | None]

# Area codes of several regions of +1, toll-free, personal and premium numbers, and some that nobody has.
AREAS = (201, 242, 246, 340, 405, 416, 441, 500, 512, 600, 622, 658, 684, 702, 721, 787, 800, 876, 888, 900, 911, 999)
SHAPES = (
    "{}{}{}", "({}) {}-{}", "({}){}-{}", "{}-{}-{}", "{}.{}.{}", "{} {} {}", "{}/{}-{}", " {}-{}-{} ", "+1 {} {} {}",
    "+1{}{}{}", "1-{}-{}-{}", "1{}{}{}", "+1 ({}) {}-{}", "+1-({})-{}-{}", "({}) {} - {}", "{}-{}-{} x12", "{}-{}-{}#9",
    "+44 {} {} {}", "0{}{}{}", "011{}{}{}", "{}{}{}0", "{}-{}", "\t{}-{}-{}", "{}\u00a0{}\u00a0{}", "tel:{}-{}-{}",
)  # fmt: skip


def by_library(raw: str) -> Answer:
    """Return E.164 and kind of line as phonenumbers tells them."""
    try:
        number = phonenumbers.parse(raw, "US")
    except phonenumbers.NumberParseException:
        return None, None
    if not phonenumbers.is_valid_number(number):
        return None, None
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind


def written(name: str, *columns: str) -> str:
    """Return the SQL that a macro writes for some columns."""
    text = macro.get_registry()[name].func(None, *(exp.column(column) for column in columns))
    assert isinstance(text, str)
    return text


def by_rule(raws: Sequence[str]) -> list[tuple[bool, Answer]]:
    """Return whether the rule in SQL decides each phone, and its E.164 and kind of line."""
    query = f"""
        SELECT digits IS NOT NULL, {written("phone_e164", "digits")}, {written("phone_type", "digits")}
        FROM (SELECT position, {written("phone_digits", "raw")} AS digits FROM phone) AS plain ORDER BY position
    """
    phone = pd.DataFrame({"position": range(len(raws)), "raw": list(raws)}).astype({"raw": object})  # noqa: F841
    with duckdb.connect() as connection:
        return [(decides, (e164, kind)) for decides, e164, kind in connection.execute(query).fetchall()]


def disagreements(raws: Sequence[str]) -> list[tuple[str, Answer, Answer]]:
    """Return the phones of which rule and library, as staging joins them, say other than phonenumbers alone."""
    found = []
    for raw, (decides, answer) in zip(raws, by_rule(raws), strict=True):
        staged = answer if decides else parse_phone(raw)[:2]
        if staged != by_library(raw):
            found.append((raw, staged, by_library(raw)))
    return found


def random_phone(rng: random.Random) -> str:
    """Return a number in a random shape, or a random text."""
    if rng.random() < 0.15:
        return "".join(
            rng.choice("0123456789" * 4 + "()-. +/x#ext,;*\t\n\u00a0aEXT１２") for _ in range(rng.randrange(1, 18))
        )
    area = rng.choice(AREAS) if rng.random() < 0.6 else rng.randrange(1000)
    parts = f"{area:03}", f"{rng.randrange(1000):03}", f"{rng.randrange(10000):04}"
    return rng.choice(SHAPES).format(*parts)


def test_rule_and_library_together_agree_with_phonenumbers_on_200_000_random_strings() -> None:
    rng = random.Random(7)
    raws = [random_phone(rng) for _ in range(200_000)]
    decided = by_rule(raws)
    # The test would prove nothing if one of the two had no part in it.
    assert sum(decides for decides, _ in decided) > 80_000
    assert sum(e164 is not None for _, (e164, _) in decided) > 20_000
    assert disagreements(raws) == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.text(alphabet="0123456789()-. +/", max_size=20),
            st.from_regex(r"(\+?1[-. ]*)?\(?[2-9][0-9]{2}\)?[-./ ]*[0-9]{3}[-. ]*[0-9]{4}", fullmatch=True),
            st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
        ).filter(lambda raw: "\x00" not in raw),
        max_size=60,
    )
)
def test_rule_and_library_together_agree_with_phonenumbers_on_every_shape(raws: list[str]) -> None:
    assert disagreements(raws) == []


def test_shapes_out_of_the_plain_one_are_left_to_the_library() -> None:
    raws = ["702-555-1234 x5", "1-800-FLOWERS", "555-1234", "+44 20 7946 0958", ""]
    assert [decides for decides, _ in by_rule(raws)] == [False] * 5


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("call first", "no digits"),
        ("555-1234", "no area code"),
        ("12", "too short"),
        ("702-456-78901234567890", "too long"),
        ("+999 123 4567", "no such country code"),
        ("+44 1", "too short"),
        ("+1 222 333 4444 x1", "not a valid number"),
    ],
)
def test_phone_that_cannot_be_read_tells_why(raw: str, reason: str) -> None:
    assert parse_phone(raw) == (None, None, reason)


@pytest.mark.parametrize(
    ("raw", "e164", "rest"),
    [
        ("512-474-4571 or 512-474-4572", "+15124744571", "512-474-4572"),
        ("512-474-4571, 512-474-4572", "+15124744571", "512-474-4572"),
        ("512-474-4571/72", "+15124744571", "72"),
        ("(512) 474-4571 (512) 474-4572", "+15124744571", "(512) 474-4572"),
        ("512-474-4571\n512-474-4572", "+15124744571", "512-474-4572"),
        ("512-474-4571 cell 512-474-4572 home", "+15124744571", "cell 512-474-4572 home"),
        ("512-474-4621 (cell)", "+15124744621", "cell"),
        ("512-474-4571 Ann", "+15124744571", "Ann"),
        ("512-474-4571 (after 5 pm)", "+15124744571", "after 5 pm"),
        # The first that is valid
        ("n/a; 512-474-4572", "+15124744572", "n/a"),
        ("832-4571 Ann or 512-474-4572", "+15124744572", "832-4571 Ann"),
        ("+44 20 7946 0958 or 512-474-4571", "+442079460958", "512-474-4571"),
        # One phone
        ("512-474-4631 x 12", "+15124744631", None),
        ("512-474-4631.", "+15124744631", None),
        ("512-474-46411", None, None),
        ("512-474-4641 1", None, None),
    ],
)
def test_first_valid_of_several_phones_is_taken_and_the_rest_is_kept(
    raw: str, e164: str | None, rest: str | None
) -> None:
    number, _, reason, other = read_phone(raw)
    assert (number, other) == (e164, rest)
    assert (reason is None) is (number is not None)
    # A phone that has been read is read as itself
    assert number is None or read_phone(number) == (number, read_phone(raw)[1], None, None)


@pytest.mark.parametrize(
    ("raw", "e164", "reason"),
    [
        ("832-4571 Ann", None, "no area code"),
        ("918-4571 Bob", None, "no area code"),
        ("281-9904 Pam x12", None, "no area code"),
        # The letters are part of the number
        ("1-800-FLOWERS", "+18003569377", None),
        ("(512) 474-KIDS", "+15124745437", None),
        ("1-512-474-KIDS", "+15124745437", None),
        ("CALL 1-800-FLOWERS", "+18003569377", None),
    ],
)
def test_letters_of_a_remark_are_not_dialled(raw: str, e164: str | None, reason: str | None) -> None:
    number, _, why, _ = read_phone(raw)
    assert (number, why) == (e164, reason)


@pytest.mark.parametrize(
    ("raw", "e164", "reason"),
    [
        ("1234567890", None, "placeholder"),
        ("999-999-9999", None, "placeholder"),
        ("(702) 555-0100", "+17025550100", "placeholder"),
        # An extension does not hide it
        ("702-555-0100 x5", "+17025550100", "placeholder"),
        ("(800) 555-1212", "+18005551212", "placeholder"),
        # The nearest ones that are none
        ("(702) 555-0200", "+17025550200", None),
        ("(800) 555-1213", "+18005551213", None),
        # Abroad the same digits are a number like others
        ("+49 702 5550100", "+497025550100", None),
        ("222-333-4444", None, "not a valid number"),
        ("", None, None),
        (" ", None, None),
        (None, None, None),
    ],
)
def test_placeholder_is_told_from_a_good_number_and_from_a_bad_one(
    raw: str | None, e164: str | None, reason: str | None
) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA seeds")
        connection.execute("CREATE TABLE seeds.placeholder_phone AS SELECT 'tel:+18005551212' AS phone_uri")
        rule = written("phone_reason", "raw", "e164", "parsed_reason")
        query = f"SELECT {rule} FROM (SELECT ?::TEXT AS raw, ?::TEXT AS e164, NULL::TEXT AS parsed_reason) AS given"
        assert connection.execute(query, [raw, e164]).fetchall() == [(reason,)]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("phone_digits", ["raw"]),
        ("phone_e164", ["digits"]),
        ("phone_type", ["digits"]),
        ("phone_reason", ["raw", "e164", "parsed_reason"]),
    ],
)
def test_macro_is_written_for_spark_too(name: str, columns: list[str]) -> None:
    query = f"SELECT {written(name, *columns)} AS answer FROM given"
    rendered = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    assert "REGEXP_MATCHES" not in rendered
    assert sqlglot.parse_one(rendered, read="spark").named_selects == ["answer"]


OWN_TABLE = "staging.stg_phone_irregular"


class Bronze:
    """Stands for SQLMesh's context: runs a model's query on tables of a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def resolve_table(self, name: str) -> str:
        return name

    @property
    def engine_adapter(self) -> Bronze:
        return self

    def table_exists(self, name: str) -> bool:
        return name == OWN_TABLE

    def fetchdf(self, query: exp.Expression) -> pd.DataFrame:
        return self.connection.execute(query.sql(dialect="duckdb")).fetchdf()


def test_restating_a_day_gives_the_same_rows_and_no_phone_twice() -> None:
    days = [datetime(2026, 11, day) for day in (1, 2, 3)]
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA bronze")
        for table in ("salesforce", "nevada", "oklahoma", "texas"):
            connection.execute(f"CREATE TABLE bronze.{table} (phone TEXT, mobile_phone TEXT, received_on DATE)")
        connection.execute(
            "INSERT INTO bronze.texas (phone, received_on) VALUES ('1-800-FLOWERS', '2026-11-01'), "
            "('1-800-FLOWERS', '2026-11-02'), ('555-1234', '2026-11-02'), ('(702) 456-7890', '2026-11-02')"
        )
        connection.execute(f"CREATE SCHEMA staging; CREATE TABLE {OWN_TABLE} (phone_raw TEXT, received_on DATE)")
        context: Any = Bronze(connection)

        def staged(start: datetime, end: datetime) -> list[str]:
            """Build an interval as SQLMesh does: its rows are replaced by what the model returns."""
            parts = list(execute(context, start, end, end))
            connection.execute(f"DELETE FROM {OWN_TABLE} WHERE received_on BETWEEN ? AND ?", [start, end])
            for part in parts:  # noqa: B007
                connection.execute(f"INSERT INTO {OWN_TABLE} SELECT phone_raw, received_on FROM part")
            return sorted(raw for part in parts for raw in part["phone_raw"])

        assert [staged(day, day) for day in days] == [["1-800-FLOWERS"], ["555-1234"], []]
        assert staged(days[0], days[0]) == ["1-800-FLOWERS"]
        assert staged(days[0], days[2]) == ["1-800-FLOWERS", "555-1234"]
        assert list(execute(context, days[2], days[2], days[2])) == []
