"""The REST API: what it tells is the copy's, page by page; who may, what is refused, and writes that are made once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient

from app_pages import running_app
from conftest import BIN, ROOT
from helpers import call, csv_rows
from lead_enrichment.app.access import POLICY
from lead_enrichment.app.api.access import clients_file
from lead_enrichment.app.api.resources import RESOURCES
from lead_enrichment.app.api.tokens import SCOPES, add_client, remove_client
from lead_enrichment.app.application import create_app
from lead_enrichment.app.people import add_person
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.errors import UsageError
from lead_enrichment.hooks.sorted_tables import keep_sorted_tables
from lead_enrichment.paths import DataPaths
from test_app_skeleton import publish

HOME = "http://127.0.0.1:8100"
# How many examples of each operation are tried, and which: the same each time, so that a gate that passes passes again.
EXAMPLES, SEED = os.environ.get("LEADS_TEST_FUZZ", "5"), os.environ.get("LEADS_TEST_SEED", "1")
# A cursor that was made up is told by 400, and nothing else is.
FUZZ = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 304, 400, 401, 403, 404, 409]
"""
LEAD_COLUMNS = "source_key TEXT, entity_key TEXT, is_live BOOLEAN, match_status TEXT, confidence DOUBLE, reason TEXT"


def publish_leads(
    paths: DataPaths,
    count: int,
    is_sorted: bool = True,
    then: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> None:
    publish(
        paths,
        "CREATE SCHEMA facts; CREATE SCHEMA intermediate; CREATE SCHEMA quality; CREATE SCHEMA ops",
        f"CREATE TABLE facts.fact_lead_match (lead_key TEXT, {LEAD_COLUMNS})",
        "INSERT INTO facts.fact_lead_match BY NAME SELECT CONCAT('texas:', i) AS lead_key, 'texas' AS source_key, "
        f"IF(i % 3 = 0, 'net_new', 'known') AS match_status, 'Infinity'::DOUBLE AS confidence FROM RANGE({count}) t(i)",
        # The same leads in another order, with a column that the first table lacks
        "CREATE TABLE intermediate.int_lead_current AS SELECT lead_key, CONCAT('Café ', lead_key) AS name, "
        "'2026-11-01'::DATE AS license_issued_on, '2026-11-01 05:00:00.25+05'::TIMESTAMPTZ AS received_at, "
        "'h' AS content_hash FROM facts.fact_lead_match ORDER BY lead_key DESC",
        "CREATE TABLE ops.rejected_row AS SELECT 'f' AS file_id, i AS line_number FROM RANGE(25) t(i)",
        "CREATE TABLE quality.incident AS SELECT 'i1' AS incident_key, 'open' AS state, 'error' AS severity, "
        "NULL::TIMESTAMPTZ AS snoozed_until, NULL::TIMESTAMPTZ AS opened_at, NULL::TIMESTAMPTZ AS resolved_at",
        "CREATE TABLE facts.fact_match_pair AS SELECT CONCAT('salesforce:', i // 900) AS left_lead_key, "
        "CONCAT('texas:', i) AS right_lead_key, 'match' AS verdict FROM RANGE(4000) t(i) ORDER BY HASH(i)",
        then=keep_sorted_tables if is_sorted else then,
    )


@pytest.fixture
def settings(paths: DataPaths) -> AppSettings:
    return AppSettings(paths, local_user="anna")


@pytest.fixture(params=["sorted", "as the models are"])
def client(settings: AppSettings, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    # A copy that an older version of the project made has no sorted tables.
    publish_leads(settings.paths, 450, request.param == "sorted")
    app = create_app(settings)
    with TestClient(app, base_url=f"{HOME}/api/v1", follow_redirects=False, raise_server_exceptions=False) as found:
        yield found


def all_rows(client: TestClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(path, params={**parameters, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        cursor = answer.json()["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1, 7, 50, 150, 200])
def test_pages_hold_every_row_once_and_in_order(client: TestClient, limit: int) -> None:
    keys = [row["lead_key"] for row in all_rows(client, "leads", limit=limit)][: 3 * limit if limit == 1 else None]
    assert keys == sorted(f"texas:{number}" for number in range(450))[: len(keys)] and len(keys) in (3, 450)
    lines = [row["line_number"] for row in all_rows(client, "rejected-rows", limit=limit)]
    assert lines == [*range(25)]


@pytest.mark.parametrize("limit", [7, 50, 200])
def test_pages_hold_every_row_once_and_in_order_whatever_changed(settings: AppSettings, limit: int) -> None:
    # Rows that changed or came later lie at the end of the table; some are first and last, and many beside each other.
    count = 4_000

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for day in range(7):
            keep_sorted_tables(connection)
            table = "facts.fact_lead_match"
            connection.execute(f"DELETE FROM {table} WHERE HASH(lead_key, {day}) % 100 = 0")
            connection.execute(f"UPDATE {table} SET reason = 'day {day}' WHERE HASH(lead_key, {day}) % 100 = 1")
            for source, few in (("nevada", 5), ("texas", 50), ("texas:2", 50), ("wyoming", 5)):
                added = f"SELECT CONCAT('{source}:', {day}, '-', i) AS lead_key, 'known' AS match_status"
                connection.execute(f"INSERT INTO {table} BY NAME {added} FROM RANGE({few}) t(i)")
        keep_sorted_tables(connection)

    publish_leads(settings.paths, count, False, change)
    with duckdb.connect(str(settings.paths.published), read_only=True) as copy:
        told = dict(copy.execute("SELECT lead_key, reason FROM facts.fact_lead_match ORDER BY lead_key").fetchall())
        (later,) = copy.execute("SELECT COUNT(*) FROM api_rows.leads WHERE is_later").fetchall()
        net_new = copy.execute("SELECT COUNT(*) FROM facts.fact_lead_match WHERE match_status = 'net_new'").fetchone()
    assert later[0] > 500
    with TestClient(create_app(settings), base_url=f"{HOME}/api/v1") as client:
        rows = all_rows(client, "leads", limit=limit)
        assert [(row["lead_key"], row["reason"]) for row in rows] == [*told.items()]
        assert len(all_rows(client, "leads", limit=limit, status="net_new")) == (net_new or (0,))[0] > 1_000
        for key in [*told][:: len(told) // 40]:
            assert client.get(f"leads/{key}").json()["reason"] == told[key]
        assert client.get("leads/texas:none").status_code == 404


def test_the_matches_of_a_lead_are_found_wherever_they_lie(client: TestClient) -> None:
    # 900 of each but the last: they begin and end between the rows whose places are known.
    for number, count in ((0, 900), (1, 900), (2, 900), (4, 400), (9, 0)):
        rows = all_rows(client, "matches", lead_key=f"salesforce:{number}", limit=200)
        keys = sorted(f"texas:{i}" for i in range(number * 900, number * 900 + count))
        assert [row["right_lead_key"] for row in rows] == keys
    pairs = [(row["left_lead_key"], row["right_lead_key"]) for row in all_rows(client, "matches", limit=200)]
    assert pairs == sorted(pairs) and len(pairs) == 4_000
    assert [row["verdict"] for row in all_rows(client, "matches", other_lead_key="texas:3999")] == ["match"]


def test_a_key_with_a_line_break_is_one_that_is_not_there(client: TestClient) -> None:
    for key in ("%0A", "%0Atexas:1", "texas:1%0D%0A", "%E2%80%A8"):
        answer = client.get(f"/api/v1/leads/{key}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), key


def test_a_row_holds_what_both_tables_tell_in_types_of_json(client: TestClient) -> None:
    row = client.get("leads/texas:12").json()
    assert row["name"] == "Café texas:12" and row["match_status"] == "net_new"
    assert row["received_at"] == "2026-11-01T00:00:00.250000Z" and row["license_issued_on"] == "2026-11-01"
    # JSON has no infinity, and an older copy lacks columns
    assert row["confidence"] is None and row["email"] is None
    assert row == next(item for item in all_rows(client, "leads") if item["lead_key"] == "texas:12")


def test_a_filter_chooses_rows_and_a_cursor_belongs_to_its_question(client: TestClient) -> None:
    assert len(all_rows(client, "leads", status="net_new", limit=50)) == 150
    assert all_rows(client, "leads", source="nevada' OR TRUE --") == []
    cursor = client.get("leads?status=net_new").json()["next_cursor"]
    assert client.get("leads", params={"cursor": cursor}).status_code == 400
    assert client.get("matches", params={"cursor": cursor}).status_code in (400, 404)


def test_a_client_that_has_the_answer_gets_none_until_the_copy_is_another(
    client: TestClient, settings: AppSettings
) -> None:
    for path in ("leads?limit=2", "leads/texas:1"):
        publish_leads(settings.paths, 450)
        tag = client.get(path).headers["etag"]
        again = client.get(path, headers={"if-none-match": f'"x", {tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert client.get(path.replace("2", "3"), headers={"if-none-match": '"x"'}).status_code == 200
        publish_leads(settings.paths, 449)
        assert client.get(path, headers={"if-none-match": tag}).status_code == 200
    assert client.get("leads").headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "nowhere", {}, 404), ("GET", "leads/none", {}, 404), ("GET", "outbox", {}, 404),
        ("PUT", "leads", {}, 405), ("POST", "leads", {}, 405), ("DELETE", "leads/texas:1", {}, 405),
        ("GET", "leads", {"accept": "text/csv"}, 406), ("GET", "leads", {"accept": "application/json;q=0"}, 406),
        ("GET", "leads?limit=0", {}, 422), ("GET", "leads?limit=201", {}, 422), ("GET", "leads?limit=1e1", {}, 422),
        ("GET", "leads?stauts=known", {}, 422), ("GET", "leads?status=", {}, 422),
        ("GET", "leads?limit=1&limit=1", {}, 422), ("GET", "deliveries?file_date_from=2026-02-30", {}, 422),
        ("GET", "leads?cursor=e30", {}, 400), ("GET", "leads?cursor=WyJ4IiwxXQ", {}, 400),
        ("GET", "leads?cursor=IjEyIg", {}, 400), ("GET", "leads?cursor=_w", {}, 400),
        ("POST", "decisions", {}, 415), ("POST", "feedback", {"content-type": "text/plain"}, 415),
        ("POST", "decisions", {"content-type": "application/json", "origin": "http://evil.example"}, 403),
        ("GET", "leads", {"host": "evil.example"}, 421), ("GET", "leads", {"authorization": "Bearer x"}, 401),
    ],
)  # fmt: skip
def test_what_is_refused_is_a_problem_by_rfc_9457(
    client: TestClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and told["type"] == "about:blank" and told["title"] and told["detail"]
    assert answer.headers["content-security-policy"] == POLICY
    if status == 405:
        assert answer.headers["allow"] == "GET"


def test_a_bug_is_told_without_what_it_was(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret of the machine")

    monkeypatch.setattr("lead_enrichment.app.api.application.read_page", broken)
    answer = client.get("leads")
    assert answer.status_code == 500 and "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_copy_a_client_is_told_when_to_come_again(settings: AppSettings) -> None:
    with TestClient(create_app(settings), base_url=HOME) as client:
        answer = client.get("/api/v1/leads")
    assert answer.status_code == 503 and answer.headers["retry-after"] and "make run" in answer.json()["detail"]


def test_a_token_opens_what_its_scopes_name_and_its_hash_alone_is_kept(
    client: TestClient, settings: AppSettings
) -> None:
    file = clients_file(settings)
    token = add_client(file, "crm", ["leads:read"])
    # From the first token on, nobody may without one, and a session of the pages is none.
    assert client.get("leads").status_code == 401
    own = {"authorization": f"Bearer {token}"}
    assert client.get("leads", headers=own).status_code == 200
    answer = client.get("incidents", headers=own)
    assert answer.status_code == 403 and "quality:read" in answer.json()["detail"]
    for wrong in (token[:-1], token.upper(), "", f"{token} x"):
        answer = client.get("leads", headers={"authorization": f"Bearer {wrong}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert client.get("leads", headers={"authorization": f"Basic {token}"}).status_code == 401
    assert token not in file.read_text() and file.stat().st_mode & 0o077 == 0
    assert client.get("openapi.json").status_code == 200
    remove_client(file, "crm")
    add_person(settings.people_file, "Bea", "admin")
    assert client.get("leads", headers=own).status_code == 401 and client.get("leads").status_code == 401


def test_a_scope_that_is_none_is_refused(settings: AppSettings) -> None:
    for scopes in ([], ["leads:write"]):
        with pytest.raises(UsageError, match="scope"):
            add_client(clients_file(settings), "crm", scopes)


DECISION = {"lead_key_1": "texas:1", "lead_key_2": "texas:2", "decision": "same", "reason": "one door"}


def decide(client: TestClient, key: str, **changes: Any) -> Any:
    return client.post("decisions", json={**DECISION, **changes}, headers={"idempotency-key": key})


def test_a_decision_is_one_delivery_however_often_it_is_asked_for(client: TestClient, settings: AppSettings) -> None:
    first, again = decide(client, "key-00000001"), decide(client, "key-00000001")
    assert first.status_code == again.status_code == 202 and first.json() == again.json()
    (file,) = (settings.paths.landing / "decisions").iterdir()
    (row,) = csv_rows(file)
    assert row["decided_by"] == "anna" and row["decision"] == "same" and row["content_hash_1"] == "h"
    assert first.json()["delivery"] == file.name
    assert decide(client, "key-00000001", decision="different").status_code == 409
    assert decide(client, "key-00000002").json()["delivery"] != file.name
    assert decide(client, "short").status_code == decide(client, "key-00000003", decision="no").status_code == 422
    assert decide(client, "key-00000003", reason="a\nb").status_code == 422
    assert decide(client, "key-00000003", lead_key_2="texas:none").status_code == 404
    assert client.post("decisions", json=DECISION).status_code == 422


def test_a_write_that_was_cut_off_is_made_with_the_same_bytes(client: TestClient, settings: AppSettings) -> None:
    folder = settings.paths.landing / "decisions"
    decide(client, "key-00000001")
    (file,) = folder.iterdir()
    content = file.read_bytes()
    # As if the process had died before it wrote: what was asked for is kept, and its delivery is not.
    (kept,) = (settings.people_file.parent / "idempotency").iterdir()
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "delivery": ""}))
    file.unlink()
    assert decide(client, "key-00000001").status_code == 202
    assert [item.read_bytes() for item in folder.iterdir()] == [content] and file.exists()


def test_feedback_and_what_is_done_about_incidents_become_deliveries(client: TestClient, settings: AppSettings) -> None:
    own = {"idempotency-key": "key-00000001"}
    given = {"lead_key": "texas:1", "term": "name", "comment": "it moved"}
    assert client.post("feedback", json=given, headers=own).status_code == 202
    (file,) = (settings.paths.landing / "feedback").iterdir()
    assert csv_rows(file)[0]["comment"] == "it moved"
    event = {"action": "ack", "reason": "mine"}
    assert client.post("incidents/i1/events", json=event, headers=own).status_code == 409
    own = {"idempotency-key": "key-00000002"}
    assert client.post("incidents/i1/events", json=event, headers=own).status_code == 202
    (file,) = (settings.paths.landing / "incidents").iterdir()
    assert csv_rows(file)[0]["action"] == "ack"
    for number, (changed, status) in enumerate(
        [({"action": "reopen"}, 409), ({"action": "snooze"}, 409), ({"snoozed_until": "2999-01-01"}, 409),
         ({"action": "snooze", "snoozed_until": "2999-01-01"}, 202), ({"action": "snooze", "snoozed_until": "x"}, 422)]
    ):  # fmt: skip
        own = {"idempotency-key": f"key-1000000{number}"}
        assert client.post("incidents/i1/events", json={**event, **changed}, headers=own).status_code == status, changed
    assert (
        client.post("incidents/i9/events", json=event, headers={"idempotency-key": "key-00000009"}).status_code == 404
    )


@pytest.fixture(scope="module")
def served(planned_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Address and token of a running app over the demo, and its data."""
    data = Path(shutil.copytree(planned_demo, tmp_path_factory.mktemp("api") / "data"))
    token = add_client(clients_file(AppSettings(DataPaths(data))), "fuzz", [*SCOPES])
    with running_app(data) as address:
        yield address, token, data


def test_schemathesis_finds_nothing(served: tuple[str, str, Path], tmp_path: Path) -> None:
    address, token, _ = served
    (tmp_path / "schemathesis.toml").write_text(FUZZ)
    words = (
        str(BIN / "schemathesis"), "--config-file", str(tmp_path / "schemathesis.toml"), "run",
        f"{address}/api/v1/openapi.json", "-H", f"Authorization: Bearer {token}", "--checks", "all",
        "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED,
        "--no-color", "--continue-on-failure",
    )  # fmt: skip
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr


def test_every_resource_tells_what_the_models_of_the_project_hold(served: tuple[str, str, Path]) -> None:
    _, token, data = served
    app = create_app(AppSettings(DataPaths(data)))
    with (
        TestClient(app, base_url=HOME) as client,
        duckdb.connect(str(DataPaths(data).published), read_only=True) as copy,
    ):
        tables = {f"{row[0]}.{row[1]}" for row in copy.execute("FROM information_schema.tables SELECT table_schema, "
                                                                "table_name").fetchall()}  # fmt: skip
        for resource in RESOURCES:
            assert resource.table in tables, resource.name
            columns = {row[0] for row in copy.execute(f"DESCRIBE {resource.table}").fetchall()}
            if resource.joins:
                columns |= {row[0] for row in copy.execute(f"DESCRIBE {resource.joins}").fetchall()}
            assert {field.name for field in resource.fields} <= columns, resource.name
            assert {item.column for item in resource.filters} <= columns, resource.name
            told = {row[0] for row in copy.execute(f"DESCRIBE {resource.sorted_table}").fetchall()}
            assert {field.name for field in resource.fields} | {"position"} <= told, resource.name
            counts = f"SELECT (SELECT COUNT(*) FROM {resource.sorted_table}), (SELECT COUNT(*) FROM {resource.table})"
            rows, expected = copy.execute(counts).fetchall()[0]
            assert rows == expected, resource.name
            answer = client.get(f"/api/v1/{resource.name}?limit=1", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text


def test_the_example_reads_every_page(served: tuple[str, str, Path]) -> None:
    address, token, data = served
    words = (sys.executable, "-I", str(ROOT / "docs" / "examples" / "api_client.py"), address)
    environment = {**os.environ, "LEADS_API_TOKEN": token}
    done = subprocess.run([*words, "leads"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(DataPaths(data).published), read_only=True) as copy:
        expected = [row[0] for row in copy.execute("SELECT lead_key FROM facts.fact_lead_match ORDER BY 1").fetchall()]
    assert [json.loads(line)["lead_key"] for line in done.stdout.splitlines()] == expected and len(expected) > 400
    done = subprocess.run([*words, "leads", "stauts=known"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "The request is not as the description says" in done.stderr


def test_tokens_are_made_shown_once_and_taken_away_by_the_command(paths: DataPaths) -> None:
    assert "No program may" in call("api", "list")
    token = call("api", "add", "crm", "--scope", "leads:read").split()[-1]
    assert token.startswith("leads_") and call("api", "list") == "crm: leads:read\n"
    assert json.loads(call("api", "list", "--json")) == {"crm": ["leads:read"]}
    assert "no scope is given" in call("api", "add", "crm", expect=2)
    assert "may no longer" in call("api", "remove", "crm") and "there is no crm" in call(
        "api", "remove", "crm", expect=2
    )
