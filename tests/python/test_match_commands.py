"""`leads match` explains, takes decisions, measures and compares on the demo as a user would."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from conftest import Run
from helpers import PLAN, RUN, land, query


def a_pair(data: Path, condition: str) -> tuple[str, str]:
    (pair,) = query(
        data,
        f"SELECT left_lead_key, right_lead_key FROM facts.fact_match_pair WHERE {condition} ORDER BY ALL LIMIT 1",
    )
    return str(pair[0]), str(pair[1])


def test_every_joined_pair_is_explained_to_the_last_bit(planned_demo: Path, run: Run, tmp_path: Path) -> None:
    left, right = a_pair(planned_demo, "verdict = 'match' AND phone_level = 'exact' AND name_level = 'exact'")
    picture = tmp_path / "pair.html"
    # The order in which the two are named is of no matter.
    said = run(
        "leads", "match", "explain", right, left, "--technical", "--picture", str(picture), data=planned_demo
    ).stdout
    (weight,) = query(
        planned_demo,
        "SELECT match_weight FROM facts.fact_match_pair WHERE left_lead_key = ? AND right_lead_key = ?",
        left,
        right,
    )
    sums = re.findall(r"│ +(-?\d+\.\d) │ [█░ ]*│$", said, re.MULTILINE)
    assert abs(float(sums[-1]) - float(str(weight[0]))) <= 0.05
    assert "For: " in said and "Verdict: match" in said
    page = picture.read_text(encoding="utf-8")
    assert "vega" in page.lower() and not re.search(r"<script[^>]+src=", page), "the page must need no network"
    found = json.loads(run("leads", "match", "explain", left, right, "--json", data=planned_demo).stdout)
    assert found["pair"]["match_weight"] == weight[0]


def test_a_pair_is_explained_in_names_and_values_and_bits_are_one_flag_away(planned_demo: Path, run: Run) -> None:
    left, right = a_pair(planned_demo, "verdict = 'match' AND phone_level = 'exact' AND phone_adjustment = 0")
    said = " ".join(run("leads", "match", "explain", left, right, data=planned_demo).stdout.split())
    names = query(planned_demo, "SELECT name FROM intermediate.int_match_lead WHERE lead_key IN (?, ?)", left, right)
    assert all(f"{name} (" in said for (name,) in names)
    assert re.search(r"they share the phone \(\d{3}\) \d{3}-\d{4}, which", said)
    assert re.search(r"[\d.]+% sure that it is the same facility\.", said)
    assert not re.search(r"\bbits?\b|prior|\bband\b|veto", said, re.IGNORECASE)


def test_a_key_in_a_reason_stands_behind_its_name(planned_demo: Path, run: Run) -> None:
    ((lead, nearest, name),) = query(
        planned_demo,
        "SELECT f.lead_key, f.nearest_lead_key, l.name FROM facts.fact_lead_match AS f "
        "JOIN intermediate.int_lead_current AS l ON l.lead_key = f.nearest_lead_key ORDER BY ALL LIMIT 1",
    )
    said = " ".join(run("leads", "match", "explain", str(lead), data=planned_demo).stdout.split())
    assert f"{name} ({nearest})" in said


def test_every_net_new_lead_says_which_lead_comes_nearest(planned_demo: Path, run: Run) -> None:
    ((lead, nearest),) = query(
        planned_demo,
        "SELECT lead_key, nearest_lead_key FROM facts.fact_lead_match "
        "WHERE is_net_new AND nearest_verdict = 'sister_site' ORDER BY ALL LIMIT 1",
    )
    said = run("leads", "match", "explain", str(lead), data=planned_demo).stdout
    assert "net-new" in said and str(nearest) in said and "sister site" in said


def test_leads_that_were_never_compared_say_why(planned_demo: Path, run: Run) -> None:
    ((one, other),) = query(
        planned_demo,
        "SELECT MIN(lead_key), MAX(lead_key) FROM intermediate.int_match_lead WHERE source_key <> 'salesforce'",
    )
    assert "They share no key" in run("leads", "match", "explain", str(one), str(other), data=planned_demo).stdout
    ((one, other, value),) = query(
        planned_demo,
        "SELECT MIN(lead_key), MAX(lead_key), key_value FROM intermediate.int_match_key "
        "WHERE is_over_shared AND key_type = 'email' GROUP BY key_value ORDER BY ALL LIMIT 1",
    )
    said = run("leads", "match", "explain", str(one), str(other), data=planned_demo).stdout
    assert "shared by too many" in said and str(value) in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "texas:0"), "no lead texas:0 ever came"),
        (("explain", "LEAD", "LEAD"), "the two leads are one"),
        (("explain", "LEAD", "--picture", "a.png"), "one lead has no evidence to draw"),
        (("decide", "LEAD", "texas:0", "same", "--reason", "r"), "no lead texas:0 ever came"),
        (("decide", "LEAD", "LEAD", "same", "--reason", "r"), "the two leads are one"),
        (("decide", "LEAD", "LEAD2", "perhaps", "--reason", "r"), "Say one of same, different, sister_site, unsure."),
        (("compare", "nowhere"), "there is no environment nowhere"),
        (("compare", "prod"), "is no other environment"),
        (("evaluate", "--truth", "nothing.csv"), "there is no truth"),
    ],
)
def test_wrong_call_is_told_in_a_sentence(planned_demo: Path, run: Run, words: tuple[str, ...], sentence: str) -> None:
    keys = query(planned_demo, "SELECT lead_key FROM intermediate.int_match_lead ORDER BY lead_key LIMIT 2")
    named = [{"LEAD": str(keys[0][0]), "LEAD2": str(keys[1][0])}.get(word, word) for word in words]
    done = run("leads", "match", *named, data=planned_demo, expect=2)
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert not (planned_demo / "landing" / "decisions").exists()


def test_evaluation_holds_production_against_the_truth(planned_demo: Path, run: Run, tmp_path: Path) -> None:
    chart = tmp_path / "thresholds.html"
    found = json.loads(run("leads", "match", "evaluate", "--json", "--chart", str(chart), data=planned_demo).stdout)
    # Counted anew, from the truth alone.
    with (planned_demo / "truth" / "record_facility.csv").open(encoding="utf-8") as stream:
        truth = {row["lead_key"]: row["facility_id"] for row in csv.DictReader(stream)}
    entity_of = dict(query(planned_demo, "SELECT lead_key, entity_key FROM intermediate.int_entity"))
    live = [str(key) for (key,) in query(planned_demo, "SELECT lead_key FROM intermediate.int_match_lead")]
    said = true = right = 0
    for position, one in enumerate(live):
        for other in live[:position]:
            is_said, is_true = entity_of[one] == entity_of[other], truth[one] == truth[other]
            said, true, right = said + is_said, true + is_true, right + (is_said and is_true)
    assert tuple(found["pairs"][name] for name in ("predicted", "actual", "true_positives")) == (said, true, right)
    assert found["pairs"]["f1"] > found["rule_before"]["f1"]
    claims = dict(query(planned_demo, "SELECT lead_key, match_status FROM facts.fact_lead_match WHERE is_live"))
    known = {truth[str(key)] for key in claims if str(key).startswith("salesforce:")}
    claimed = {truth[str(key)] for key, status in claims.items() if status == "net_new"}
    counts = tuple(found["net_new"][name] for name in ("predicted", "actual", "true_positives"))
    every = {truth[str(key)] for key in claims}
    assert counts == (list(claims.values()).count("net_new"), len(every - known), len(claimed - known))
    merged = [key for key, status in claims.items() if status == "duplicate" and str(key).startswith("salesforce:")]
    # Each facility keeps one
    copies = sum(str(key).startswith("salesforce:") for key in claims) - len(known)
    assert (found["duplicates"]["predicted"], found["duplicates"]["actual"]) == (len(merged), copies)
    for name in ("net_new", "duplicates"):
        assert sum(row["leads"] for row in found[name]["calibration"]) > 0
        assert found[name]["calibration_error"] <= 0.03
    (auto,) = (row for row in found["band, where no veto applies"] if row["name"] == "auto")
    assert auto["true_positives"] >= 0.99 * auto["predicted"] > 0
    assert "vega" in chart.read_text(encoding="utf-8").lower()


def test_calibration_counts_how_often_a_verdict_is_wrong_and_few_leads_move_it_little(
    planned_demo: Path, run: Run
) -> None:
    found = json.loads(run("leads", "match", "calibrate", "--dry-run", "--json", data=planned_demo).stdout)
    rows = {(row["claim"], row["verdict"], row["are_both_licensed"], row["least_weight"]): row for row in found}
    assert len(rows) == len(found)
    counted = query(
        planned_demo,
        "SELECT COUNT(*) FROM facts.fact_lead_match WHERE match_status IN ('net_new', 'to_review') "
        "OR (match_status = 'known' AND is_crm)",
    )
    assert [(sum(row["leads"] for row in found),)] == counted
    assert rows["net_new", "review", False, -100]["wrong"] > 0
    # Of those near a lead that has a licence of its own, hardly one is known.
    apart = [row for row in found if row["claim"] == "net_new" and row["are_both_licensed"]]
    assert sum(row["leads"] for row in apart) > 10
    assert sum(row["wrong"] for row in apart) == 0
    for row in found:
        share = row["wrong"] / row["leads"] if row["leads"] else row["old"]
        assert min(share, row["old"]) - 1e-4 <= row["new"] <= max(share, row["old"]) + 1e-4


def test_a_decision_overrules_the_score_and_comes_up_again_when_a_lead_changes(own_demo: Path, run: Run) -> None:
    has_changed = (
        "SELECT lead_key FROM intermediate.int_lead_version GROUP BY 1 HAVING COUNT(DISTINCT content_hash) > 1"
    )
    by_phone = f"verdict = 'match' AND blocking_keys LIKE 'phone%' AND left_lead_key IN ({has_changed})"
    joined = a_pair(own_demo, by_phone)
    outdated = a_pair(own_demo, f"{by_phone} AND NOT left_lead_key IN {joined} AND NOT right_lead_key IN {joined}")
    apart = a_pair(own_demo, "verdict = 'sister_site' AND left_source_key <> right_source_key")
    waiting = json.loads(run("leads", "match", "review", "--json", data=own_demo).stdout)["waiting"]
    run("leads", "match", "decide", *joined, "different", "--reason", "two doors", "--by", "Ana", data=own_demo)
    # A file of somebody's own, with a slip and a row that nobody can read.
    land(
        own_demo,
        "mine_2026-11-20.csv",
        "lead_key_1,lead_key_2,decision,decided_by,reason\n"
        f"{apart[1]},{apart[0]},Same,Bo,one school\n"
        f"{apart[0]},texas:0,same,Bo,\n"
        f"{apart[0]},{joined[0]},perhaps,Bo,\n",
        "decisions",
    )
    # What was judged is no longer the lead's content.
    ((content,),) = query(
        own_demo,
        "SELECT v.content_hash FROM intermediate.int_lead_version AS v JOIN intermediate.int_lead_current AS c "
        "USING (lead_key) WHERE lead_key = ? AND v.content_hash <> c.content_hash ORDER BY v.received_at LIMIT 1",
        outdated[0],
    )
    land(
        own_demo,
        "old_2026-11-21.csv",
        "lead_key_1,lead_key_2,decision,decided_by,reason,content_hash_1,content_hash_2\n"
        f"{outdated[0]},{outdated[1]},different,Ana,two doors,{content},\n",
        "decisions",
    )
    run("leads", "ingest", data=own_demo)
    run(*RUN, data=own_demo)
    # The log of statuses follows, and names the matching and no delivery as the cause.
    logged = (
        "SELECT COUNT(*) FROM facts.fact_lead_match AS m LEFT JOIN (SELECT lead_key, ARG_MAX(match_status, changed_at) "
        "AS last FROM facts.fact_match_status_change GROUP BY 1) AS l USING (lead_key) "
        "WHERE l.last IS DISTINCT FROM m.match_status"
    )
    assert query(own_demo, logged) == [(0,)]
    assert query(own_demo, "SELECT COUNT(*) FROM facts.fact_match_status_change WHERE cause = 'matching'") != [(0,)]

    verdicts = dict(
        ((left, right), (verdict, reason))
        for left, right, verdict, reason in query(
            own_demo,
            "SELECT left_lead_key, right_lead_key, verdict, reason FROM facts.fact_match_pair "
            "WHERE NOT decision IS NULL",
        )
    )
    assert verdicts == {
        joined: ("different", "decided by Ana: two doors"),
        outdated: ("different", "decided by Ana: two doors"),
        apart: ("match", "decided by Bo: one school"),
    }
    outcomes = query(own_demo, "SELECT outcome, COUNT(*) FROM ops.match_decision GROUP BY 1 ORDER BY 1")
    assert outcomes == [("applied", 3), ("refused", 1), ("unknown lead", 1)]
    assert not query(own_demo, "SELECT * FROM ops.reconciliation WHERE NOT broken_link IS NULL")

    # The pair whose lead has changed is back in the queue, and its verdict holds until somebody decides again.
    found = json.loads(run("leads", "match", "review", "--json", "--limit", "999", data=own_demo).stdout)
    assert found["waiting"] >= waiting
    (again,) = [pair for pair in found["pairs"] if (pair["left_lead_key"], pair["right_lead_key"]) == outdated]
    assert again["is_decision_stale"] and again["decision"] == "different"


def test_review_takes_verdicts_at_the_terminal(own_demo: Path, run: Run) -> None:
    pairs = json.loads(run("leads", "match", "review", "--json", "--limit", "2", data=own_demo).stdout)["pairs"]
    said = run("leads", "match", "review", "--work", "--limit", "2", data=own_demo, answer="s\nknown\nq\n").stdout
    assert "1 of 2" in said and pairs[0]["left_lead_key"] in said
    (landed,) = (own_demo / "landing" / "decisions").glob("*.csv")
    (row,) = csv.DictReader(landed.open(encoding="utf-8"))
    assert (row["lead_key_1"], row["decision"], row["reason"]) == (pairs[0]["left_lead_key"], "same", "known")
    assert row["content_hash_1"] and row["content_hash_2"]


def test_a_changed_weight_shows_its_effect_before_promotion(own_demo: Path, run: Run, project_copy: Path) -> None:
    # One number of the file as it is shipped: a phone in common tells 11.05 bits, and shall speak against.
    seed = project_copy / "seeds" / "match_weight.csv"
    text, replaced = re.subn(r"^phone,exact,,,11\.05,", "phone,exact,,,-1,", seed.read_text(), flags=re.M)
    assert replaced == 1
    seed.write_text(text)
    before = query(own_demo, "FROM facts.fact_lead_match ORDER BY lead_key")
    run(*PLAN, "dev", data=own_demo, project=project_copy)
    assert query(own_demo, "FROM facts.fact_lead_match ORDER BY lead_key") == before
    found = json.loads(run("leads", "match", "compare", "dev", "--json", data=own_demo).stdout)
    # Every pair that shares a phone weighs less by what was taken off, and no other pair does.
    weights = "FROM {}.fact_match_pair WHERE phone_level = 'exact' ORDER BY left_lead_key, right_lead_key"
    there, here = (
        query(own_demo, "SELECT ROUND(match_weight, 2) " + weights.format(schema)) for schema in ("facts__dev", "facts")
    )
    assert [round(old - new, 2) for (old,), (new,) in zip(here, there, strict=True)] == [12.05] * found["scores"]
    assert "auto to reject" in {row["change"] for row in found["bands"]}
    assert {row["change"] for row in found["bands"]} <= {"auto to review", "auto to reject", "review to reject"}
    # Who loses the only link is to review, since the other is still near, or is no duplicate; the numbers are those of
    # the two tables.
    changes = {row["change"]: row["number"] for row in found["leads"]}
    for change, counted in {
        "becomes one to review": "o.match_status = 'known' AND n.match_status = 'to_review'",
        "is a duplicate no more": "o.is_duplicate_in_salesforce AND NOT n.is_duplicate_in_salesforce",
    }.items():
        ((number,),) = query(
            own_demo,
            "SELECT COUNT(*) FROM facts.fact_lead_match AS o "
            f"JOIN facts__dev.fact_lead_match AS n USING (lead_key) WHERE {counted}",
        )
        assert changes[change] == number > 0, change
    assert "becomes a duplicate" not in changes
    said = run("leads", "match", "compare", "dev", data=own_demo).stdout
    assert "becomes one to review" in said and "--env dev" in said
    # The samples that it points to are explained, judged and measured as dev sees them.
    sample = next(row["samples"][0] for row in found["bands"] if row["change"].startswith("auto to "))
    keys = (sample["left_lead_key"], sample["right_lead_key"])
    there = json.loads(run("leads", "match", "explain", *keys, "--env", "dev", "--json", data=own_demo).stdout)
    here = json.loads(run("leads", "match", "explain", *keys, "--json", data=own_demo).stdout)
    assert round(there["pair"]["match_weight"], 2) == sample["weight_after"]
    assert round(here["pair"]["match_weight"], 2) == sample["weight_before"]
    figures = [
        json.loads(run("leads", "match", "evaluate", "--json", *words, data=own_demo).stdout)["pairs"]["recall"]
        for words in ((), ("--env", "dev"))
    ]
    assert figures[1] < figures[0]
    json.loads(run("leads", "match", "review", "--env", "dev", "--json", data=own_demo).stdout)
    said = run("leads", "match", "explain", *keys, "--env", "nowhere", data=own_demo, expect=2).stderr
    assert "there is no environment nowhere. There is dev." in said


def test_a_weight_that_contradicts_its_probabilities_is_refused_before_anything_is_built(
    run: Run, project_copy: Path, tmp_path: Path
) -> None:
    seed = project_copy / "seeds" / "match_weight.csv"
    seed.write_text(seed.read_text().replace("phone,exact,,,11.05", "phone,exact,0.8,0.1,11.05"))
    data = tmp_path / "data"
    (data / "warehouse").mkdir(parents=True)
    words = ("sqlmesh", "plan", "dev", "--no-prompts", "--auto-apply", "--skip-tests")
    said = " ".join(run(*words, data=data, project=project_copy, expect=1).stdout.split())
    assert (
        "line 11 of its file: of 'phone, exact' match_weight is 11.05, but m_probability 0.8 and u_probability 0.1 "
        "give 3: empty match_weight to go by the two, or empty the two to go by match_weight." in said
    )
    built = query(data, "SELECT schema_name FROM information_schema.schemata")
    assert not {schema for (schema,) in built} & {"seeds__dev", "intermediate__dev", "sqlmesh__seeds"}


# What a stored sentence says of two leads, as a condition on what they say: unknown is not different.
PHRASES = {
    "another ZIP or town": "l.postal_code <> r.postal_code OR l.city <> r.city",
    "other ZIPs": "l.postal_code <> r.postal_code",
    "other towns": "l.city <> r.city",
    "other street addresses": "NOT l.street IS NULL AND NOT r.street IS NULL "
    "AND (l.house_number <> r.house_number OR l.street <> r.street)",
    "the same ZIP": "l.postal_code = r.postal_code",
    "the same city": "NOT l.city IS NULL AND NOT r.city IS NULL",
    "other states": "l.state <> r.state",
    "the phones differ": "COALESCE(l.phone, l.mobile) <> COALESCE(r.phone, r.mobile)",
    "the e-mail addresses differ": "l.email <> r.email",
    "the contact persons differ": "l.contact_name <> r.contact_name",
    "ZIPs or towns differ": "l.postal_code <> r.postal_code OR l.city <> r.city",
    "both addresses are known and differ": "NOT l.street IS NULL AND NOT r.street IS NULL",
}


def test_every_stored_sentence_is_true_of_its_two_leads(planned_demo: Path) -> None:
    for phrase, condition in PHRASES.items():
        wrong = query(
            planned_demo,
            f"SELECT p.left_lead_key, p.right_lead_key, p.reason_for, p.reason_against FROM facts.fact_match_pair AS p "
            f"JOIN intermediate.int_match_lead AS l ON l.lead_key = p.left_lead_key "
            f"JOIN intermediate.int_match_lead AS r ON r.lead_key = p.right_lead_key "
            f"WHERE CONTAINS(p.reason_for || p.reason_against, ?) AND NOT COALESCE({condition}, FALSE)",
            phrase,
        )
        assert wrong == [], phrase
