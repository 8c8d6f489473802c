"""`leads quality`: scores resolve to rules and rows, and a changed rule is compared before it counts."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from conftest import ROOT, Run
from helpers import query
from lead_enrichment.quality.rules import rules

# Its divisor is zero in every row, and nothing tells so before it is evaluated.
BROKEN = {
    "rule": "cannot_be", "level": "final", "table": "dims.dim_lead", "dimension": "accuracy", "severity": "info",
    "expression": "phone_leads / (phone_leads - phone_leads) > 1", "weight": 5, "owner": "nobody",
    "description": "a rule that is at fault itself", "remedy": "Correct the rule.",
}  # fmt: skip


def test_the_failures_of_each_lead_explain_its_score(planned_demo: Path) -> None:
    unexplained = query(
        planned_demo,
        "SELECT s.lead_key, s.score, f.points FROM quality.lead_score AS s LEFT JOIN "
        "(SELECT lead_key, SUM(points) AS points, COUNT(*) AS rules FROM quality.lead_failure GROUP BY lead_key) AS f "
        "USING (lead_key) "
        "WHERE ABS(100 - s.score - COALESCE(f.points, 0)) > 0.000001 OR s.failed_rules <> COALESCE(f.rules, 0)",
    )
    assert unexplained == []
    assert query(planned_demo, "SELECT COUNT(*) > 100, COUNT(DISTINCT score) > 20 FROM quality.lead_score") == [
        (True, True)
    ]


def test_a_failed_rule_leads_to_the_delivered_row(planned_demo: Path) -> None:
    found = query(
        planned_demo,
        "SELECT f.value, b.email FROM quality.rule_failure AS f "
        "JOIN bronze.salesforce AS b USING (file_id, row_number) WHERE f.rule = 'email_is_there'",
    )
    assert found and {*found} == {("email_raw missing", None)}
    counted = query(
        planned_demo,
        "SELECT SUM(failed)::BIGINT, (SELECT COUNT(*) FROM quality.rule_failure) FROM quality.rule_result "
        "WHERE level <> 'final'",
    )
    assert counted[0][0] == counted[0][1] > 0


def test_the_scorecard_has_each_month_of_each_source(planned_demo: Path) -> None:
    found = query(
        planned_demo,
        "SELECT source_key, COUNT(*), COUNT(change) FROM quality.scorecard "
        "WHERE dimension = 'all' AND owner = 'all' GROUP BY ALL",
    )
    assert {source for source, _, _ in found} == {"nevada", "oklahoma", "salesforce", "texas"}
    assert all(months - 1 == changes for _, months, changes in found)
    scored = query(
        planned_demo,
        "SELECT c.source_key FROM quality.scorecard AS c JOIN (SELECT source_key, COUNT(*) AS leads, "
        "100 - 100 * SUM(failed_weight) / SUM(applicable_weight) AS score FROM quality.lead_score GROUP BY ALL) AS s "
        "ON s.source_key = c.source_key AND c.evaluated_on = (SELECT MAX(day) FROM intermediate.int_day) "
        "WHERE c.dimension = 'all' AND c.owner = 'all' AND c.leads = s.leads AND ABS(c.score - s.score) < 0.000001",
    )
    assert len(scored) == 4


def test_the_commands_list_the_rules_and_explain_a_lead(planned_demo: Path, run: Run) -> None:
    listed = json.loads(run("leads", "quality", "rules", "--json", data=planned_demo).stdout)
    assert {row["rule"] for row in listed} == {rule.rule for rule in rules()}
    assert all(row["failed"] <= row["tested"] for row in listed) and any(row["failed"] for row in listed)
    assert "is no source" in run("leads", "quality", "rules", "--source", "mars", data=planned_demo, expect=2).stderr

    ((lead, score),) = query(planned_demo, "SELECT lead_key, score FROM quality.lead_score ORDER BY score, 1 LIMIT 1")
    told = json.loads(run("leads", "quality", "lead", lead, "--json", data=planned_demo).stdout)
    assert abs(100 - sum(item["points"] for item in told["failures"]) - score) < 0.000001
    printed = run("leads", "quality", "lead", lead, data=planned_demo).stdout
    for item in told["failures"]:
        rule = next(rule for rule in rules() if rule.rule == item["rule"])
        lines = (ROOT / rule.file).read_text(encoding="utf-8").splitlines()
        assert item["rule"] in lines[item["rule_line"] - 1]
        assert f"{item['rule_file']}, line {item['rule_line']}" in printed
        assert f"{item['file_name']}, row {item['row_number']:,}" in printed and item["value"] in printed
    assert "no lead texas:0" in run("leads", "quality", "lead", "texas:0", data=planned_demo, expect=2).stderr


def test_a_changed_rule_is_compared_and_one_at_fault_stops_no_other(
    own_demo: Path, project_copy: Path, run: Run
) -> None:
    file = project_copy / "quality" / "rules" / "sales.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("expression: phone_leads <= 5") == 1
    changed = text.replace("expression: phone_leads <= 5", "expression: phone_leads <= 2")
    file.write_text(f"{changed}\n{yaml.safe_dump([BROKEN])}", encoding="utf-8")
    fault = run("leads", "quality", "check", data=own_demo, project=project_copy, expect=1).stderr
    assert "quality/rules/sales.yaml, rule cannot_be: it divides by zero" in fault

    run("sqlmesh", "plan", "dev", "--auto-apply", "--no-prompts", "--skip-tests", data=own_demo, project=project_copy)
    compared = json.loads(
        run("leads", "quality", "compare", "dev", "--json", data=own_demo, project=project_copy).stdout
    )
    ((more,),) = query(
        own_demo,
        "SELECT COUNT(*) FROM quality__dev.lead_failure AS n "
        "ANTI JOIN quality.lead_failure AS o USING (lead_key, rule)",
    )
    assert [(row["rule"], row["now_fail"], row["fail_no_more"]) for row in compared["failures"]] == [
        ("phone_is_its_own", more, 0)
    ]
    assert [(row["change"], row["leads"]) for row in compared["scores"]] == [("score falls", more)] and more > 0
    assert query(
        own_demo, "SELECT SUM(tested), SUM(broken) > 0 FROM quality__dev.rule_result WHERE rule = 'cannot_be'"
    ) == [(0, True)]
    assert "cannot_be" in run("leads", "quality", "rules", "--env", "dev", data=own_demo, project=project_copy).stdout
    assert (
        "there is no environment other" in run("leads", "quality", "compare", "other", data=own_demo, expect=2).stderr
    )
