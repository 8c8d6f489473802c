"""Each audit finds what breaks its promise, and nothing where it is kept."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from sqlglot import exp, parse_one
from sqlmesh.core.audit import load_audit
from sqlmesh.core.dialect import parse
from sqlmesh.core.macros import MacroEvaluator

import macros.contact.phone_digits
import macros.golden.golden_attributes
import macros.golden.golden_value
import macros.outbox.crm_plain
import macros.values.missing_values  # noqa: F401
from conftest import ROOT

DAY = "TIMESTAMPTZ '2026-11-0{} 00:00:00+00:00'"


def offending(audit: str, tables: dict[str, str], this_model: str, **parameters: str) -> list[tuple[object, ...]]:
    """Return the rows that an audit returns on tables of a test, its parameters as given or at their defaults."""
    path = ROOT / "audits" / f"{audit}.sql"
    loaded = load_audit(parse(path.read_text(encoding="utf-8"), default_dialect="duckdb"), path=path, dialect="duckdb")
    evaluator = MacroEvaluator(dialect="duckdb")
    evaluator.locals.update(loaded.defaults)
    evaluator.locals.update({name: parse_one(value, dialect="duckdb") for name, value in parameters.items()})
    evaluator.locals["this_model"] = exp.to_table(this_model)
    evaluator.locals.update(start_date=date(2026, 11, 1), end_date=date(2026, 11, 30))
    rendered = evaluator.transform(loaded.query)
    assert isinstance(rendered, exp.Query)
    with duckdb.connect() as connection:
        for name, rows in tables.items():
            if "." in name:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
            connection.execute(f"CREATE TABLE {name} AS {rows}")
        return connection.execute(rendered.sql(dialect="duckdb")).fetchall()


def validity(*spans: tuple[int, int | None]) -> str:
    """Return a table of validity rows of one lead from (first day, last day)."""
    rows = (
        f"('texas:1', 'v{start}', {DAY.format(start)}, {DAY.format(end) if end else 'NULL::TIMESTAMPTZ'})"
        for start, end in spans
    )
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t(lead_key, lead_version_key, valid_from, valid_to)"


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(1, 2), (2, None)], 0),
        ([(1, 2), (2, 3)], 1),
        ([(1, None), (2, None)], 1),
    ],
    ids=["one open", "none open", "two open"],
)
def test_one_open_version_per_lead(spans: list[tuple[int, int | None]], found: int) -> None:
    assert len(offending("one_open_version_per_lead", {"v": validity(*spans)}, "v")) == found


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([(1, 2), (2, None)], 0),
        ([(1, 2), (3, None)], 1),
        ([(1, 3), (2, None)], 1),
        ([(2, 2), (2, None)], 1),
        ([(1, None), (2, None)], 1),
    ],
    ids=["chained", "gap", "overlap", "empty", "open before the last"],
)
def test_no_gap_or_overlap_in_validity(spans: list[tuple[int, int | None]], found: int) -> None:
    assert len(offending("no_gap_or_overlap_in_validity", {"v": validity(*spans)}, "v")) == found


@pytest.mark.parametrize(("received", "found"), [(1, 0), (2, 1)], ids=["of the delivery", "of another time"])
def test_every_validity_has_its_version(received: int, found: int) -> None:
    tables = {
        "dims.dim_lead_validity": validity((1, None)),
        "intermediate.int_lead_version": (
            f"SELECT 'texas:1' AS lead_key, 'v1' AS lead_version_key, {DAY.format(received)} AS received_at"
        ),
    }
    assert len(offending("every_validity_has_its_version", tables, "dims.dim_lead")) == found


def deliveries(before: int, after: int) -> str:
    """Return two full snapshots of a source with their row counts."""
    return (
        "SELECT *, 'texas' AS source_key, TRUE AS is_effective, 'full_snapshot' AS delivery_mode, "
        f"received_at::DATE AS file_date FROM (VALUES ('a', NULL, {before}, {DAY.format(1)}), "
        f"('b', 'a', {after}, {DAY.format(2)})) AS t(file_id, previous_file_id, rows_loaded, received_at)"
    )


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [(1000, 1199, 0), (1000, 1201, 1), (1000, 799, 1), (10, 25, 0)],
    ids=["usual", "many more", "many fewer", "small"],
)
def test_warn_row_count_jumps(before: int, after: int, found: int) -> None:
    tables = {"intermediate.int_delivery": deliveries(before, after)}
    assert len(offending("warn_row_count_jumps", tables, "intermediate.int_delivery")) == found


@pytest.mark.parametrize(
    ("before", "gone", "found"), [(100, 20, 0), (100, 21, 1), (20, 19, 0)], ids=["usual", "many", "small"]
)
def test_warn_many_leads_delisted(before: int, gone: int, found: int) -> None:
    tables = {
        "intermediate.int_delivery": deliveries(before, before),
        "intermediate.int_lead_version": (
            f"SELECT 'texas' AS source_key, FALSE AS is_listed, {DAY.format(2)} AS received_at FROM RANGE({gone}) "
            f"UNION ALL SELECT 'texas', TRUE, {DAY.format(2)} FROM RANGE(50)"
        ),
    }
    assert len(offending("warn_many_leads_delisted", tables, "intermediate.int_lead_version")) == found


STATUSES = {"gone": "gone", "duplicate": "duplicate", "net-new": "net_new", "review": "to_review"}


def verdict(lead_key: str, entity_key: str, *flags: str, of: str | None = None, keeps: int = 0) -> dict[str, object]:
    """Return a row of facts.fact_lead_match; flags are gone, duplicate, net-new and review."""
    return {
        "lead_key": lead_key,
        "source_key": lead_key.split(":")[0],
        "is_crm": lead_key.startswith("salesforce:"),
        "entity_key": entity_key,
        "is_live": "gone" not in flags,
        "match_status": next((status for flag, status in STATUSES.items() if flag in flags), "known"),
        "confidence": 0.9,
        "is_duplicate_in_salesforce": "duplicate" in flags,
        "duplicate_of_lead_key": of,
        "has_duplicates": keeps > 0,
        "duplicate_count": keeps,
        "is_net_new": "net-new" in flags,
    }


SOUND = (
    # Known to sales, three times over
    verdict("salesforce:1", "a", keeps=2),
    verdict("salesforce:2", "a", "duplicate", of="salesforce:1"),
    verdict("salesforce:3", "a", "duplicate", of="salesforce:1"),
    verdict("texas:1", "a"),
    # Unknown to sales, known to two states
    verdict("texas:2", "b", "net-new"),
    verdict("nevada:2", "b"),
    # Perhaps known to sales
    verdict("texas:7", "g", "review"),
    # Gone
    verdict("salesforce:4", "c", "gone"),
    verdict("texas:4", "d", "gone"),
)


def found_among_verdicts(audit: str, *faults: dict[str, object]) -> int:
    """Count what an audit finds among sound verdicts, of which each fault replaces the one of its lead."""
    verdicts = {row["lead_key"]: row for row in (*SOUND, *faults)}.values()
    rows = ", ".join(
        f"({', '.join('NULL' if value is None else repr(value) for value in v.values())})" for v in verdicts
    )
    tables = {
        "verdict": f"SELECT * FROM (VALUES {rows}) AS t({', '.join(SOUND[0])})",
        # salesforce:1 was created first, though all were delivered at once
        "intermediate.int_lead_current": (
            f"SELECT lead_key, CASE lead_key WHEN 'salesforce:1' THEN {DAY.format(1)} ELSE {DAY.format(2)} END "
            "AS born_at FROM verdict"
        ),
    }
    return len(offending(audit, tables, "verdict"))


@pytest.mark.parametrize(
    "audit",
    [
        "duplicates_name_the_oldest",
        "leads_that_are_gone_have_no_flag",
        "net_new_exactly_once_per_unknown_entity",
        "no_lead_is_duplicate_and_net_new",
        "no_salesforce_lead_is_net_new",
        "status_and_flags_agree",
    ],
)
def test_sound_verdicts_pass(audit: str) -> None:
    assert found_among_verdicts(audit) == 0


@pytest.mark.parametrize(
    "faults",
    [
        [verdict("salesforce:1", "a", "duplicate", of="salesforce:2")],
        [verdict("salesforce:2", "a", "duplicate")],
        [verdict("salesforce:1", "a")],
        [
            # In accord with each other: their age alone tells
            verdict("salesforce:1", "a", "duplicate", of="salesforce:2"),
            verdict("salesforce:2", "a", keeps=2),
            verdict("salesforce:3", "a", "duplicate", of="salesforce:2"),
        ],
        [verdict("salesforce:5", "e", keeps=1), verdict("salesforce:6", "e", "duplicate", of="salesforce:1")],
        [verdict("salesforce:5", "e"), verdict("salesforce:6", "e")],
        [verdict("salesforce:5", "e", "duplicate")],
        [verdict("salesforce:5", "e", of="salesforce:1")],
        [verdict("texas:1", "a", "duplicate", of="salesforce:1")],
        [verdict("salesforce:4", "a", "gone", "duplicate", of="salesforce:1")],
        [verdict("salesforce:1", "a", "duplicate", keeps=2)],
        [verdict("salesforce:1", "a", keeps=3)],
        [verdict("salesforce:5", "e", keeps=1)],
    ],
    ids=[
        "none is kept",
        "two are kept",
        "the kept one counts none",
        "the younger is kept",
        "one of another entity is named",
        "none is flagged",
        "alone",
        "named without a flag",
        "of a state",
        "deleted",
        "the kept one is flagged to merge",
        "the kept one counts too many",
        "alone and counting",
    ],
)
def test_duplicates_name_the_oldest(faults: list[dict[str, object]]) -> None:
    assert found_among_verdicts("duplicates_name_the_oldest", *faults) > 0


@pytest.mark.parametrize(
    "fault",
    [
        verdict("texas:2", "b"),
        verdict("nevada:2", "b", "net-new"),
        verdict("texas:1", "a", "net-new"),
        verdict("texas:4", "d", "gone", "net-new"),
        verdict("texas:3", "c"),
        verdict("texas:1", "a", "review"),
        verdict("nevada:2", "b", "review"),
    ],
    ids=[
        "never",
        "twice",
        "known to sales",
        "nobody is left",
        "never, once its Salesforce lead is gone",
        "known and to review",
        "net-new and to review",
    ],
)
def test_net_new_exactly_once_per_unknown_entity(fault: dict[str, object]) -> None:
    assert found_among_verdicts("net_new_exactly_once_per_unknown_entity", fault) == 1


@pytest.mark.parametrize(
    ("audit", "fault"),
    [
        ("leads_that_are_gone_have_no_flag", verdict("salesforce:4", "c", "gone", "duplicate")),
        ("leads_that_are_gone_have_no_flag", verdict("texas:4", "d", "gone", "net-new")),
        ("no_lead_is_duplicate_and_net_new", verdict("texas:2", "b", "duplicate", "net-new")),
        ("no_salesforce_lead_is_net_new", verdict("salesforce:5", "e", "net-new")),
    ],
    ids=["deleted and duplicate", "unlisted and net-new", "duplicate and net-new", "net-new in Salesforce"],
)
def test_flag_where_none_may_be(audit: str, fault: dict[str, object]) -> None:
    assert found_among_verdicts(audit, fault) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"match_status": "gone"},
        {"match_status": "net_new"},
        {"match_status": "duplicate"},
        {"is_live": False},
        {"is_net_new": True},
        {"is_duplicate_in_salesforce": True},
        {"duplicate_of_lead_key": "salesforce:2"},
        {"has_duplicates": False},
        {"duplicate_count": 0},
        {"confidence": 1.1},
        {"match_status": "to_review"},
    ],
    ids=str,
)
def test_status_and_flags_agree(fault: dict[str, object]) -> None:
    kept = verdict("salesforce:1", "a", keeps=2)
    assert found_among_verdicts("status_and_flags_agree", kept) == 0
    assert found_among_verdicts("status_and_flags_agree", kept | fault) == 1


@pytest.mark.parametrize(
    ("key", "found"), [("'75001'", 0), ("'75002'", 1), ("NULL", 1)], ids=["there", "not there", "missing"]
)
def test_key_has_its_member(key: str, found: int) -> None:
    tables = {
        "verdict": f"SELECT 'texas:1' AS lead_key, {key}::TEXT AS place",
        "dims.dim_geography": "SELECT UNNEST(['75001', 'unknown']) AS geography_key",
    }
    parameters = {"key": "place", "dimension": "dims.dim_geography", "member": "geography_key"}
    assert len(offending("key_has_its_member", tables, "verdict", **parameters)) == found


def entities(**members: str) -> str:
    """Return rows of intermediate.int_entity: of each entity the keys of its leads, separated by blanks."""
    rows = (
        f"('{lead_key}', '{entity_key}', {len(leads.split())})"
        for entity_key, leads in members.items()
        for lead_key in leads.split()
    )
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t(lead_key, entity_key, entity_size)"


@pytest.mark.parametrize(
    ("members", "decision", "found"),
    [
        ("salesforce:1 salesforce:2 texas:1", "different", 0),
        ("texas:1 nevada:1", "different", 0),
        ("texas:1 texas:2", "different", 1),
        ("texas:1 texas:2", "same", 0),
        ("texas:1 texas:9", "different", 0),
    ],
    ids=["one licence", "of two states", "two of a state", "two that a steward joined", "no longer listed"],
)
def test_one_license_of_a_state_per_entity(members: str, decision: str, found: int) -> None:
    tables = {
        "intermediate.int_entity": entities(e=members),
        "intermediate.int_match_lead": (
            "SELECT *, SPLIT_PART(lead_key, ':', 1) AS source_key, lead_key LIKE 'salesforce:%' AS is_crm FROM "
            "(VALUES ('salesforce:1'), ('salesforce:2'), "
            "('texas:1'), ('texas:2'), ('nevada:1')) AS t(lead_key)"
        ),
        "intermediate.int_match_decision": (
            f"SELECT 'texas:1' AS left_lead_key, 'texas:2' AS right_lead_key, '{decision}' AS decision"
        ),
    }
    assert len(offending("one_license_of_a_state_per_entity", tables, "intermediate.int_entity")) == found


@pytest.mark.parametrize(("leads", "found"), [(10, 0), (11, 1)])
def test_warn_large_entities(leads: int, found: int) -> None:
    tables = {"e": entities(small="a b", large=" ".join(f"l{number}" for number in range(leads)))}
    assert len(offending("warn_large_entities", tables, "e")) == found


@pytest.mark.parametrize(
    ("leads", "pairs", "found"),
    [
        ("a b c d e", "ab bc cd de", 1),
        ("a b c d e", "ab bc cd de ea", 0),
        ("a b c d", "ab bc cd", 0),
    ],
    ids=["chain", "ring", "small"],
)
def test_warn_entities_that_hang_on_single_pairs(leads: str, pairs: str, found: int) -> None:
    edges = ", ".join(f"('{min(pair)}', '{max(pair)}')" for pair in pairs.split())
    tables = {
        "e": entities(one=leads),
        "intermediate.int_match_edge": f"SELECT * FROM (VALUES {edges}) AS t(left_lead_key, right_lead_key)",
    }
    assert len(offending("warn_entities_that_hang_on_single_pairs", tables, "e")) == found


@pytest.mark.parametrize(
    ("judged", "found"),
    [("(1, 2), (1, 3)", 0), ("(1, 2)", 1), ("(1, 2), (3, 1)", 1)],
    ids=["both", "one is missing", "another pair instead"],
)
def test_every_scored_pair_has_its_verdict(judged: str, found: int) -> None:
    tables = {
        "intermediate.int_match_score": (
            "SELECT * FROM (VALUES (1, 2), (1, 3)) AS t(left_lead_number, right_lead_number)"
        ),
        "verdict": f"SELECT * FROM (VALUES {judged}) AS t(left_lead_number, right_lead_number)",
    }
    assert len(offending("every_scored_pair_has_its_verdict", tables, "verdict")) == found


@pytest.mark.parametrize(
    ("enriched", "found"),
    [("'a'", 0), ("'a', 'b'", 1), ("'a', 'gone'", 1), ("'b'", 2)],
    ids=["every live one", "one made up", "one that is gone", "another one instead"],
)
def test_every_live_entity_is_enriched(enriched: str, found: int) -> None:
    tables = {
        "record": f"SELECT UNNEST([{enriched}]) AS entity_key",
        "facts.fact_lead_match": (
            "SELECT * FROM (VALUES ('a', TRUE), ('a', FALSE), ('gone', FALSE)) AS t(entity_key, is_live)"
        ),
    }
    assert len(offending("every_live_entity_is_enriched", tables, "record")) == found


# Of each attribute the columns that tell it, and the value that survived.
ENRICHED: dict[str, tuple[dict[str, object], str]] = {
    "name": ({"name": "Stars"}, "Stars"),
    "contact": ({"contact_name": "Ann Lee"}, "Ann Lee"),
    "phone": ({"phone_e164": "+17025550100"}, "+17025550100"),
    "mobile": ({"mobile_e164": "+17025550101"}, "+17025550101"),
    "email": ({"email": "a@a.com"}, "a@a.com"),
    "website": ({"website_domain": "a.com"}, "a.com"),
    "address": (
        {"house_number": "1", "street": "MAIN", "unit": "STE 2", "city": "RENO", "state": "NV", "postal_code": "89501"},
        "1 MAIN STE 2 RENO NV 89501",
    ),
    "license": (
        {"license_number": "77", "license_type": "center", "license_status": "active"},
        "77 center active",
    ),
    "capacity": ({"capacity": 40}, "40"),
    "enrollment": ({"enrollment": 30}, "30"),
    "ages": (
        {"serves_infants": True, "serves_toddlers": True, "serves_preschool": True, "serves_school_age": True},
        "infants toddlers preschool school_age",
    ),
    "subsidy": ({"accepts_subsidy": True}, "taken"),
    "stars": ({"star_level": 5}, "5"),
    "stage": ({"lead_status": "Working", "outreach_stage": "Called"}, "Working, Called"),
    "campaign": ({"lead_source": "TAM"}, "TAM"),
    "conversion": ({"is_converted": True}, "converted"),
}
SHOWN = {column: value for columns, _ in ENRICHED.values() for column, value in columns.items()}


@pytest.mark.parametrize("column", ["", "entity_key", *SHOWN])
@pytest.mark.parametrize("is_missing", [True, False])
def test_enriched_lead_shows_what_survived(column: str, is_missing: bool) -> None:
    shown = {"entity_key": "'e'", **{name: repr(item) for name, item in SHOWN.items()}}
    if column:
        other = "FALSE" if SHOWN.get(column) is True else "'9'"
        shown[column] = f"NULL::{'BOOLEAN' if SHOWN.get(column) is True else 'TEXT'}" if is_missing else other
    survived = ", ".join(f"('e', '{name}', '{value}')" for name, (_, value) in ENRICHED.items())
    tables = {
        "record": f"SELECT {', '.join(f'{item} AS {name}' for name, item in shown.items())}",
        "facts.fact_enriched_attribute": f"SELECT * FROM (VALUES {survived}) AS t(entity_key, attribute, value)",
    }
    found = {"": 0, "entity_key": len(ENRICHED)}.get(column, 1)
    assert len(offending("enriched_lead_shows_what_survived", tables, "record")) == found


@pytest.mark.parametrize(("attribute", "found"), [("license", 0), ("opt_out", 1)], ids=["declared", "unknown"])
def test_every_attribute_is_declared(attribute: str, found: int) -> None:
    tables = {"rule": f"SELECT '{attribute}' AS attribute"}
    assert len(offending("every_attribute_is_declared", tables, "rule")) == found


# Of a delivered row of Texas: by kind, the value under which its table of values knows it.
TEXAS = {
    "operation_name": ("name", "Stars"),
    "address": ("address", "1 Main St"),
    "phone": ("phone", "512-555-0142"),
    "email_address": ("email", "a@x.org"),
    "city": ("text", "Austin"),
    "county": ("text", "Travis"),
    "monitoring_frequency": ("text", "Yearly"),
    "state": ("text", "TX"),
}


def delivered_by_texas(day: int, known: dict[str, str], **delivered: str) -> dict[str, str]:
    """Return a row of bronze, and tables of values that hold its values where `known` does not name others by kind."""
    row = {column: delivered.get(column, value) for column, (_, value) in TEXAS.items()}
    columns = ", ".join(f"{value!r} AS {column}" for column, value in row.items())
    tables = {"bronze.texas": f"SELECT {columns}, DATE '2026-11-{day:02}' AS received_on"}
    for kind in {kind for kind, _ in TEXAS.values()}:
        values = [known.get(kind, value) for of, value in TEXAS.values() if of == kind]
        layout = ", FALSE AS is_one_line" if kind == "address" else ""
        tables[f"staging.stg_{kind}"] = f"SELECT UNNEST({values!r}) AS {kind}_raw{layout}"
    return tables


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in TEXAS.values()}))
def test_every_value_is_parsed(kind: str) -> None:
    assert offending("every_value_is_parsed", delivered_by_texas(3, {}), "bronze.texas", source="texas") == []
    missing = delivered_by_texas(3, {kind: "another"})
    ((message,),) = offending("every_value_is_parsed", missing, "bronze.texas", source="texas")
    number = len([of for of, _ in TEXAS.values() if of == kind])
    assert str(message).startswith(f"staging.stg_{kind} has no row for {number} of the delivered values, such as ")
    assert str(message).endswith(". Restate 'staging.*' from 2026-11-03 on.")


def test_an_address_of_the_other_layout_is_not_the_delivered_one() -> None:
    tables = delivered_by_texas(3, {})
    tables["staging.stg_address"] = "SELECT '1 Main St' AS address_raw, TRUE AS is_one_line"
    assert len(offending("every_value_is_parsed", tables, "bronze.texas", source="texas")) == 1


def test_blank_values_need_no_row() -> None:
    blank = {"phone": "", "city": " ", "county": "", "monitoring_frequency": "", "state": ""}
    tables = delivered_by_texas(3, {"phone": "another", "text": "another"}, **blank)
    assert offending("every_value_is_parsed", tables, "bronze.texas", source="texas") == []


@pytest.mark.parametrize(
    ("phone", "found"),
    [("512-555-0142", 0), ("512-555-0142 x1", 0), ("512-555-0142 x2", 1)],
    ids=["plain", "known", "unknown"],
)
def test_every_irregular_phone_is_read(phone: str, found: int) -> None:
    tables = {
        "staging.stg_phone": f"SELECT '{phone}' AS phone_raw, DATE '2026-11-03' AS received_on",
        "staging.stg_phone_irregular": "SELECT '512-555-0142 x1' AS phone_raw",
    }
    assert len(offending("every_irregular_phone_is_read", tables, "staging.stg_phone")) == found


@pytest.mark.parametrize(
    ("level", "found"),
    [("'exact'", []), ("NULL", []), ("'exakt'", [("phone", "exakt")])],
    ids=["known", "nothing to compare", "unknown"],
)
def test_every_level_has_its_weight_and_a_weight_may_be_zero(level: str, found: list[tuple[object, ...]]) -> None:
    attributes = ("name", "phone", "email", "address", "domain", "contact", "license")
    levels = ", ".join(f"{level if name == 'phone' else 'NULL'}::TEXT AS {name}_level" for name in attributes)
    tables = {
        "seeds.match_weight": "SELECT 'phone' AS attribute, 'exact' AS level, 0.0 AS match_weight",
        "score": f"SELECT {levels}, 0.0 AS phone_weight",
    }
    assert offending("every_level_has_its_weight", tables, "score") == found


SCORED = (
    "SELECT 'texas:1' AS lead_key, {score} AS score, 20.0 AS applicable_weight, 5.0 AS failed_weight, "
    "{completeness} AS completeness_points, 0.0 AS validity_points, 0.0 AS uniqueness_points, "
    "0.0 AS consistency_points, 0.0 AS timeliness_points, 15.0 AS accuracy_points"
)


@pytest.mark.parametrize(
    ("score", "completeness", "found"),
    [("75.0", "10.0", 0), ("75.0", "9.0", 1), ("74.0", "11.0", 1)],
    ids=["sound", "points are missing", "not the share of the weight"],
)
def test_points_add_up_to_the_score(score: str, completeness: str, found: int) -> None:
    rows = SCORED.format(score=score, completeness=completeness)
    assert len(offending("points_add_up_to_the_score", {"scored": rows}, "scored")) == found


@pytest.mark.parametrize(
    ("outcomes", "failures", "found"),
    [("pfe-f", "CHR(30) || 'a' || CHR(30) || 'b'", 0), ("pfe-f", "CHR(30) || 'a'", 1), ("ppp", "''", 0)],
)
def test_every_failed_letter_is_listed(outcomes: str, failures: str, found: int) -> None:
    rows = f"SELECT '{outcomes}' AS outcomes, {failures} AS failures"
    assert len(offending("every_failed_letter_is_listed", {"judged": rows}, "judged")) == found


@pytest.mark.parametrize(
    ("is_live", "judged", "found"), [("TRUE", "a", 0), ("FALSE", "b", 0), ("TRUE", "b", 1), ("FALSE", "a", 1)]
)
def test_every_live_lead_is_judged(is_live: str, judged: str, found: int) -> None:
    lead = f"SELECT 'a' AS lead_key, {is_live} AS is_live UNION ALL SELECT 'c', TRUE"
    rows = f"SELECT 'c' AS lead_key UNION ALL SELECT lead_key FROM (SELECT '{judged}' AS lead_key) WHERE lead_key = 'a'"
    tables = {"intermediate.int_lead_current": lead, "judged": rows}
    assert len(offending("every_live_lead_is_judged", tables, "judged")) == found


@pytest.mark.parametrize(
    ("row_outcomes", "lead_outcomes", "found"), [("pp", "ppp", 0), ("ppp", "ppp", 1), ("pp", "pp", 1)]
)
def test_outcomes_have_a_letter_for_each_rule(row_outcomes: str, lead_outcomes: str, found: int) -> None:
    tables = {
        "quality.rule": "SELECT * FROM (VALUES ('source', 1), ('staging', 2), ('final', 3)) AS t(level, position)",
        "quality.row_outcome": f"SELECT 'texas' AS source_key, DATE '2026-11-02' AS received_on, '{row_outcomes}' "
        "AS outcomes UNION ALL SELECT 'texas', DATE '2026-10-02', 'of another interval'",
        "quality.outcome_count": f"SELECT 'texas' AS source_key, DATE '2026-11-02' AS evaluated_on, '{lead_outcomes}' "
        "AS outcomes",
        "results": "SELECT 1 AS tested",
    }
    assert len(offending("outcomes_have_a_letter_for_each_rule", tables, "results")) == found


@pytest.mark.parametrize(("broken", "found"), [(0, 0), (3, 1)])
def test_warn_rules_that_could_not_be_evaluated(broken: int, found: int) -> None:
    rows = f"SELECT 'fits' AS rule, 'texas' AS source_key, {broken} AS broken"
    (*said,) = offending("warn_rules_that_could_not_be_evaluated", {"results": rows}, "results")
    assert len(said) == found and all(
        "The rule fits could not be evaluated for 3 rows of texas" in row[-1] for row in said
    )


def territory_rules(*rows: tuple[int, str, str, str | None]) -> str:
    """Return rules of territories from (precedence, territory, owner, ZIP prefix)."""
    shown = ", ".join(
        f"({n}, '{name}', '{owner}', {repr(zips) if zips else 'NULL::TEXT'})" for n, name, owner, zips in rows
    )
    return f"SELECT * FROM (VALUES {shown}) AS t(precedence, territory, owner, zip_prefix)"


@pytest.mark.parametrize(("owner", "found"), [("A", 0), ("B", 1)], ids=["one", "two"])
def test_a_territory_has_one_owner(owner: str, found: int) -> None:
    rules = territory_rules((10, "Texas", "A", None), (20, "Texas", owner, None), (30, "Nevada", "C", None))
    assert len(offending("a_territory_has_one_owner", {"t": rules}, "t")) == found


@pytest.mark.parametrize(
    ("prefix", "found"),
    [("770*", 0), ("07*", 0), (None, 0), ("770", 1), ("7701x", 1), ("770012*", 1)],
)
def test_zip_prefix_ends_with_an_asterisk(prefix: str | None, found: int) -> None:
    rules = territory_rules((10, "Texas", "A", prefix))
    assert len(offending("zip_prefix_ends_with_an_asterisk", {"t": rules}, "t")) == found


@pytest.mark.parametrize(
    ("assigned", "found"),
    [("('e1', 'Texas')", 0), ("('e1', 'Texas'), ('e1', 'Nevada')", 1), ("('e2', 'Texas')", 1)],
    ids=["one", "two", "none"],
)
def test_every_live_lead_has_one_territory(assigned: str, found: int) -> None:
    tables = {
        "facts.fact_lead_match": "SELECT * FROM (VALUES ('texas:1', 'e1', TRUE), ('texas:2', 'e3', FALSE)) "
        "AS t(lead_key, entity_key, is_live)",
        "t": f"SELECT * FROM (VALUES {assigned}) AS t(entity_key, territory)",
    }
    assert len(offending("every_live_lead_has_one_territory", tables, "t")) == found


@pytest.mark.parametrize(("kept", "found"), [("l1", 0), ("l2", 1)], ids=["stays", "goes too"])
def test_no_lead_stays_and_goes(kept: str, found: int) -> None:
    rows = f"SELECT * FROM (VALUES ('l2', 'l1'), ('l3', '{kept}')) AS t(lead_key, keep_lead_key)"
    assert len(offending("no_lead_stays_and_goes", {"t": rows}, "t")) == found


@pytest.mark.parametrize(
    ("row", "found"),
    [("(3.0, 2.0, 1.0, 1)", 0), ("(3.1, 2.0, 1.0, 1)", 1), ("(3.0, 2.0, 1.0, 11)", 1)],
    ids=["adds up", "does not", "no tenth"],
)
def test_priority_is_fit_and_timing(row: str, found: int) -> None:
    rows = f"SELECT 'p' AS pattern, t.* FROM (VALUES {row}) AS t(priority, fit, timing, decile)"
    assert len(offending("priority_is_fit_and_timing", {"t": rows}, "t")) == found


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("('update', 'pending', NULL, FALSE, TRUE, FALSE)", 0),
        ("('update', 'rejected', NULL, FALSE, TRUE, TRUE)", 0),
        ("('update', 'pending', 'people changed it', FALSE, TRUE, FALSE)", 1),
        ("('update', 'pending', NULL, TRUE, TRUE, FALSE)", 1),
        ("('update', 'claimed', NULL, FALSE, TRUE, FALSE)", 1),
        ("('update', 'rejected', NULL, FALSE, TRUE, FALSE)", 1),
        ("('merge', 'pending', NULL, FALSE, TRUE, FALSE)", 1),
    ],
    ids=["pending", "refused for the moment", "blocked", "over a limit", "claimed", "refused for good", "merge"],
)
def test_nothing_blocked_is_claimable(row: str, found: int) -> None:
    rows = (
        f"SELECT 'k' AS outbox_key, 'l' AS lead_key, 'Phone' AS field, t.* FROM (VALUES {row}) "
        "AS t(operation, state, blocked_reason, is_over_limit, is_claimable, retryable)"
    )
    assert len(offending("nothing_blocked_is_claimable", {"t": rows}, "t")) == found


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("('update', 'confirmed', '+1 214 555 1234', '(214) 555-1234')", 0),
        ("('update', 'accepted', NULL::TEXT, '(214) 555-1234')", 0),
        ("('update', 'confirmed', '999', '(214) 555-1234')", 1),
        ("('update', 'confirmed', NULL::TEXT, '(214) 555-1234')", 1),
        ("('create', 'confirmed', 'salesforce:1', '{}')", 0),
        ("('create', 'confirmed', NULL::TEXT, '{}')", 1),
    ],
    ids=["spelled otherwise", "not yet", "another", "blank", "there", "nowhere"],
)
def test_confirmed_values_are_the_extracts(row: str, found: int) -> None:
    rows = (
        f"SELECT 'k' AS outbox_key, 'l' AS lead_key, 'Phone' AS field, t.* FROM (VALUES {row}) "
        "AS t(operation, state, old_value, new_value)"
    )
    assert len(offending("confirmed_values_are_the_extracts", {"t": rows}, "t")) == found
