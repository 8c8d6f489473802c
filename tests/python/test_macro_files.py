"""What holds for every macro: its file, its types, and that both engines can run what it renders."""

from __future__ import annotations

import ast
import importlib
from datetime import date
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator
from sqlmesh.utils.metaprogramming import build_env, serialize_env

from conftest import ROOT
from lead_enrichment.lead_shape import LEAD_COLUMNS
from lead_enrichment.quality.rules import FINAL_EXTRA, STAGING_EXTRA
from lead_enrichment.warehouse.connection import connect

FILES = sorted((ROOT / "macros").rglob("*.py"))
MACROS = {path.stem: path for path in FILES if path.stem != "__init__"}
# What SQLMesh calls around a plan or a run; they render nothing in a model.
HOOKS = {name for name, path in MACROS.items() if path.parent.name == "hooks"}
# A call of each macro, in the place that it has in a model; d is a relation with every column as text.
WORDS = "STRING_SPLIT(d.a, ' ')"
VALUES = {
    "address_line": "@address_line(d.a)",
    "clean_text": "@clean_text(d.a)",
    "conformed_word": "@conformed_word('texas.status', d.a)",
    "content_hash": "@content_hash(l)",
    "country_code": "@country_code(d.a)",
    "country_of_state": "@country_of_state(d.a)",
    "decoded_entities": "@decoded_entities(d.a)",
    "facility_of": "@facility_of(d, d.name)",
    "golden_attributes": "d.a IN @golden_attributes()",
    "golden_is_partial": "@golden_is_partial(d.a, l)",
    "crm_attribute": "@crm_attribute(d.a)",
    "crm_plain": "@crm_plain(d.a, d.b)",
    "crm_record": "@crm_record(l)",
    "golden_is_usable": "@golden_is_usable(d.a, l)",
    "golden_key_type": "@golden_key_type(d.a)",
    "golden_value": "@golden_value(d.a, l)",
    "history_value": "@history_value(d.a, l)",
    "house_of": "@house_of(d)",
    "is_judged_otherwise": "@is_judged_otherwise(l, d.received_on)",
    "is_person": "@is_person(d.a, d.b)",
    "join_text": "@join_text('; ', d.a, d.b)",
    "agreement": "@agreement(d.a::DOUBLE, d.b::DOUBLE, d.c::DOUBLE, d.d::DOUBLE)",
    "least_share": "@least_share(d.a::BIGINT, d.b::BIGINT)",
    "license_type": "@license_type(d.a)",
    "match_band": "@match_band(d.a::DOUBLE, 0.9, 0.5)",
    "name_normal": "@name_normal(d.a)",
    "name_words": "@name_words(d.a)",
    "natural_order": "@natural_order(d.a)",
    "parse_boolean": "@parse_boolean(d.a)",
    "parse_date": "@parse_date(d.a)",
    "parse_instant": "@parse_instant(d.a)",
    "unguarded": "@unguarded(d.a)",
    "parse_integer": "@parse_integer(d.a)",
    "parse_timestamp": "@parse_timestamp(d.a)",
    "part_at_end": "@part_at_end(d.a)",
    "phone_digits": "@phone_digits(d.a)",
    "phone_e164": "@phone_e164(d.a)",
    "phone_reason": "@phone_reason(d.a, d.b, d.c)",
    "phone_type": "@phone_type(d.a)",
    "plain_text": "@plain_text(d.a)",
    "postal_code": "@postal_code(d.a)",
    "quantile": "@quantile(d.a::DOUBLE, 25)",
    "salesforce_id": "@salesforce_id(d.a)",
    "schedule_line": "@schedule_line(d.a, d.b, d.c, d.a, d.b, d.c, d.a)",
    "shared_bits": "@shared_bits([d.a::BIGINT], [d.b::BIGINT])",
    "shared_words": f"@shared_words({WORDS}, {WORDS})",
    "similarity": "@similarity(d.a, d.b, 0.5)",
    "state_code": "@state_code(d.a)",
    "street_words": "@street_words(d.a)",
    "text_number": "@text_number(d.a, 18)",
    "unaccented": "@unaccented(d.a)",
    "unparsed": "@unparsed(('a', d.a, d.b), ('c', d.c, d.b))",
    "website_domain": "@website_domain(d.a)",
    "wilson_bound": "@wilson_bound(d.a::BIGINT, d.b::BIGINT, 'low')",
}
COLUMNS = {
    "address_columns": "@address_columns(d)",
    "address_parts": "@address_parts(d)",
    "address_unit": "@address_unit(d)",
    "address_words": "@address_words(d)",
    "contact_columns": "@contact_columns(d.a)",
    "crm_columns": "@crm_columns(l)",
    "email_columns": "@email_columns(d.a)",
    "email_first": "@email_first(d.a)",
    "house_range": "@house_range(d.a)",
    "feature_attributes": "@feature_attributes(l)",
    "golden_columns": "@golden_columns(d, l)",
    "golden_record": "@golden_record(l)",
    "lead_columns": "@lead_columns(l)",
    "market_counts": "@market_counts(d)",
    "match_levels": "@match_levels(d)",
    "match_values": "@match_values(d)",
    "match_weights": "@match_weights(d)",
    "name_parts": "@name_parts(d.a)",
    "place_at_end": "@place_at_end(d.a)",
    "street_core": "@street_core(d)",
    "street_name": "@street_name(d)",
}
QUERIES = {
    "bronze_rows": "@bronze_rows()",
    "columns_in_use": "@columns_in_use()",
    "contract_sources": "@contract_sources()",
    "crm_rows": "@crm_rows(given, TRUE, a)",
    "date_spine_between": "@date_spine_between('2024-02-28', '2024-03-01')",
    "delivered_leads": "@delivered_leads()",
    "delivered_values": "@delivered_values(100)",
    "facility_features": "@facility_features(subject, lead_then)",
    "feature_levels": "@feature_levels(subject, entity_key, as_of)",
    "final_outcomes": "@final_outcomes(judged)",
    "history_attributes": "@history_attributes()",
    "is_touched": "WITH touched AS (SELECT e.c FROM given AS e) SELECT d.a FROM given AS d "
    "WHERE @is_touched(d.a, c) OR @is_touched(d.c)",
    "lead_shape": "@lead_shape(bronze.texas AS d, 'texas' AS source_key, d.operation AS natural_id, "
    "(d.zip, d.zip) AS postal_code, UPPER(cleaned.city) AS city)",
    "leads_on": "@leads_on(day)",
    "metric_list": "@metric_list()",
    "metric_values": "@metric_values()",
    "missing_values": "@missing_values(texas)",
    "new_values": "@new_values(address)",
    "priority_weights": "@priority_weights(observed, seeds.priority_term, 50, 20)",
    "rule_list": "@rule_list()",
    "source_outcomes": "@source_outcomes()",
    "staging_outcomes": "@staging_outcomes(judged)",
}
# The columns that are no text, of the tables that these queries read.
LEAD_TYPES = {
    **{column: kind for column, kind, _ in (*LEAD_COLUMNS, *STAGING_EXTRA, *FINAL_EXTRA)},
    **dict.fromkeys(("valid_from", "valid_to", "changed_at"), "TIMESTAMPTZ"),
    **dict.fromkeys(("evaluated_on", "happened_on", "month", "cohort_month", "converted_on"), "DATE"),
    **dict.fromkeys(("is_listed", "is_crm", "is_fixed", "is_won"), "BOOLEAN"),
    **dict.fromkeys(("bits", "facilities", "score", "leads", "converted", "changed_in_week"), "DOUBLE"),
}
OF_LEADS = {
    "facility_features", "final_outcomes", "leads_on", "metric_values", "priority_weights", "staging_outcomes",
}  # fmt: skip


@pytest.fixture(params=sorted(MACROS))
def evaluator(request: pytest.FixtureRequest) -> MacroEvaluator:
    """An evaluator that knows one macro, rebuilt from what SQLMesh stores in a snapshot."""
    name: str = request.param
    path = MACROS[name]
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found: dict[str, object] = {}
    build_env(getattr(module, name), env=found, name=name, path=ROOT)  # type: ignore[arg-type]
    ready = MacroEvaluator(dialect="duckdb", python_env=serialize_env(found, ROOT))
    ready.locals.update(start_date=date(2026, 11, 1), end_date=date(2026, 11, 30))
    return ready


def rendered(query: str, evaluator: MacroEvaluator) -> exp.Expr:
    """Return a query with its macros expanded."""
    found = evaluator.transform(sqlglot.parse_one(query, read="duckdb"))
    assert isinstance(found, exp.Expr)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_plan_can_print_the_regular_expressions_of_a_macro(path: Path) -> None:
    """SQLMesh shows changed SQL through rich, which takes `[/` for a closing tag and stops the plan."""
    assert "[/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MACROS.values(), ids=lambda path: path.stem)
def test_file_holds_the_one_macro_that_it_is_named_for(path: Path) -> None:
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    macros = [node.name for node in functions if [ast.unparse(each) for each in node.decorator_list] == ["macro()"]]
    assert macros == [path.stem]
    assert path.parent.parent == ROOT / "macros", "a macro stands in the folder of its group"


@pytest.mark.parametrize("path", MACROS.values(), ids=lambda path: path.stem)
def test_macro_is_typed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "type: ignore" not in text
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        arguments = [*function.args.args, *filter(None, [function.args.vararg, function.args.kwarg])]
        untyped = [argument.arg for argument in arguments if argument.annotation is None]
        assert function.returns is not None and not untyped, f"{function.name}: {untyped}"
        if function.name == path.stem:
            assert ast.unparse(arguments[0]) == "evaluator: MacroEvaluator"


def test_no_constant_has_the_name_of_another_macros_constant() -> None:
    """A model's macros share one namespace in its snapshot: of two constants of one name, one is read for both."""
    found: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            for target in targets:
                found.setdefault(ast.unparse(target), []).append(path.stem)
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_every_macro_is_rendered_by_a_test() -> None:
    assert sorted([*VALUES, *COLUMNS, *QUERIES, *HOOKS]) == sorted(MACROS)


def test_both_engines_can_run_what_a_macro_renders(evaluator: MacroEvaluator, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["evaluator"]
    if name in HOOKS:
        # Outside of a plan or a run they do nothing.
        assert evaluator.send(name) in ([], None)
        return
    if name in QUERIES:
        query = rendered(f"WITH q AS ({QUERIES[name]}) SELECT * FROM q", evaluator)
    elif name in COLUMNS:
        query = rendered(f"SELECT {COLUMNS[name]} FROM given AS d, lead AS l", evaluator)
    else:
        query = rendered(f"SELECT {VALUES[name]} AS value FROM given AS d, lead AS l", evaluator)
    spark = query.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    # A function that neither dialect's parser knows stays as it is written: Spark might not have it.
    assert not list(sqlglot.parse_one(spark, read="spark").find_all(exp.Anonymous)), spark
    with connect() as connection:
        named = sorted({column.name for column in query.find_all(exp.Column)} - {"*"} | {"a", "b", "c", "d"})
        types = {"received_on": "DATE", "is_one_line": "BOOLEAN", "row_number": "BIGINT"}
        types |= LEAD_TYPES if name in OF_LEADS else {}
        columns = ", ".join(f"NULL::{types.get(column, 'TEXT')} AS {column}" for column in named)
        lead = ", ".join(f"NULL::{kind} AS {column}" for column, kind, _ in LEAD_COLUMNS)
        connection.execute(f"CREATE TABLE lead AS SELECT {lead}, NULL::BOOLEAN AS is_listed")
        tables = {exp.table_(table.name, db=table.db).sql() for table in query.find_all(exp.Table)} - {"lead", "q"}
        for table in sorted(tables):
            schema = table.rpartition(".")[0] or "main"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {table} AS SELECT {columns}")
        found = connection.execute(query.sql(dialect="duckdb")).fetchall()
        # The queries over bronze find nothing in an interval that has no row.
        assert found or name in QUERIES
