"""What reads a delivered column: hand-checked cases of the project, and each kind of reading in a small one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ROOT
from helpers import call
from lead_enrichment.contracts import contracts
from lead_enrichment.preview.impact import Impact, Lineage, delivered_column, impact_of, read_lineage
from lead_enrichment.warehouse.project import load_project

CONFIG = """
gateways:
  duckdb:
    connection:
      type: duckdb
      database: /nowhere/warehouse/leads.duckdb
    state_connection: {type: postgres, host: nowhere.invalid, port: 1, database: a, user: a, password: a}
default_gateway: duckdb
model_defaults: {dialect: duckdb, start: 2026-01-01}
"""
COLUMNS = ("id", "title", "email", "status", "country", "state", "city", "street", "phone", "website", "first_name")
EXTERNAL = "- name: bronze.salesforce\n  columns:\n" + "".join(f"    {name}: TEXT\n" for name in COLUMNS)
MODELS = {
    "staging/stg_lead.sql": """
        MODEL (name staging.stg_lead, kind FULL);
        WITH delivered AS (SELECT * FROM bronze.salesforce AS b)
        SELECT
          d.id::TEXT AS id, d.title::TEXT AS title, d.email::TEXT AS email, d.status::TEXT AS status,
          d.country::TEXT AS country, d.state::TEXT AS state,
          MD5(CONCAT(d.id, d.email, d.street))::TEXT AS content_hash
        FROM delivered AS d
        WHERE EXISTS (SELECT 1 FROM staging.stg_known AS k WHERE k.city = d.city)
    """,
    "staging/stg_known.sql": """
        MODEL (name staging.stg_known, kind FULL);
        SELECT 'RENO'::TEXT AS city, 'NV'::TEXT AS state, 'Nevada'::TEXT AS state_name
    """,
    "staging/stg_phone.py": """
        import typing as t
        import pandas as pd
        from sqlmesh import model

        @model("staging.stg_phone", kind="full", columns={"phone": "text"}, depends_on=["bronze.salesforce"])
        def execute(context, start, end, execution_time, **kwargs: t.Any) -> pd.DataFrame:
            table = context.resolve_table("bronze.salesforce")
            return context.fetchdf(f"SELECT b.phone FROM {table} AS b WHERE b.website <> ''")
    """,
    "staging/stg_name.py": """
        import typing as t
        import pandas as pd
        from sqlmesh import model

        @model("staging.stg_name", kind="full", columns={"name": "text"}, depends_on=["staging.stg_lead"])
        def execute(context, start, end, execution_time, **kwargs: t.Any) -> pd.DataFrame:
            raise ValueError("cannot do without rows")
    """,
    "dims/dim_lead.sql": """
        MODEL (name dims.dim_lead, kind FULL);
        SELECT
          l.id::TEXT AS id, l.email::TEXT AS email, l.content_hash::TEXT AS version, k.state_name::TEXT AS state_name
        FROM staging.stg_lead AS l
        LEFT JOIN staging.stg_known AS k ON k.state = l.state
        WHERE l.status = 'open'
    """,
    "facts/fact_lead.sql": """
        MODEL (name facts.fact_lead, kind FULL);
        SELECT l.id::TEXT AS id
        FROM dims.dim_lead AS l
        INNER JOIN (SELECT s.id, s.country FROM staging.stg_lead AS s) AS d ON d.id = l.id
    """,
}  # fmt: skip


@pytest.fixture(scope="module")
def project() -> Lineage:
    return read_lineage(load_project(ROOT))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """The lineage of a small project whose warehouse and state cannot be opened."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "external_models").mkdir()
    (folder / "external_models" / "bronze.yaml").write_text(EXTERNAL, encoding="utf-8")
    for name, text in MODELS.items():
        path = folder / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()), encoding="utf-8")
    return read_lineage(load_project(folder))


def of(name: str, lineage: Lineage) -> Impact:
    return impact_of(delivered_column(name), lineage)


def paths(impact: Impact) -> dict[str, list[str]]:
    """Return the way to each field that reads a column itself, and not a hash of it."""
    return {str(item.field): [str(step) for step in item.path] for item in impact.reached if not item.by_hash}


def of_layers(impact: Impact, *layers: str) -> list[str]:
    return [model for model in impact.outer_readers if model.split(".")[0] in layers]


def test_a_texas_column_reaches_dim_lead_step_by_step(project: Lineage) -> None:
    impact = of("texas.capacity", project)
    assert paths(impact)["dims.dim_lead.capacity"] == [
        "bronze.texas.capacity",
        "staging.stg_texas_facility.capacity",
        "intermediate.int_lead_delivered.capacity",
        "intermediate.int_lead_version.capacity",
        "dims.dim_lead.capacity",
    ]
    golden = {"facts.fact_enriched_attribute", "facts.fact_enriched_lead"}
    assert set(of_layers(impact, "dims", "facts")) == {"dims.dim_lead", "facts.fact_facility_license"} | golden
    assert "marts.sales_lead" in impact.outer_readers
    assert impact.severity == "breaking"


def test_a_profile_of_every_column_makes_no_column_one_that_is_needed(project: Lineage) -> None:
    impact = of("texas.monitoring_frequency", project)
    assert not [model for model in impact.readers if model.startswith("quality.column_")]
    assert "quality.column_profile" in project.children["bronze.texas"]


def test_phone_reads_through_the_python_model_and_capacity_does_not(project: Lineage) -> None:
    found = paths(of("texas.phone", project))
    assert found["staging.stg_oklahoma_facility.phone_e164"][1].startswith("staging.stg_phone.")
    assert found["staging.stg_texas_facility.phone_raw"] == [
        "bronze.texas.phone",
        "staging.stg_texas_facility.phone_raw",
    ]
    assert "staging.stg_phone" not in of("texas.capacity", project).readers
    assert "staging.stg_oklahoma_facility" not in of("texas.capacity", project).readers


def test_the_python_model_of_entities_reads_what_its_queries_name(project: Lineage) -> None:
    assert "intermediate.int_entity" in of("salesforce.created_date", project).readers
    assert "intermediate.int_entity" not in of("salesforce.lead_source", project).readers


def test_the_hash_of_all_content_does_not_make_every_column_a_reader_of_every_fact(project: Lineage) -> None:
    impact = of("texas.infant", project)
    assert set(of_layers(impact, "dims", "facts")) == {
        "dims.dim_lead", "facts.fact_enriched_attribute", "facts.fact_enriched_lead"
    }  # fmt: skip
    assert set(impact.hash_readers) >= {"dims.dim_lead_validity", "facts.fact_lead_match"}


def test_rescued_values_are_carried_to_dim_lead_and_no_fact(project: Lineage) -> None:
    assert of("texas.rescued", project).outer_readers == ("dims.dim_lead",)


def test_every_delivered_column_leads_somewhere_in_its_own_source(project: Lineage) -> None:
    for source in ("nevada", "oklahoma", "texas"):
        impact = of(f"{source}.phone", project)
        assert f"staging.stg_{source}_facility.phone_raw" in paths(impact)
    assert "staging.stg_salesforce_lead.mobile_raw" in paths(of("salesforce.mobile_phone", project))


def test_a_column_that_ends_in_staging_breaks_staging_alone(small: Lineage) -> None:
    impact = of("salesforce.country", small)
    # A Python model that cannot tell what it reads counts as reading all of its parent.
    assert paths(impact) == {
        "staging.stg_lead.country": ["bronze.salesforce.country", "staging.stg_lead.country"],
        "staging.stg_name.name": ["bronze.salesforce.country", "staging.stg_lead.country", "staging.stg_name.name"],
    }
    assert (impact.severity, impact.outer_readers) == ("breaking", ())


def test_a_column_that_nothing_reads_is_not_breaking_though_a_star_passes_it(small: Lineage) -> None:
    impact = of("salesforce.first_name", small)
    assert (impact.severity, impact.reached, impact.built_on_rows) == ("not breaking", (), ())


def test_a_column_that_only_filters_is_read(small: Lineage) -> None:
    impact = of("salesforce.status", small)
    assert "dims.dim_lead (rows)" in paths(impact)
    assert impact.outer_readers == ("dims.dim_lead",)
    assert impact.built_on_rows == ("facts.fact_lead",)


def test_a_column_in_a_subquery_of_a_filter_is_read(small: Lineage) -> None:
    assert paths(of("salesforce.city", small)) == {
        "staging.stg_lead (rows)": ["bronze.salesforce.city", "staging.stg_lead (rows)"]
    }


def test_the_key_of_an_outer_join_is_read_by_what_it_looks_up(small: Lineage) -> None:
    found = paths(of("salesforce.state", small))
    assert "dims.dim_lead.state_name" in found
    assert not {"dims.dim_lead (rows)", "dims.dim_lead.email"} & set(found)


def test_a_column_read_only_in_a_hash_is_said_so(small: Lineage) -> None:
    impact = of("salesforce.street", small)
    assert (impact.severity, impact.readers) == ("breaking", ())
    assert set(impact.hash_readers) == {"staging.stg_lead", "staging.stg_name", "dims.dim_lead"}


def test_a_python_model_reads_the_columns_of_its_queries_and_no_other(small: Lineage) -> None:
    assert "staging.stg_phone.phone" in paths(of("salesforce.phone", small))
    assert "staging.stg_phone.phone" in paths(of("salesforce.website", small))
    assert "staging.stg_phone" not in of("salesforce.email", small).readers


@pytest.mark.parametrize("name", ["texas.operation_name", "texas.Operation Name", "bronze.texas.OPERATION-NAME"])
def test_a_column_goes_by_its_name_and_by_its_header(name: str) -> None:
    assert str(delivered_column(name).field) == "bronze.texas.operation_name"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("texas.phnoe", "texas has no column 'phnoe'. Did you mean phone?"),
        ("texas.zip_code", "Did you mean zip?"),
        ("txas.phone", "there is no source 'txas'. Did you mean texas.phone?"),
        ("ohio.phone", f"The sources are {', '.join(sorted(contracts()))}."),
        ("texas.qqq", "Its columns are operation, agency_number,"),
        ("texas", "Write it as <source>.<column>"),
    ],
)
def test_an_unknown_name_is_one_sentence_with_what_comes_near(name: str, said: str) -> None:
    printed = call("contracts", "impact", name, expect=2)
    assert said in printed
    assert printed.count("\n") == 1


def test_outside_of_the_project_it_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Run it from the project's folder" in call("contracts", "impact", "texas.phone", expect=2)


def test_the_command_names_what_breaks(small: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lead_enrichment.warehouse.project.load_project", lambda _: None)
    monkeypatch.setattr("lead_enrichment.preview.impact.read_lineage", lambda _: small)
    said = call("contracts", "impact", "salesforce.status")
    assert "Removing bronze.salesforce.status is breaking: dims.dim_lead reads it." in said
    assert "(rows)  by way of stg_lead.status" in said
    assert "Built on the rows that it helps to choose: facts.fact_lead." in said
    unread = call("contracts", "impact", "salesforce.first_name")
    assert "is not breaking: nothing reads it." in unread
    told = json.loads(call("contracts", "impact", "salesforce.status", "--json"))
    assert (told["severity"], told["breaks"]) == ("breaking", ["dims.dim_lead"])
    assert told["layers"]["dims"] == [
        {"model": "dims.dim_lead", "column": None, "reads": "rows", "through_python": [],
         "path": ["bronze.salesforce.status", "staging.stg_lead.status", "dims.dim_lead (rows)"]}
    ]  # fmt: skip
    phone = json.loads(call("contracts", "impact", "salesforce.phone", "--json"))
    assert phone["layers"]["staging"][0]["through_python"] == ["staging.stg_phone"]
