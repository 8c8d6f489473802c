"""Each lint rule fires on a model that breaks it and is silent on one that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from sqlmesh import Context
from sqlmesh.core.linter.rule import Rule

from lead_enrichment.sqlmesh_internals import render_queries_once
from linter import audits, headers, queries, seeds

ROOT = Path(__file__).parents[2]
HOUSE_RULES = {
    name.lower()
    for module in (audits, headers, queries, seeds)
    for name, member in vars(module).items()
    if isinstance(member, type) and issubclass(member, Rule) and member.__module__ == module.__name__
}
BUILTIN_RULES = {
    "ambiguousorinvalidcolumn",
    "invalidselectstarexpansion",
    "noambiguousprojections",
    "nomissingaudits",
    "nomissingexternalmodels",
    "nomissingunittest",
}

GOOD = """
MODEL (
  name staging.leads_of_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column received_on
  ),
  owner somebody,
  grain (lead_key),
  description 'Leads by day, e.g. for a test. One row per lead.'
);

WITH delivered AS (
  SELECT
    d.lead_key,
    d.name,
    d.received_on
  FROM staging.delivery AS d
  WHERE
    d.received_on BETWEEN @start_date AND @end_date
)
SELECT
  d.lead_key::TEXT AS lead_key, /* Key */
  REGEXP_REPLACE(d.name, '[^a-z]', '', 'g')::TEXT AS name, /* Name */
  d.received_on::DATE AS received_on /* Day */
FROM delivered AS d
"""
UPSTREAM = """
MODEL (name staging.delivery, kind FULL, grain (lead_key), description 'One row per lead.');
SELECT 'a'::TEXT AS lead_key, 'b'::TEXT AS name, '2026-09-01'::DATE AS received_on
"""
UNION_WITH_UNCAST_SECOND_BRANCH = """
MODEL (name staging.leads_of_day, kind FULL, owner somebody, grain (lead_key), description 'One row per lead.');
SELECT 'a'::TEXT AS lead_key /* Key */
UNION ALL
SELECT LOWER('B') AS lead_key
"""


def violations(folder: Path, model: str, file: str = "staging/leads_of_day.sql") -> dict[str, str]:
    """Lint one model in a project of its own; give what is said by the names of the house rules that it breaks."""
    # As in this project, whose queries are loaded for days that no model names.
    render_queries_once()
    (folder / "models" / "staging").mkdir(parents=True)
    (folder / "linter").symlink_to(ROOT / "linter")
    (folder / "models" / "staging" / "delivery.sql").write_text(UPSTREAM)
    path = folder / "models" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(model)
    config = {
        "gateways": {"duckdb": {"connection": {"type": "duckdb"}}},
        "model_defaults": {"dialect": "duckdb"},
        "linter": {"enabled": True, "warn_rules": sorted(HOUSE_RULES)},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    found = Context(paths=str(folder)).lint_models(["staging.leads_of_day"], raise_on_error=False)
    return {violation.rule.name: violation.violation_msg for violation in found}


def broken_rules(folder: Path, model: str, file: str = "staging/leads_of_day.sql") -> set[str]:
    """Return the names of the house rules that one model breaks in a project of its own."""
    return set(violations(folder, model, file))


def test_a_model_in_house_form_breaks_no_rule(tmp_path: Path) -> None:
    assert broken_rules(tmp_path, GOOD) == set()


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("  owner somebody,\n", "", "nomissingowner"),
        ("  grain (lead_key),\n", "", "nomissinggrain"),
        ("One row per lead.", "One row per lead. It is nice.", "descriptiontellsgrain"),
        ("description 'Leads by day, e.g. for a test. One row per lead.'", "cron '@daily'", "descriptiontellsgrain"),
        ("d.name, '[^a-z]', '', 'g')::TEXT AS name", "d.name, 'a', '', 'g') AS name", "projectionsarecast"),
        ("d.lead_key::TEXT AS lead_key", "TRY_CAST(d.lead_key AS TEXT) AS lead_key", "projectionsarecast"),
        ("AS lead_key, /* Key */", "AS lead_key,", "projectionsaredescribed"),
        (" BETWEEN @start_date AND @end_date", " <= @end_date - 1", "incrementalfiltersontime"),
        ("d.received_on BETWEEN @start_date", "d.name BETWEEN @start_ds", "incrementalfiltersontime"),
        ("'', 'g')", "'')", "regexpreplaceisglobal"),
    ],
)
def test_a_rule_fires_on_the_model_that_breaks_it_and_no_other_does(
    tmp_path: Path, good: str, bad: str, rule: str
) -> None:
    assert good in GOOD
    assert broken_rules(tmp_path, GOOD.replace(good, bad)) == {rule}


@pytest.mark.parametrize("file", ["staging/other_name.sql", "intermediate/leads_of_day.sql"])
def test_a_file_is_named_as_its_model_and_stands_in_the_folder_of_its_schema(tmp_path: Path, file: str) -> None:
    assert broken_rules(tmp_path, GOOD, file) == {"filenamedasmodel"}


AUDITED = """;

AUDIT (name no_lead_is_delivered_twice);
SELECT d.lead_key FROM {table} AS d LEFT JOIN @this_model AS m ON m.lead_key = d.lead_key
"""


def test_an_audit_reads_what_is_built_before_its_model(tmp_path: Path) -> None:
    audited = GOOD.replace("per lead.'\n", "per lead.',\n  audits (no_lead_is_delivered_twice)\n", 1)
    (tmp_path / "kept").mkdir()
    assert broken_rules(tmp_path / "kept", audited + AUDITED.format(table="staging.delivery")) == set()
    found = violations(tmp_path, audited + AUDITED.format(table="staging.status"))
    assert set(found) == {"auditsreaddependencies"}
    assert "its audits read staging.status; name it in depends_on" in found["auditsreaddependencies"]
    # So does one of SQLMesh's own, where its argument names a table
    (tmp_path / "own").mkdir()
    asked = "audits (forall(criteria := (lead_key IN (SELECT s.lead_key FROM staging.status AS s))))"
    owned = GOOD.replace("per lead.'\n", f"per lead.',\n  {asked}\n", 1)
    assert set(violations(tmp_path / "own", owned)) == {"auditsreaddependencies"}


def test_each_branch_of_a_union_is_cast(tmp_path: Path) -> None:
    assert broken_rules(tmp_path, UNION_WITH_UNCAST_SECOND_BRANCH) == {"projectionsarecast"}


SEED = """
MODEL (
  name staging.leads_of_day,
  kind SEED (path '{path}'),
  columns (rule TEXT, weight DOUBLE, is_active BOOLEAN),
  owner somebody,
  grain (rule),
  description 'Rules. One row per rule.'
)
"""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,-1.5,true", None),
        # Nothing is neither, and a text may be anything
        ("1,,", None),
        ("a", None),
        ("a,1e3,FALSE", None),
        ("a,1 5,true", "line 3 of its file: weight is '1 5', which is no number"),
        ("a,nan,true", "weight is 'nan'"),
        ("a,1,ture", "is_active is 'ture', which is neither true nor false"),
    ],
)
def test_a_seed_holds_numbers_where_it_says_so(tmp_path: Path, row: str, said: str | None) -> None:
    path = tmp_path / "rules.csv"
    path.write_text(f"rule,weight,is_active\nb,0,false\n{row}\n")
    found = violations(tmp_path, SEED.format(path=path))
    assert set(found) == ({"seedvaluesareoftheirtype"} if said else set())
    assert said is None or said in found["seedvaluesareoftheirtype"]


WEIGHTS = """
MODEL (
  name staging.leads_of_day,
  kind SEED (path '{path}'),
  columns (
    attribute TEXT, level TEXT, m_probability DOUBLE, u_probability DOUBLE, match_weight DOUBLE, description TEXT
  ),
  owner somebody,
  grain (attribute, level),
  description 'Weights. One row per attribute and level.'
)
"""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("phone,exact,0.8,0.1,,same", None),
        ("phone,exact,,,2.5,same", None),
        ("phone,exact,0.8,0.1,3,same", None),
        ("phone,exact,0.8,0.1,2.5,same", "line 3 of its file: of 'phone, exact' match_weight is 2.5, but"),
        ("phone,exact,,,,same", "of 'phone, exact' it has no match_weight"),
        ("phone,exact,0.8,,,same", "of 'phone, exact' u_probability is missing"),
        ("prior,any,0.8,0.1,,same", "the prior has a match_weight alone"),
    ],
)
def test_a_match_weight_stands_alone_or_follows_from_its_shares(tmp_path: Path, row: str, said: str | None) -> None:
    path = tmp_path / "weights.csv"
    path.write_text(
        f"attribute,level,m_probability,u_probability,match_weight,description\nprior,any,,,-12.7,p\n{row}\n"
    )
    found = violations(tmp_path, WEIGHTS.format(path=path))
    assert set(found) == ({"weightsfollowfromprobabilities"} if said else set())
    assert said is None or said in found["weightsfollowfromprobabilities"]


def test_every_rule_of_the_house_and_the_builtins_that_fit_are_on() -> None:
    rules = yaml.safe_load((ROOT / "config.yaml").read_text().replace("{{", "").replace("}}", ""))["linter"]
    assert {*rules.get("rules", []), *rules.get("warn_rules", [])} == HOUSE_RULES | BUILTIN_RULES
