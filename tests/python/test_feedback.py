"""Feedback: who gives it sees what came of it, and it takes the way of every delivery."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ROOT
from helpers import bronze_rows, call, csv_rows
from lead_enrichment.feedback import place_of, with_waiting
from lead_enrichment.ingest.run import ingest
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.warehouse.reading import Row

GIVEN = "TIMESTAMPTZ '2026-11-02 08:00:00+00'"


@pytest.fixture
def published(paths: DataPaths) -> DataPaths:
    """A published copy with one lead and two pieces of feedback."""
    paths.published.parent.mkdir()
    with connect(str(paths.published)) as connection:
        connection.execute(
            f"""
            CREATE SCHEMA intermediate; CREATE SCHEMA ops; CREATE SCHEMA staging;
            CREATE TABLE intermediate.int_lead_current AS
                SELECT 'texas:1' AS lead_key, 'SUNNY DAYS' AS name, '5125550100' AS phone;
            CREATE TABLE staging.stg_feedback AS SELECT '' AS file_id;
            CREATE TABLE ops.feedback_statement AS
                SELECT 'aaaaaaaaaaaa' AS feedback_key, {GIVEN} AS acted_at, 'give' AS action, 'Ana' AS acted_by,
                    'c' AS comment, NULL::TEXT AS led_to, 'counts' AS outcome, NULL::TEXT AS remark, 'f' AS file_id,
                    1 AS row_number, 'f.csv' AS file_name;
            CREATE TABLE ops.feedback AS
                SELECT 'aaaaaaaaaaaa' AS feedback_key, 'value' AS subject, 'texas:1' AS lead_key,
                    'SUNNY DAYS' AS lead_name, 'phone' AS term, '5125550100' AS value_seen, '5125550199'
                    AS suggested_value, 'it rings at the neighbour' AS comment, 'Ana' AS given_by, {GIVEN} AS given_at,
                    'received' AS state, NULL::TEXT AS answered_by, NULL::TIMESTAMPTZ AS answered_at,
                    NULL::TEXT AS answer, NULL::TEXT AS led_to, 'texas.csv' AS about_file_name, 7 AS about_row_number;
            INSERT INTO ops.feedback BY NAME SELECT * REPLACE ('bbbbbbbbbbbb' AS feedback_key, 'declined' AS state)
                FROM ops.feedback
            """
        )
    return paths


def landed(paths: DataPaths) -> list[dict[str, str]]:
    return [row for path in sorted((paths.landing / "feedback").glob("*.csv")) for row in csv_rows(path)]


def test_feedback_on_a_value_is_followed_from_giving_to_applying(published: DataPaths) -> None:
    said = call("feedback", "give", "it rings  elsewhere", "--lead", "texas:1", "--term", "phone", "--by", "Bo")
    (given,) = landed(published)
    key = given["feedback_key"]
    assert f"leads feedback show {key}" in said and "with the next run" in said
    # What was seen is kept, so that a later reader knows what was meant
    assert (given["value_seen"], given["comment"], given["acted_by"]) == ("5125550100", "it rings elsewhere", "Bo")
    assert "received (waits for the next run)" in call("feedback", "list", "--by", "Bo")
    call("feedback", "accept", key[:8], "--reason", "right", "--by", "Cy")
    assert [outcome.status for outcome in ingest(published)] == ["loaded", "loaded"]
    # Taken in, and still waiting for the models
    words = ("apply", key, "--reason", "the state was told", "--led-to", "seeds/placeholder_phone.csv", "--by", "Cy")
    assert f"{key} will be applied" in call("feedback", *words)
    shown = json.loads(call("feedback", "show", key, "--json"))
    assert (shown["state"], shown["answered_by"], shown["led_to"]) == ("applied", "Cy", "seeds/placeholder_phone.csv")
    assert sorted(bronze_rows(published, "feedback", "action")) == [("accept",), ("give",)]


def test_what_waits_for_an_answer_is_listed_and_the_rest_on_demand(published: DataPaths) -> None:
    assert [row["feedback_key"][0] for row in json.loads(call("feedback", "list", "--json"))["feedback"]] == ["a"]
    assert len(json.loads(call("feedback", "list", "--all", "--json"))["feedback"]) == 2
    said = call("feedback", "show", "aaaa")
    for part in ("phone of SUNNY DAYS", "given by Ana on 2026-11-02", "5125550199", "texas.csv, row 7"):
        assert part in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("give", "wrong"), "it is about nothing"),
        (("give", " ", "--term", "net-new"), "the comment is empty"),
        (("give", "x" * 2001, "--term", "net-new"), "the comment has 2,001 characters"),
        (("give", "wrong", "--lead", "texas:2"), "no lead texas:2 ever came"),
        (("give", "wrong", "--term", "net-new", "--by", " "), "the name of who gives it is empty"),
        (("accept", "aaaa", "--reason", " "), "the reason is empty"),
        (("decline", "bbbb", "--reason", "no"), "the feedback is declined already"),
        (("accept", "abcd", "--reason", "no"), "there is no feedback abcd"),
    ],
)
def test_what_has_no_effect_is_refused_before_it_lands(published: DataPaths, words: tuple[str, ...], said: str) -> None:
    assert said in call("feedback", *words, expect=2)
    assert not landed(published)


def test_the_second_of_two_stewards_is_told_that_it_is_answered(published: DataPaths) -> None:
    call("feedback", "decline", "aaaa", "--reason", "it is right", "--by", "Cy")
    assert "the feedback is declined already" in call("feedback", "decline", "aaaa", "--reason", "no", expect=2)
    assert len(landed(published)) == 1


def test_a_formula_in_a_comment_is_guarded_in_the_file_and_plain_on_the_page(published: DataPaths) -> None:
    call("feedback", "give", "=1+1", "--term", "net-new")
    assert landed(published)[0]["comment"] == "'=1+1"
    assert "'" not in call("feedback", "list").replace("=1+1", "", 1)


def test_feedback_without_a_key_from_a_file_waits_unseen_and_answers_nothing() -> None:
    said = {"feedback_key": "", "action": "", "lead_key": "", "term": "net-new"}
    known = Row(feedback_key="aaaaaaaaaaaa", state="received")
    assert with_waiting([known], [said]) == [{**known, "is_waiting": False}]


@pytest.mark.parametrize(
    ("term", "place"),
    [
        ("facts.fact_lead_match", "models/facts/fact_lead_match.sql"),
        ("quality.anomaly", "models/quality/anomaly.py"),
        ("bronze.texas", "contracts/texas.yaml"),
        ("../../etc/passwd", None),
        ("net-new", None),
        ("facts.*", None),
    ],
)
def test_a_definition_leads_to_its_file(term: str, place: str | None) -> None:
    assert place_of(term, ROOT) == place


def test_a_column_and_a_rule_lead_to_their_line() -> None:
    for term, said in (("ops.feedback.row_number", "AS row_number "), ("name_is_there", "- rule: name_is_there")):
        file, _, number = str(place_of(term, ROOT)).partition(", line ")
        assert said in Path(ROOT, file).read_text(encoding="utf-8").splitlines()[int(number) - 1]
