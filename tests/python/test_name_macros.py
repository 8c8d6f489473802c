"""Names of businesses and persons are read as people write them, on every engine."""

from __future__ import annotations

import csv

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import macro

import macros.contact.contact_columns
import macros.name.clean_text
import macros.name.is_person
import macros.name.name_normal
import macros.name.name_parts
import macros.name.natural_order
import macros.parse.schedule_line
import macros.parse.unparsed  # noqa: F401
from conftest import SAMPLES, needs_samples


def read(name: str, *values: str | None) -> object:
    """Return what a macro makes of some texts: one value, or a tuple where it gives several columns."""
    columns = [exp.column(f"c{number}") for number in range(len(values))]
    text = macro.get_registry()[name].func(None, *columns)
    query = f"SELECT {text if isinstance(text, str) else ', '.join(text)} FROM (SELECT "
    query += ", ".join(f"?::TEXT AS {column.name}" for column in columns) + ") AS given"
    with duckdb.connect() as connection:
        row = connection.execute(query, list(values)).fetchone()
    assert row is not None
    return row[0] if isinstance(text, str) else row


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("MY LITTLE ANGELíS  HOME", "MY LITTLE ANGEL'S HOME"),
        ("Noahâ€™s Ark", "Noah's Ark"),
        ("CafÃ© NiÃ±os", "Café Niños"),
        ("Mary’s – “Kids”", 'Mary\'s - "Kids"'),
        # Blanks and dashes of every width, and what nobody sees; ``Ã­`` ends in a soft hyphen
        ("Big\u2009Steps\u3000\u2028\u2012 Tots\u202f", "Big Steps - Tots"),
        ("\ufeffLit\u00adtle\u200b Acorns\u200e", "Little Acorns"),
        ("RÃ\u00ados", "Ríos"),
        ("Luís\u2011Ann", "Luís-Ann"),
        # As web forms escape them, perhaps twice; an ampersand alone is none
        ("Tots &amp; Teens", "Tots & Teens"),
        ("Los Ni&ntilde;os &#8211; Bob&#039;s&nbsp;&quot;Kids&quot;", 'Los Niños - Bob\'s "Kids"'),
        ("&Eacute;lan&amp;#39;s &amp;amp; &#xE9;t&#xe9;", "Élan's & été"),
        ("MOTHER&APOS;S TOTS &AMP; NI&NTILDE;OS", "MOTHER'S TOTS & NIÑOS"),
        ("CafÃ© Tots &amp; Teens", "Café Tots & Teens"),
        ("A & B; C &notasign; D&E", "A & B; C &notasign; D&E"),
        # A name, not a broken apostrophe
        ("Luís", "Luís"),
        (" \t\n\u00a0", None),
        ("", None),
        (None, None),
    ],
)
def test_broken_characters_and_white_space_are_mended(raw: str | None, clean: str | None) -> None:
    assert read("clean_text", raw) == clean


@pytest.mark.parametrize(
    ("name", "contact", "person"),
    [
        ("MENDEZ, JONATHAN", None, True),
        ("O'NEIL-SMITH, MARY ANN JR.", None, True),
        ("MUÑOZ, JOSÉ", None, True),
        ("DAY, SUSAN", None, True),
        ("CHARLENE RATH", "Charlene Rath", True),
        # The nearest ones that are none
        ("CHARLENE RATH", "Cindy Campbell", False),
        ("CHARLENE RATH", None, False),
        ("DEELIGHTFUL STATION, LLC", None, False),
        ("Neighborhood School, The", None, False),
        ("LEARNING CENTER", "Learning Center", False),
        ("PRIMROSE", "PRIMROSE", False),
        ("RENTERIA, NANCY & DANIELLE FAMILY CHILD CARE", None, False),
    ],
)
def test_person_is_told_from_business(name: str, contact: str | None, person: bool) -> None:
    assert read("is_person", name, contact) is person


@pytest.mark.parametrize(
    ("raw", "legal", "trade"),
    [
        ("BRIGGS, DASHESHIA DBA FUN STATION, LLC", "BRIGGS, DASHESHIA", "FUN STATION, LLC"),
        ("SMITH LLC d/b/a Kids", "SMITH LLC", "Kids"),
        ("Home Sweet Home (Angola)", "Home Sweet Home", "Home Sweet Home"),
        ("Doe, Jane P (DBA) Jane's Kids LLC", "Doe, Jane P", "Jane's Kids LLC"),
        ("ROE, SAM (D/B/A) SAM'S TOTS", "ROE, SAM", "SAM'S TOTS"),
        ("ROE LLC (d.b.a. Sam's Tots)", "ROE LLC", "Sam's Tots"),
        ("Roe LLC doing business as Tots", "Roe LLC", "Tots"),
        ("(Kids World)", "Kids World", "Kids World"),
        ("[Kids World]", "Kids World", "Kids World"),
        ("Kids World [closed]", "Kids World", "Kids World"),
        ("DBA Kids World", "Kids World", "Kids World"),
        ("(Kids) World", "(Kids) World", "(Kids) World"),
        ("A (B) C", "A (B) C", "A (B) C"),
        ("Kids, Llc - New Orleans LA Child Day Care - Type III", "Kids, Llc", "Kids, Llc"),
        ("Barr Colony - O.S.C.", "Barr Colony - O.S.C.", "Barr Colony - O.S.C."),
        ('K" Street Center LLC"', "K Street Center LLC", "K Street Center LLC"),
        ("ADBA KIDS", "ADBA KIDS", "ADBA KIDS"),
    ],
)
def test_parties_of_a_name_are_told_apart(raw: str, legal: str, trade: str) -> None:
    assert read("name_parts", raw) == (legal, trade)


@pytest.mark.parametrize(
    ("raw", "natural"),
    [
        ("Mendez, Jonathan", "Jonathan Mendez"),
        ("KHALID, EARNESTINE SHAKETTA", "EARNESTINE SHAKETTA KHALID"),
        ("Neighborhood School, The", "The Neighborhood School"),
        ("LIL DUMPLIN'S, LLC", "LIL DUMPLIN'S, LLC"),
        ("SMITH, JOHN JR.", "JOHN SMITH JR."),
        ("Smith, John Q, III", "John Q Smith III"),
        ("King, Ann V", "Ann King V"),
        ("Smith Jr., John", "John Smith Jr."),
        # JR is all that he has for a first name
        ("MENDEZ, JR", "JR MENDEZ"),
        ("Smith, Jr., John", "John Smith Jr."),
        ("Jane Doe, Sr.", "Jane Doe, Sr."),
        ("Little, Ann", "Ann Little"),
        # A comma between two plurals, and two names that end like plurals
        ("Precious Angels, Precious Gems", "Precious Angels, Precious Gems"),
        ("De Jesus, Maria Mercedes", "Maria Mercedes De Jesus"),
        ("Williams, James", "James Williams"),
        ("Kidz, Etc.", "Kidz, Etc."),
        ("Little Hands, Big Steps", "Little Hands, Big Steps"),
        ("Happy Feet, Happy Hearts", "Happy Feet, Happy Hearts"),
        ("CHARLENE RATH", "CHARLENE RATH"),
    ],
)
def test_name_is_put_in_the_order_in_which_it_is_said(raw: str, natural: str) -> None:
    assert read("natural_order", raw) == natural


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("GIGi'S CHILDCARE INC.", "GIGIS CHILDCARE"),
        ("WIGGLES & GIGGLES ,LLC", "WIGGLES AND GIGGLES"),
        ("A B Company, L.L.C.", "A B"),
        ("The Tree House", "TREE HOUSE"),
        ("Los Niños Academia", "LOS NINOS ACADEMIA"),
        ("Los Nin\u0303os", "LOS NINOS"),
        ("Élan Étoile", "ELAN ETOILE"),
        ("Łódź Straße Œuvre Nguyễn", "LODZ STRASSE OEUVRE NGUYEN"),
        # Of another alphabet, it stays as it is
        ("幼稚園", "幼稚園"),
        # Not a suffix, not an article
        ("Incredible Kids", "INCREDIBLE KIDS"),
        ("Theodore", "THEODORE"),
        ("LLC", "LLC"),
    ],
)
def test_names_are_compared_without_what_writers_vary(raw: str, normal: str) -> None:
    assert read("name_normal", raw) == normal


@pytest.mark.parametrize(
    ("raw", "first", "other"),
    [
        ("TANIA & NICOLE PINEDA & POBLETE", "TANIA PINEDA", "NICOLE POBLETE"),
        ("JAINI AND STACY JARIWALA AND SURVIS", "JAINI JARIWALA", "STACY SURVIS"),
        ("ARGIE, NELLY REYES, ARROYO", "ARGIE REYES", "NELLY ARROYO"),
        ("JASMINE & ARGIE, TILLMAN & REYES", "JASMINE TILLMAN", "ARGIE REYES"),
        ("ALEKSANDRA & KATIE LIPSKA HALLOCK & MEEKER", "ALEKSANDRA LIPSKA HALLOCK", "KATIE MEEKER"),
        ("Nancy & Danielle Renteria", "Nancy Renteria", "Danielle Renteria"),
        ("Jane Doe and John Roe", "Jane Doe", "John Roe"),
        # One person only
        ("ERIKA VAN RHYN", "ERIKA VAN RHYN", None),
        ("ANDERSON SANDERS", "ANDERSON SANDERS", None),
        ("Rath, Charlene", "Rath, Charlene", None),
        (None, None, None),
    ],
)
def test_two_contacts_in_one_field_are_two_persons(raw: str | None, first: str | None, other: str | None) -> None:
    assert read("contact_columns", raw) == (first, other)


@needs_samples
def test_no_contact_of_the_real_files_is_left_with_two_persons() -> None:
    with (SAMPLES / "nevada.csv").open(encoding="cp1252", newline="") as nevada:
        contacts = {row["Primary Contact Name"].strip() for row in csv.DictReader(nevada)} - {""}
    firsts = [read("contact_columns", contact) for contact in sorted(contacts)]
    assert len(firsts) > 50
    assert [pair for pair in firsts if any(mark in str(pair) for mark in ("&", " AND "))] == []


def test_days_without_hours_are_left_out_of_the_schedule() -> None:
    assert read("schedule_line", "7AM - 5PM", None, None, None, " ", None, "CLOSED") == "Mon 7AM - 5PM; Sun CLOSED"
    assert read("schedule_line", *[None] * 7) is None


def test_schedule_of_another_number_of_days_is_refused() -> None:
    with pytest.raises(ValueError, match="7 days, not of 2"):
        read("schedule_line", "7AM", "8AM")


def test_values_that_could_not_be_read_are_told_and_blanks_are_not() -> None:
    triples = sqlglot.parse_one("f(('a', NULL, ' '), ('b', NULL, 'x'), ('c', 1, 'y'), ('d', NULL, 'z'))").expressions
    text = macro.get_registry()["unparsed"].func(None, *triples)
    assert duckdb.sql(f"SELECT {text}").fetchall() == [("b=x; d=z",)]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("clean_text", 1),
        ("is_person", 2),
        ("name_parts", 1),
        ("natural_order", 1),
        ("name_normal", 1),
        ("contact_columns", 1),
        ("schedule_line", 7),
    ],
)
def test_macro_is_written_for_spark_too(name: str, columns: int) -> None:
    text = macro.get_registry()[name].func(None, *(exp.column(f"c{number}") for number in range(columns)))
    query = f"SELECT {text if isinstance(text, str) else ', '.join(text)} FROM given"
    rendered = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    assert "REGEXP_MATCHES" not in rendered
    assert sqlglot.parse_one(rendered, read="spark").selects


@pytest.mark.parametrize(
    "raw",
    ["Big\u2009Steps\u2012 Tots", "Ni&ntilde;os &amp;amp; Bob&#39;s", "ANGELíS  HOME", "Élan, L.L.C.", "The Łódź Kids"],
)
@pytest.mark.parametrize("name", ["clean_text", "name_normal"])
def test_standardizing_a_standardized_name_changes_nothing(name: str, raw: str) -> None:
    once = read(name, raw)
    assert isinstance(once, str) and read(name, once) == once
