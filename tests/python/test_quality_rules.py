"""The quality rules: what a file may hold, what a rule is compiled to, and which rules are refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlglot
import yaml
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator

from conftest import ROOT
from helpers import call
from lead_enrichment.contracts import lead_contracts, parse_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.quality.check import check_rules, rule_fault
from lead_enrichment.quality.compiled import compile_rule, day_outcomes, judged, of_level, positions, source_width
from lead_enrichment.quality.rules import DIMENSIONS, LEVELS, QualityRule, line_of, parse, rules, unique
from lead_enrichment.warehouse.connection import connect
from macros.quality import is_judged_otherwise as by_the_day

RULE = {
    "rule": "fits",
    "level": "staging",
    "table": "staging.stg_salesforce_lead",
    "dimension": "consistency",
    "applies_when": "NOT capacity IS NULL",
    "expression": "enrollment <= capacity",
    "severity": "warning",
    "weight": 3,
    "owner": "sales",
    "description": "more children than it may take",
    "remedy": "Ask at the next call.",
}


def rule(**changes: object) -> QualityRule:
    (found,) = parse([{**RULE, **changes}], "quality/rules/a.yaml")
    return found


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("SET threads = 1")
        yield connection


def letters(tested: QualityRule, **columns: str) -> str:
    """Return the letter that a rule gives for a row; a column that is not named is NULL."""
    types = tested.columns_to_types
    compiled = compile_rule(tested)
    given = {"source_key": "'salesforce'", **columns}
    values = ", ".join(f"({given.get(name, 'NULL')})::{types[name]} AS {name}" for name in compiled.reads or ["name"])
    with connect() as connection:
        (letter,) = connection.execute(f"SELECT {compiled.outcome} FROM (SELECT {values}) AS d").fetchall()[0]
    return str(letter)


def real(name: str) -> QualityRule:
    return next(found for found in rules() if found.rule == name)


def test_there_are_rules_of_every_level_and_dimension() -> None:
    assert len(rules()) >= 40
    assert {found.level for found in rules()} == {*LEVELS}
    assert {found.dimension for found in rules()} == {*DIMENSIONS}
    assert {found.source_key for found in rules() if found.level == "source"} == {*lead_contracts()}


def test_every_rule_of_the_project_can_be_evaluated() -> None:
    assert [str(fault) for fault in check_rules().faults] == []


@pytest.mark.parametrize(
    ("columns", "letter"),
    [
        ({"enrollment": "10", "capacity": "10"}, "p"),
        ({"enrollment": "11", "capacity": "10"}, "f"),
        # What is missing cannot be judged, and what the rule is not about does not apply
        ({"capacity": "10"}, "-"),
        ({"enrollment": "11"}, "-"),
        ({"enrollment": "11", "capacity": "10", "source_key": "'texas'"}, "-"),
    ],
)
def test_a_row_passes_fails_or_is_not_applicable(columns: dict[str, str], letter: str) -> None:
    assert letters(rule(), **columns) == letter


@pytest.mark.parametrize(
    ("expression", "columns", "letter"),
    [
        ("enrollment / capacity < 2", {"enrollment": "1", "capacity": "0"}, "e"),
        ("enrollment / capacity < 2", {"enrollment": "1", "capacity": "1"}, "p"),
        ("enrollment % capacity = 0", {"enrollment": "4", "capacity": "0"}, "e"),
        ("enrollment / NULLIF(capacity, 0) < 2", {"enrollment": "1", "capacity": "0"}, "-"),
        ("phone_raw::INT > 3", {"phone_raw": "'call us'", "capacity": "1"}, "e"),
        ("phone_raw::INT > 3", {"phone_raw": "'4'", "capacity": "1"}, "p"),
        ("phone_raw::INT > 3", {"capacity": "1"}, "-"),
        ("CAST(enrollment / capacity AS INT) > 1", {"enrollment": "4", "capacity": "0"}, "e"),
        # A product that fits into no whole number
        ("enrollment * capacity > 0", {"enrollment": "2147483647", "capacity": "2147483647"}, "p"),
    ],
)
def test_what_fails_at_run_time_gives_a_letter_and_stops_no_other_rule(
    expression: str, columns: dict[str, str], letter: str
) -> None:
    assert letters(rule(expression=expression), **columns) == letter


@pytest.mark.parametrize(
    ("name", "columns", "letter"),
    [
        ("license_has_not_expired", {"license_expires_on": "'2026-11-12'", "as_of": "'2026-11-12'"}, "p"),
        ("license_has_not_expired", {"license_expires_on": "'2026-11-11'", "as_of": "'2026-11-12'"}, "f"),
        ("license_has_not_expired", {"as_of": "'2026-11-12'"}, "-"),
        ("home_is_not_too_large", {"license_type": "'family_home'", "capacity": "12"}, "p"),
        ("home_is_not_too_large", {"license_type": "'family_home'", "capacity": "13"}, "f"),
        ("home_is_not_too_large", {"license_type": "'center'", "capacity": "13"}, "-"),
        ("email_has_not_bounced", {"email": "'a@b.com'", "email_bounced_on": "'2026-01-01'"}, "f"),
        ("email_has_not_bounced", {"email": "'a@b.com'"}, "p"),
        ("email_has_not_bounced", {"email_bounced_on": "'2026-01-01'"}, "-"),
        (
            "lead_was_touched_within_a_year",
            {"lead_status": "'New'", "last_activity_on": "'2025-11-12'", "as_of": "'2026-11-12'"},
            "p",
        ),
        (
            "lead_was_touched_within_a_year",
            {"lead_status": "'New'", "last_activity_on": "'2025-11-11'", "as_of": "'2026-11-12'"},
            "f",
        ),
        (
            "lead_was_touched_within_a_year",
            {"lead_status": "'Converted'", "last_activity_on": "'2020-01-01'", "as_of": "'2026-11-12'"},
            "-",
        ),
        ("texas_phone_is_of_the_state", {"phone_e164": "'+12145550100'", "source_key": "'texas'"}, "p"),
        ("texas_phone_is_of_the_state", {"phone_e164": "'+17025550100'", "source_key": "'texas'"}, "f"),
        # Free of charge, and of no state
        ("texas_phone_is_of_the_state", {"phone_e164": "'+18005550100'", "source_key": "'texas'"}, "-"),
        ("postal_code_fits_state", {"state": "'TX'", "postal_code": "'73301'"}, "p"),
        ("postal_code_fits_state", {"state": "'OK'", "postal_code": "'73301'"}, "f"),
        ("postal_code_fits_state", {"state": "'NY'", "postal_code": "'10001'"}, "-"),
        (
            "license_takes_some_age",
            {"source_key": "'texas'", "serves_infants": "FALSE", "serves_toddlers": "TRUE"},
            "p",
        ),
        ("license_takes_some_age", {"source_key": "'texas'", "serves_infants": "FALSE"}, "-"),
        (
            "ages_fit_the_type",
            {
                "source_key": "'texas'",
                "license_type_raw": "'School-Age Program'",
                "serves_infants": "TRUE",
                "serves_school_age": "TRUE",
            },
            "f",
        ),
        ("phone_is_valid", {"phone_raw": "'12'"}, "f"),
        ("phone_is_valid", {"phone_raw": "'1234567890'", "phone_reason": "'placeholder'"}, "-"),
        ("mobile_is_valid", {"mobile_raw": "'12'"}, "f"),
        ("mobile_is_valid", {"mobile_raw": "'1234567890'", "mobile_reason": "'placeholder'"}, "-"),
        ("phone_is_no_placeholder", {"phone_raw": "'1234567890'", "phone_reason": "'placeholder'"}, "f"),
        ("lead_is_no_duplicate", {"match_status": "'duplicate'"}, "f"),
        ("lead_is_no_duplicate", {"match_status": "'known'"}, "p"),
        ("phone_is_its_own", {"phone_e164": "'+1'", "phone_leads": "6"}, "f"),
        ("phone_is_its_own", {"phone_e164": "'+1'", "phone_leads": "5"}, "p"),
        ("credential_has_its_year", {"credential_number": "'1106-22'"}, "p"),
        ("credential_has_its_year", {"credential_number": "'1106'"}, "f"),
        ("company_is_no_test", {"company": "'Test Center'"}, "f"),
        ("company_is_no_test", {"company": "'Contest Academy'"}, "p"),
    ],
)
def test_a_rule_of_the_project_takes_its_case_and_not_the_nearest(
    name: str, columns: dict[str, str], letter: str
) -> None:
    assert letters(real(name), **columns) == letter


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expression": "capacity > (1"}, "expression is no SQL"),
        ({"expression": "capcity > 1"}, "reads the unknown column capcity. Did you mean capacity"),
        ({"applies_when": "1; 2"}, "applies_when is more than one expression"),
        ({"expression": "SUM(capacity) > 1"}, "adds up rows"),
        ({"expression": "capacity > (SELECT 1)"}, "reads another table"),
        ({"expression": "ROW_NUMBER() OVER () > 1"}, "reads other rows"),
        ({"expression": "received_on < CURRENT_DATE"}, "depends on the moment of the run"),
        ({"expression": "foo(capacity)"}, "calls foo, which not every engine has"),
        ({"expression": "JARO_WINKLER_SIMILARITY(name, city) > 0.9"}, "which Spark lacks"),
        ({"expression": "capacity"}, "expression is no condition, but a value of type INTEGER"),
        ({"expression": "name > 3"}, "it cannot be evaluated (Binder Error"),
        (
            {"expression": "enrollment / capacity < 2"},
            "it divides by zero, or casts what cannot be cast, for example where",
        ),
        ({"expression": "REGEXP_MATCHES(name, '[/]')"}, "at which a plan stops"),
    ],
)
def test_a_bad_expression_is_refused_with_its_reason(
    changes: dict[str, object], reason: str, database: duckdb.DuckDBPyConnection
) -> None:
    assert reason in rule_fault(rule(**changes), database)


def test_a_slow_expression_is_refused_with_what_it_takes(database: duckdb.DuckDBPyConnection) -> None:
    assert rule_fault(rule(), database) == ""
    slow = rule(expression="LEVENSHTEIN(REPEAT(name, 9), REPEAT(address_raw, 9)) > 1", applies_when="TRUE")
    assert "for a million rows, and 2 s are allowed" in rule_fault(slow, database)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dimension": "beauty"}, "rule fits: dimension: 'beauty' is not one of"),
        ({"weight": -1}, "rule fits: weight: -1 is less than the minimum"),
        ({"colour": "red"}, "'colour' was unexpected"),
        ({"level": "source", "table": "bronze.texas"}, "stand in the contract of the source"),
        ({"table": "staging.stg_phone"}, "rules of the level staging cannot check staging.stg_phone"),
    ],
)
def test_a_rule_that_does_not_fit_the_schema_is_refused_with_its_file_and_name(
    changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(UsageError) as refused:
        rule(**changes)
    assert str(refused.value).startswith("quality/rules/a.yaml, rule fits: ") and reason.removeprefix(
        "rule fits: "
    ) in str(refused.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match=r"quality/rules/a.yaml has a rule of this name too"):
        unique([rule(), replace(rule(), file="quality/rules/b.yaml")])


def test_the_hash_of_a_rule_changes_with_what_it_tests_and_not_with_its_words() -> None:
    assert rule(description="other words than before", weight=7).rule_hash == rule().rule_hash
    assert rule(expression="enrollment < capacity").rule_hash != rule().rule_hash


def test_rules_of_a_contract_stand_beside_the_limits_of_its_deliveries() -> None:
    for source, contract in lead_contracts().items():
        assert contract.limits["rejected_share"] == 0.1
        assert {item["rule"] for item in contract.rules} == {
            found.rule for found in rules() if found.level == "source" and found.source_key == source
        }
    text = (ROOT / "contracts" / "texas.yaml").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="has no name"):
        parse_contract(text.replace("- name: operation_is_a_number\n        type", "- type"), "contracts/texas.yaml")


def test_each_rule_has_a_letter_of_its_own() -> None:
    place = positions(rules())
    width = source_width(rules())
    for source in lead_contracts():
        own = [place[found.rule] for found in rules() if found.source_key in ("", source) or found.level != "source"]
        assert len(own) == len({*own})
    assert all((place[found.rule] <= width) == (found.level == "source") for found in rules())
    assert max(place.values()) == width + sum(found.level != "source" for found in rules())


def test_a_row_lists_what_failed_with_the_values_read_whatever_signs_they_hold() -> None:
    compiled = of_level([rule(expression="name = 'x'", applies_when="TRUE")], "staging")
    query = judged(compiled, "rows AS d", ("lead_key",))
    with connect() as connection:
        connection.execute(
            "CREATE TABLE rows AS SELECT * FROM (VALUES ('1', 'x', 'salesforce'), "
            "('2', CONCAT('a', CHR(30), 'b', CHR(31), 'c'), 'salesforce')) AS t(lead_key, name, source_key)"
        )
        found = connection.execute(f"{query} ORDER BY 1").fetchall()
    assert found == [("1", "p", ""), ("2", "f", "\x1efits\x1fname a b c")]


def test_what_is_compiled_can_be_written_for_spark() -> None:
    for level in ("staging", "final"):
        query = judged(of_level(rules(), level), "rows AS d", ("lead_key",))
        spark = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
        assert not [call.name for call in sqlglot.parse_one(spark, read="spark").find_all(exp.Anonymous)]


def test_a_rule_is_found_in_its_file() -> None:
    for found in rules():
        line = line_of(found.rule, ROOT / found.file)
        assert line is not None
        assert found.rule in (ROOT / found.file).read_text(encoding="utf-8").splitlines()[line - 1]
    assert line_of("gone", ROOT / "quality" / "rules" / "sales.yaml") is None


def test_check_names_file_rule_and_reason_of_each_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_RULES_DIR", str(tmp_path))
    assert "all can be evaluated" in call("quality", "check")
    faulty = [{**RULE, "expression": "capcity > 1"}, {**RULE, "rule": "ugly", "dimension": "beauty"}, RULE]
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(faulty), encoding="utf-8")
    (tmp_path / "b.yaml").write_text("- rule: [", encoding="utf-8")
    printed = call("quality", "check", expect=1)
    for said in (
        "quality/rules/a.yaml, rule fits: expression reads the unknown column capcity",
        "quality/rules/a.yaml, rule ugly: dimension: 'beauty' is not one of",
        "quality/rules/a.yaml, rule fits: quality/rules/a.yaml has a rule of this name. Rename one.",
        "quality/rules/b.yaml: it is no YAML",
    ):
        assert said in printed


@pytest.mark.parametrize(
    ("expression", "expires_on", "is_otherwise"),
    [
        ("license_expires_on >= as_of", "2026-11-11", True),
        # It expired before, or has not yet
        ("license_expires_on >= as_of", "2026-11-10", False),
        ("license_expires_on >= as_of", "2026-11-12", False),
        ("license_expires_on >= as_of", None, False),
        ("DATE_DIFF('DAY', license_expires_on, as_of) % 2 = 0", "2026-01-01", True),
        # Nothing is known of the status
        ("license_expires_on >= as_of OR match_status = 'known'", "2026-11-30", True),
        # A rule that does not read the day
        ("license_expires_on >= '2026-11-12'", "2026-11-11", False),
    ],
)
def test_who_is_judged_otherwise_on_a_day_than_on_the_day_before(
    expression: str, expires_on: str | None, is_otherwise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_leads = rule(level="final", table="dims.dim_lead", applies_when="TRUE", expression=expression)
    monkeypatch.setattr(by_the_day, "DAY_OUTCOMES", day_outcomes([compile_rule(of_leads)]))
    evaluator = MacroEvaluator(dialect="duckdb")
    condition = by_the_day.is_judged_otherwise(evaluator, exp.column("l"), exp.column("day", "t"))
    (found,) = (
        duckdb.execute(
            f"SELECT {condition.sql(dialect='duckdb')} FROM (SELECT ?::DATE AS license_expires_on) AS l, "
            "(SELECT DATE '2026-11-12' AS day) AS t",
            [expires_on],
        ).fetchone()
        or ()
    )
    assert found == is_otherwise


def test_the_day_is_not_among_the_values_of_a_failure() -> None:
    # It is that of all leads: as a text it would change every day.
    expired = rule(level="final", table="dims.dim_lead", expression="license_expires_on >= as_of", applies_when="TRUE")
    assert "license_expires_on" in compile_rule(expired).values
    assert "as_of" not in compile_rule(expired).values
