"""The app under attack: known attacks on every parameter of every route; nobody without session, role and origin."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from lead_enrichment.app.access import PUBLIC, SAFE, role_of
from lead_enrichment.app.application import create_app
from lead_enrichment.app.navigation import page_modules
from lead_enrichment.app.people import ROLES, add_person
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.paths import DataPaths

HOME = "http://127.0.0.1:8100"
OWN = {"origin": HOME}
ATTACKS = (
    "' OR '1'='1", "'; DROP TABLE facts.fact_lead_match; --", '" UNION SELECT * FROM duckdb_secrets() --', "%27%3B--",
    "read_csv('/etc/passwd')", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "file:///etc/passwd",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "{{71*73}}", "{% raise %}",
    "${71*73}", "=HYPERLINK(\"http://evil.example\")", "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1", "\r=1",
    "a\r\nSet-Cookie: stolen=1", "a\r\n\r\n<script>", "//evil.example", "https://evil.example", "\x00", "\u202eevil",
    "A" * 5_000, "-1", "999999999999999999999", "NaN", "[]", "null",
)  # fmt: skip


def routes() -> list[APIRoute]:
    """Return every route of a page."""
    return [route for module in page_modules() for route in module.router.routes if isinstance(route, APIRoute)]


def names_in(route: APIRoute, kind: str) -> list[str]:
    """Return the names of the parameters of a route, those of its dependencies too; `kind` is path, query or body."""

    def of(dependant: Any) -> list[str]:
        own = [parameter.alias for parameter in getattr(dependant, f"{kind}_params")]
        return own + [name for inner in dependant.dependencies for name in of(inner)]

    return of(route.dependant)


def writes(route: APIRoute) -> bool:
    return bool((route.methods or set()) - set(SAFE))


def address(route: APIRoute, value: str = "x") -> str:
    """Return the address of a route whose path parameters all hold a value."""
    return re.sub(r"\{[^}]+\}", lambda _: quote(value, safe=""), route.path)


@pytest.fixture(scope="module")
def data(planned_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo's published copy, into whose landing the attacks may write."""
    folder = tmp_path_factory.mktemp("attacked") / "data"
    (folder / "published").mkdir(parents=True)
    (folder / "published" / "leads.duckdb").hardlink_to(planned_demo / "published" / "leads.duckdb")
    shutil.copytree(planned_demo / "bronze", folder / "bronze")
    (folder / "landing").mkdir()
    return folder


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    """The app as its owner has it: every role, no sign-in."""
    settings = AppSettings(DataPaths(data), local_user="anna")
    with TestClient(create_app(settings), base_url=HOME, follow_redirects=False) as found:
        yield found


def assert_harmless(answer: Any, attack: str) -> None:
    """Check that an attack broke nothing, came back as no markup, and led nowhere else."""
    assert answer.status_code < 500, (answer.status_code, answer.url)
    assert "stolen" not in answer.headers.get("set-cookie", "")
    location = answer.headers.get("location", "")
    assert not location or re.match(r"/(?!/)", location), location
    if answer.headers.get("content-type", "").startswith("text/html"):
        for markup in ("<script>alert", "<img src=x", "root:x:0:0"):
            assert markup not in answer.text
        assert "onerror=" not in re.sub(r"&quot;.*?(?=<)", "", answer.text) or "&lt;img" in answer.text
        assert 'href="javascript' not in answer.text
        # A product that no page shows by itself: numbers above 999 have separators.
        assert ">5183<" not in answer.text
    if answer.headers.get("content-type", "").startswith("text/csv"):
        assert_no_formula(answer.text)


def assert_no_formula(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not re.match(r"[=@\t\r]", cell), cell
            assert not re.match(r"[+-](?![0-9 ().]+(-[0-9]+)*$)", cell), cell


@pytest.mark.parametrize("route", [route for route in routes() if not writes(route)], ids=lambda route: route.path)
def test_known_attacks_on_a_page_do_nothing(client: TestClient, route: APIRoute) -> None:
    for attack in ATTACKS:
        if names_in(route, "path"):
            assert_harmless(client.get(address(route, attack)), attack)
        for name in names_in(route, "query"):
            assert_harmless(client.get(address(route), params={name: attack}), attack)


@pytest.mark.parametrize("route", [route for route in routes() if writes(route)], ids=lambda route: route.path)
def test_known_attacks_on_a_write_change_no_other_file(client: TestClient, data: Path, route: APIRoute) -> None:
    before = {file for file in data.rglob("*") if "landing" not in file.parts}
    fields = names_in(route, "body")
    for attack in ATTACKS:
        for name in fields or [""]:
            form = {other: "x" for other in fields} | ({name: attack} if name else {})
            assert_harmless(client.post(address(route, attack), data=form, headers=OWN), attack)
    assert {file for file in data.rglob("*") if "landing" not in file.parts} - before <= {data / "app"}
    with duckdb.connect(str(data / "published" / "leads.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT COUNT(*) > 0 FROM facts.fact_lead_match").fetchone() == (True,)


@pytest.fixture
def locked(data: Path, tmp_path: Path) -> Iterator[tuple[TestClient, AppSettings]]:
    """The app where people sign in."""
    folder = tmp_path / "data"
    (folder / "published").mkdir(parents=True)
    (folder / "landing").mkdir()
    (folder / "published" / "leads.duckdb").hardlink_to(data / "published" / "leads.duckdb")
    settings = AppSettings(DataPaths(folder))
    add_person(settings.people_file, "Vera", "viewer")
    with TestClient(create_app(settings), base_url=HOME, follow_redirects=False) as client:
        yield client, settings


def test_without_a_session_no_page_shows_anything_and_no_write_is_done(locked: tuple[TestClient, AppSettings]) -> None:
    client, _ = locked
    for route in routes():
        if route.path in PUBLIC:
            continue
        for method in route.methods or set():
            answer = client.request(method, address(route), headers=OWN)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in"), route.path


def test_a_write_needs_its_role_and_its_origin(locked: tuple[TestClient, AppSettings]) -> None:
    client, settings = locked
    token = add_person(settings.people_file, "Vera", "viewer")
    assert client.post("/sign-in", data={"token": token}, headers=OWN).status_code == 303
    seen = 0
    for route in routes():
        role = role_of(route)
        if not writes(route) or role is None:
            continue
        form = {name: "1" for name in names_in(route, "body")}
        assert client.post(address(route), data=form, headers={"origin": "http://evil.example"}).status_code == 403
        if ROLES.index(role) > 0:
            seen += 1
            assert client.post(address(route), data=form, headers=OWN).status_code == 403, route.path
    assert seen
    assert not [*settings.paths.landing.rglob("*.csv")]


def pair_of(client: TestClient) -> dict[str, str]:
    """Return the hidden fields of the pair that the queue shows."""
    page = client.get("/review").text
    names = ("left", "right", "left_hash", "right_hash")
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in names}  # type: ignore[index]


def test_two_people_who_decide_one_pair_are_both_told(locked: tuple[TestClient, AppSettings]) -> None:
    _, settings = locked
    app = create_app(settings)
    people = {}
    for name in ("Ann", "Ben"):
        people[name] = TestClient(app, base_url=HOME, follow_redirects=False)
        token = add_person(settings.people_file, name, "steward")
        people[name].post("/sign-in", data={"token": token}, headers=OWN)
    ann, ben = people["Ann"], people["Ben"]
    pair = pair_of(ann)
    assert pair_of(ben) == pair
    assert ann.post("/review", data=pair | {"verdict": "same"}, headers=OWN).status_code == 303
    answer = ben.post("/review", data=pair | {"verdict": "different"}, headers=OWN)
    assert answer.status_code == 409
    assert "Ann said" in answer.text
    assert "Ben would say" in ann.get("/help").text
    assert "Ben would say" not in ann.get("/help").text
    landed = settings.paths.landing / "decisions"
    assert len([*landed.glob("*.csv")]) == 1
    # The same word a second time writes nothing and is told to both, too.
    assert ben.post("/review", data=pair | {"verdict": "same"}, headers=OWN).status_code == 303
    assert "was quicker" in ben.get("/help").text
    assert "what you said" in ann.get("/help").text
    assert len([*landed.glob("*.csv")]) == 1
    assert ben.post("/review", data=pair | {"verdict": "different", "overrule": "true"}, headers=OWN).status_code == 303
    assert "overruled you" in ann.get("/help").text
    assert len([*landed.glob("*.csv")]) == 2


def test_a_value_of_a_lead_runs_as_no_formula_in_the_export() -> None:
    from lead_enrichment.spreadsheet import csv_lines

    values = ['=HYPERLINK("http://evil")', "+1 (512) 474-4571", "@x", "-1+2", "\t=1", "a,b", None, -3.5]
    lines = csv_lines([values, values[::-1]])
    assert_no_formula(lines)
    assert [row[1] for row in csv.reader(io.StringIO(lines))] == ["+1 (512) 474-4571", ""]


def test_templates_take_no_value_for_markup_and_hold_no_inline_script_or_style() -> None:
    folder = Path(create_app.__code__.co_filename).parent / "templates"
    for file in folder.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), file
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|<script(?![^>]*\ssrc=)", text), file
