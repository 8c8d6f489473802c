"""E-mail addresses are accepted only where email-validator accepts them, and what is refused tells why."""

from __future__ import annotations

import random
import re

import duckdb
import pandas as pd
import pytest
import sqlglot
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.contact.email_columns
import macros.contact.email_first
import macros.contact.website_domain  # noqa: F401

# What the rule refuses on purpose although the library takes it: letters out of ASCII, encoded names, last parts that
# no registry has, and more than 64 characters before the at sign (RFC 5321; the library tells it in strict mode).
BEYOND_THE_RULE = re.compile(r"[^ -~]|[@.][a-z0-9-]{2}--|\.(?:[a-z]|[a-z0-9-]*[0-9-][a-z0-9-]*)$")


def by_library(raw: str) -> str | None:
    try:
        found = validate_email(raw.strip(" "), check_deliverability=False)
    except EmailNotValidError:
        return None
    return (found.ascii_email or found.normalized).lower()


def by_rule(raws: list[str]) -> list[tuple[str | None, str | None]]:
    """Return email and email_reason of each text."""
    columns = ", ".join(macro.get_registry()["email_columns"].func(None, exp.column("raw")))
    delivered = pd.DataFrame({"position": range(len(raws)), "raw": raws}).astype({"raw": object})  # noqa: F841
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA seeds")
        connection.execute("CREATE TABLE seeds.placeholder_email (part TEXT, value TEXT)")
        connection.execute("INSERT INTO seeds.placeholder_email VALUES ('local part', 'test'), ('domain', 'none.com')")
        query = f"SELECT email, email_reason FROM (SELECT position, {columns} FROM delivered) AS d ORDER BY position"
        return connection.execute(query).fetchall()


def disagreements(raws: list[str]) -> list[tuple[str, str | None, str | None]]:
    """Return the texts that rule and library read apart, but for what the rule refuses on purpose."""
    found = []
    for raw, (email, _) in zip(raws, by_rule(raws), strict=True):
        valid, clean = by_library(raw), raw.strip(" ").lower()
        on_purpose = BEYOND_THE_RULE.search(clean) or len(clean.split("@")[0]) > 64
        if email != valid and not (email is None and on_purpose):
            found.append((raw, email, valid))
    return found


def random_address(rng: random.Random) -> str:
    """Return a text that is an address or nearly one."""
    letters = "abcxyzABZ0129._-+'%!#$&*/=?^`{|}~ " if rng.random() < 0.5 else "abcxyz019._-+"
    local = "".join(rng.choice(letters) for _ in range(rng.randrange(1, 12 if rng.random() < 0.97 else 70)))
    labels = [
        "".join(rng.choice("abcz019-" if rng.random() < 0.4 else "abcxyz") for _ in range(rng.randrange(1, 7)))
        for _ in range(rng.randrange(1, 4))
    ]
    last = rng.choice(
        ["com", "org", "edu", "us", "co.uk", "test", "local", "invalid", "localhost", "c", "123", "museum"]
    )
    at = "@" if rng.random() < 0.95 else rng.choice(["@@", " @ ", "at", ""])
    return f"{rng.choice(['', '', ' '])}{local}{at}{'.'.join(labels)}.{last}{rng.choice(['', '', ' ', '.'])}"


def test_random_addresses_are_read_as_by_email_validator() -> None:
    rng = random.Random(3)
    raws = [random_address(rng) for _ in range(30_000)]
    assert sum(email is not None for email, _ in by_rule(raws)) > 3_000
    assert disagreements(raws) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(st.emails(), st.text(max_size=30)).filter(lambda raw: "\x00" not in raw), min_size=1, max_size=40
    )
)
def test_addresses_of_any_shape_are_read_as_by_email_validator(raws: list[str]) -> None:
    assert disagreements(raws) == []


@pytest.mark.parametrize(
    ("raw", "email", "reason"),
    [
        (" J.O'Brien@Gmail.COM ", "j.o'brien@gmail.com", None),
        ("test@gmail.com", "test@gmail.com", "placeholder"),
        # Of a placeholder's name, but another
        ("test1@gmail.com", "test1@gmail.com", None),
        ("me@none.com", "me@none.com", "placeholder"),
        ("me@mynone.com", "me@mynone.com", None),
        ("N/A", None, "no at sign"),
        ("a@b.com; c@d.com", None, "not a valid address"),
        ("me@school.local", None, "reserved domain"),
        ("me@mylocal.com", "me@mylocal.com", None),
        ("josé@school.com", None, "not a plain ASCII address"),
        ("a" * 65 + "@school.com", None, "not a valid address"),
        ("a@" + "b123456789." * 23 + "com", None, "not a valid address"),
        ("  ", None, None),
    ],
)
def test_address_is_read_or_tells_why_not(raw: str, email: str | None, reason: str | None) -> None:
    assert by_rule([raw]) == [(email, reason)]


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("https://www.molschool.org/staff-directory", "molschool.org"),
        ("www.primecoat.com", "primecoat.com"),
        ("HTTP://Emmanuel.net:8080/?a=b", "emmanuel.net"),
        ("sites.google.com/view/x", "sites.google.com"),
        ("www.com", "www.com"),
        ("ask@school.com", None),
        ("see facebook.com", None),
        ("none", None),
        ("", None),
    ],
)
def test_web_site_is_known_by_its_host(raw: str, domain: str | None) -> None:
    written = macro.get_registry()["website_domain"].func(None, exp.column("raw"))
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {written} FROM (SELECT ? AS raw) AS given", [raw]).fetchall() == [(domain,)]


@pytest.mark.parametrize("through", ["duckdb", "spark"])
@pytest.mark.parametrize(
    ("raw", "value", "rest"),
    [
        ("ann@school.org; bob@school.org", "ann@school.org", "bob@school.org"),
        ("ann@school.org or bob@school.org", "ann@school.org", "bob@school.org"),
        ("ann@school.org/bob@school.org", "ann@school.org", "bob@school.org"),
        ("Ann Lee <Ann@School.org>", "ann@school.org", "ann lee"),
        ("mailto:ann@school.org", "ann@school.org", None),
        ("ann@school.org.", "ann@school.org", None),
        ("ann@school.org (work)", "ann@school.org", "work"),
        ("\u00a0ann\u200b@school.org\u2003", "ann@school.org", None),
        ("'ann@school.org'", "ann@school.org", None),
        # The first that is valid
        ("n/a; bob@school.org", "bob@school.org", "n/a"),
        ("ann@school bob@school.org", "bob@school.org", "ann@school"),
        # One address, and what is none
        ("J.O'Brien@gmail.com", "j.o'brien@gmail.com", None),
        ("john.doe.@school.org", "john.doe.@school.org", None),
        ("ann lee@school.org", "ann lee@school.org", None),
        ("josé o'brien@school.org", "josé o'brien@school.org", None),
        ("ann@@school.org", "ann@@school.org", None),
        ("none", "none", None),
        (" ", "", None),
    ],
)
def test_first_of_several_addresses_is_taken_and_the_rest_is_kept(
    raw: str, value: str, rest: str | None, through: str
) -> None:
    columns = ", ".join(macro.get_registry()["email_first"].func(None, exp.column("raw")))
    query = sqlglot.transpile(f"SELECT {columns} FROM given", read="duckdb", write=through)[0]
    query = sqlglot.transpile(query, read=through, write="duckdb")[0]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given AS SELECT ?::TEXT AS raw", [raw])
        assert connection.execute(query).fetchall() == [(value, rest)]
        # A value that has been read is read as itself
        connection.execute("UPDATE given SET raw = ?", [value])
        assert connection.execute(query).fetchall() == [(value, None)]


@pytest.mark.parametrize("name", ["email_columns", "email_first", "website_domain"])
def test_macro_is_written_for_spark_too(name: str) -> None:
    text = macro.get_registry()[name].func(None, exp.column("raw"))
    query = f"SELECT {text if isinstance(text, str) else ', '.join(text)} FROM given"
    rendered = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    assert "REGEXP_MATCHES" not in rendered
    assert sqlglot.parse_one(rendered, read="spark").selects
