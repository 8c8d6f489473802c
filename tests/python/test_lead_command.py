"""`leads lead` finds a lead by what people know of it, and shows its facility whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conftest import Run
from helpers import query


@pytest.fixture(scope="module")
def known(planned_demo: Path) -> tuple[str, str, str, str, str]:
    """Key, name, phone, e-mail address and licence number of leads of a state that matched, told by one facility."""
    ((key, name, number, email, licence),) = query(
        planned_demo,
        "SELECT l.lead_key, l.name, l.phone_e164, l.email, l.license_number FROM intermediate.int_lead_current AS l "
        "JOIN facts.fact_lead_match AS m USING (lead_key) WHERE m.match_status = 'known' AND l.source_key = 'texas' "
        "AND NOT l.email IS NULL AND (SELECT COUNT(DISTINCT e.entity_key) FROM intermediate.int_lead_current AS o "
        "JOIN intermediate.int_entity AS e USING (lead_key) WHERE l.phone_e164 IN (o.phone_e164, o.mobile_e164) "
        "OR o.email = l.email OR CONTAINS(UPPER(o.name), UPPER(l.name)) OR CONTAINS(UPPER(o.legal_name), "
        "UPPER(l.name)) OR o.license_number = l.license_number) = 1 ORDER BY ALL LIMIT 1",
    )
    return key, name, number, email, licence


def test_a_lead_is_found_by_key_name_phone_email_and_licence(
    planned_demo: Path, run: Run, known: tuple[str, str, str, str, str]
) -> None:
    key, name, number, email, licence = known
    dialled = f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    for text in (key, name, name.lower(), number, dialled, email.upper(), licence):
        found = json.loads(run("leads", "lead", text, "--json", data=planned_demo).stdout)
        assert key in [lead["lead_key"] for lead in found["facility"]["leads"]], text


def test_a_facility_is_shown_with_its_leads_their_status_and_what_changed(
    planned_demo: Path, run: Run, known: tuple[str, str, str, str, str]
) -> None:
    said = " ".join(run("leads", "lead", known[0], data=planned_demo).stdout.split())
    assert f"({known[0]})" in said and "sure: matches" in said and "salesforce:" in said
    assert re.search(rf"2026-\d\d-\d\d, {known[0]}: first delivered as .* \(texas_2026-\d\d-\d\d\.csv\)", said)
    assert re.search(rf"{known[0]}: status is known", said)


def test_a_change_is_told_from_what_to_what_and_by_which_file(planned_demo: Path, run: Run) -> None:
    ((key, before, after),) = query(
        planned_demo,
        "SELECT lead_key, before, name FROM (SELECT *, LAG(name) OVER (PARTITION BY lead_key ORDER BY "
        "valid_from) AS before FROM dims.dim_lead WHERE source_key = 'texas') WHERE before <> name "
        "ORDER BY ALL LIMIT 1",
    )
    said = " ".join(run("leads", "lead", key, data=planned_demo).stdout.split())
    assert f"{key}: name from {before} to {after} (texas_2026-11-06.csv)" in said


def test_several_facilities_that_answer_are_listed(planned_demo: Path, run: Run) -> None:
    said = run("leads", "lead", "learning", data=planned_demo).stdout
    assert re.search(r"\d+ leads of \d+ facilities answer to 'learning'", said)


def test_a_lead_that_nobody_knows_is_refused_with_names_that_come_near(planned_demo: Path, run: Run) -> None:
    said = run("leads", "lead", "qqqqqq", data=planned_demo, expect=2).stderr
    assert "no lead is known by 'qqqqqq'. Did you mean" in said
