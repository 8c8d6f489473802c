"""The web app around its pages: the copy that it reads, who may, and what it says where something is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from conftest import Run
from lead_enrichment.app.access import POLICY, SESSION, check_routes
from lead_enrichment.app.application import create_app
from lead_enrichment.app.people import add_person, remove_person
from lead_enrichment.app.published import CopyProblem, PublishedCopy
from lead_enrichment.app.rendering import calm_name
from lead_enrichment.app.settings import AppSettings, settings_from_environment
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths

HOME = "http://127.0.0.1:8100"
OWN = {"origin": HOME}


def publish(
    paths: DataPaths, *statements: str, then: Callable[[duckdb.DuckDBPyConnection], None] | None = None
) -> None:
    """Put a small copy in the place of the one before, as a run does."""
    paths.published.parent.mkdir(parents=True, exist_ok=True)
    fresh = paths.published.parent / "fresh" / "leads.duckdb"
    fresh.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(fresh)) as connection:
        for statement in statements:
            connection.execute(statement)
        if then:
            then(connection)
    fresh.replace(paths.published)


def number(value: int) -> tuple[str, ...]:
    return ("CREATE SCHEMA facts", f"CREATE TABLE facts.number AS SELECT {value} AS n")


@pytest.fixture
def settings(paths: DataPaths) -> AppSettings:
    return AppSettings(paths, local_user="anna")


@pytest.fixture
def client(settings: AppSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url=HOME, follow_redirects=False) as found:
        yield found


def test_a_reader_keeps_the_copy_it_began_with_and_the_next_one_gets_the_new(settings: AppSettings) -> None:
    publish(settings.paths, *number(1))
    copy = PublishedCopy(settings)
    with copy.reading() as before:
        publish(settings.paths, *number(2))
        with copy.reading() as after:
            assert before.value("SELECT n FROM facts.number") == 1
            assert after.value("SELECT n FROM facts.number") == 2
        assert before.value("SELECT n FROM facts.number") == 1


def test_many_readers_read_while_the_copy_is_replaced(settings: AppSettings) -> None:
    publish(settings.paths, *number(0))
    copy, failed, seen = PublishedCopy(settings), [], set()

    def read() -> None:
        try:
            for _ in range(30):
                with copy.reading() as reader:
                    seen.add(reader.value("SELECT n FROM facts.number"))
        except Exception as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(20)]
    for reader in readers:
        reader.start()
    for value in range(1, 7):
        publish(settings.paths, *number(value))
    for reader in readers:
        reader.join()
    assert not failed
    with copy.reading() as last:
        assert last.value("SELECT n FROM facts.number") == 6


def test_the_copy_reads_no_other_file(settings: AppSettings) -> None:
    publish(settings.paths, *number(1))
    other = settings.paths.root / "other.csv"
    other.write_text("a\n1\n")
    with pytest.raises(duckdb.PermissionException), PublishedCopy(settings).reading() as reader:
        reader.rows("SELECT * FROM read_csv(?)", str(other))


def test_a_value_is_computed_once_for_each_copy(settings: AppSettings) -> None:
    publish(settings.paths, *number(1))
    copy, computed = PublishedCopy(settings), []

    def compute() -> int:
        computed.append(1)
        return len(computed)

    for _ in range(3):
        with copy.reading() as reader:
            assert reader.cached("key", compute) == 1
    publish(settings.paths, *number(2))
    with copy.reading() as reader:
        assert reader.cached("key", compute) == 2


def test_a_query_that_takes_too_long_is_stopped(paths: DataPaths) -> None:
    publish(paths, *number(1))
    endless = "SELECT COUNT(*) FROM RANGE(10000000000) AS a, RANGE(10000) AS b"
    with pytest.raises(CopyProblem, match="too long"), PublishedCopy(AppSettings(paths, patience=0.2)).reading() as r:
        r.value(endless)


def test_without_a_copy_the_page_says_what_to_run(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 503
    assert "make run" in answer.text


def test_an_older_copy_is_told_with_what_to_run(client: TestClient, settings: AppSettings) -> None:
    publish(settings.paths, *number(1))
    answer = client.get("/")
    assert answer.status_code == 503
    assert "sqlmesh plan" in answer.text


def test_a_damaged_copy_is_told(client: TestClient, settings: AppSettings) -> None:
    settings.paths.published.parent.mkdir(exist_ok=True)
    settings.paths.published.write_bytes(b"no database" * 1000)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "damaged" in answer.text


def test_every_answer_bears_the_strict_policy(client: TestClient) -> None:
    for path in ("/help", "/nowhere", "/static/app.css", "/health"):
        answer = client.get(path)
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY


def test_an_error_of_the_app_shows_a_page_and_no_traceback(settings: AppSettings) -> None:
    app = create_app(settings)

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("secret of the machine")

    with TestClient(app, base_url=HOME) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_alone_on_this_machine_nobody_signs_in(client: TestClient) -> None:
    answer = client.get("/help")
    assert answer.status_code == 200
    assert "anna" in answer.text


def test_alone_the_app_answers_to_no_foreign_name_of_its_address(client: TestClient) -> None:
    assert client.get("/help", headers={"host": "evil.example:8100"}).status_code == 421


def test_a_write_from_another_page_is_refused(client: TestClient) -> None:
    for headers in ({}, {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:9"}):
        assert client.post("/sign-out", headers=headers).status_code == 403


@pytest.fixture
def token(settings: AppSettings) -> str:
    return add_person(settings.people_file, "Bea", "steward")


def sign_in(client: TestClient, token: str) -> int:
    return client.post("/sign-in", data={"token": token}, headers=OWN).status_code


def test_a_token_opens_a_session_that_ends_by_signing_out(client: TestClient, token: str) -> None:
    assert client.get("/help").headers["location"] == "/sign-in"
    assert sign_in(client, token) == 303
    answer = client.get("/help")
    assert answer.status_code == 200
    assert "Bea" in answer.text
    client.post("/sign-out", headers=OWN)
    assert client.get("/help").status_code == 303


def test_a_session_ends_when_the_person_is_removed_or_gets_another_role(
    client: TestClient, settings: AppSettings, token: str
) -> None:
    sign_in(client, token)
    add_person(settings.people_file, "Bea", "viewer")
    assert client.get("/help").status_code == 303
    sign_in(client, add_person(settings.people_file, "Bea", "viewer"))
    assert client.get("/help").status_code == 200
    remove_person(settings.people_file, "Bea")
    assert client.get("/help").status_code == 303


def test_a_wrong_token_or_a_forged_session_opens_nothing(client: TestClient, token: str) -> None:
    assert sign_in(client, token[:-1]) == 403
    client.cookies.set(SESSION, '["Bea","0"].x.y')
    assert client.get("/help").status_code == 303


def test_guessing_tokens_is_slowed(client: TestClient, token: str) -> None:
    assert {sign_in(client, f"guess {number}") for number in range(10)} == {403}
    assert sign_in(client, token) == 429


def test_the_list_of_people_holds_no_token(settings: AppSettings, token: str) -> None:
    assert token not in settings.people_file.read_text()
    assert settings.people_file.stat().st_mode & 0o077 == 0
    assert settings.secret_file.parent.stat().st_mode & 0o077 == 0


def test_a_proxy_names_the_user_and_nobody_else_does(paths: DataPaths) -> None:
    settings = AppSettings(paths, trusted_header="X-User", proxies=("10.0.0.1",))
    add_person(settings.people_file, "Bea", "viewer", with_token=False)
    with TestClient(create_app(settings), base_url=HOME, client=("10.0.0.1", 1)) as proxy:
        assert proxy.get("/help", headers={"X-User": "Bea"}).status_code == 200
        assert proxy.get("/help", headers={"X-User": "Eve"}).status_code == 403
        assert proxy.get("/help", headers=[("X-User", "Bea"), ("X-User", "Eve")]).status_code == 403
        assert proxy.get("/help").status_code == 403
    with TestClient(create_app(settings), base_url=HOME, client=("10.0.0.2", 1)) as other:
        assert other.get("/help", headers={"X-User": "Bea"}).status_code == 403


def test_the_app_listens_to_other_machines_only_where_people_sign_in(paths: DataPaths) -> None:
    with pytest.raises(UsageError, match="--add"):
        settings_from_environment(paths, "0.0.0.0", 8100)
    add_person(AppSettings(paths).people_file, "Bea", "viewer")
    settings = settings_from_environment(paths, "0.0.0.0", 8100)
    settings.people_file.unlink()
    assert not settings.is_open


def test_a_route_that_writes_and_asks_for_no_role_keeps_the_app_from_starting() -> None:
    router = APIRouter()
    router.add_api_route("/write", lambda: None, methods=["POST"])
    app = FastAPI()
    app.include_router(router)
    with pytest.raises(RuntimeError, match="/write"):
        check_routes([route for route in router.routes if hasattr(route, "dependant")])  # type: ignore[misc]


def test_a_person_is_added_by_the_command_and_the_token_is_shown_once(run: Run, paths: DataPaths) -> None:
    told = run("leads", "app", "--add", "Bea", "--role", "steward", data=paths.root).stdout
    token = told.split()[-1]
    settings = AppSettings(paths)
    with TestClient(create_app(settings), base_url=HOME, follow_redirects=False) as client:
        assert sign_in(client, token) == 303


def test_the_stylesheet_and_the_scripts_name_no_other_host(settings: AppSettings) -> None:
    from lead_enrichment.app.rendering import STATIC_FILES

    for file in Path(STATIC_FILES).glob("*.*"):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.replace("http-equiv", ""), file


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("4321 60TH DR STE A26, TULSA, OK", "4321 60th Dr Ste A26, Tulsa, OK"),
        ("12366 42ND PL NW", "12366 42nd Pl NW"),
        ("O'BRIEN HOME DAYCARE, LLC", "O'Brien Home Daycare, LLC"),
        ("KID'S PLACE", "Kid's Place"),
        # What is not all in capitals was written by a person.
        ("McKinney ISD", "McKinney ISD"),
    ],
)
def test_a_name_in_capitals_is_shown_as_people_write_it(said: str, read: str) -> None:
    assert calm_name(said) == read
