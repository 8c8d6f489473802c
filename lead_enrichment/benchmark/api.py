"""The REST API at a rate of requests, over a published copy of many leads."""

from __future__ import annotations

import http.client
import json
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from urllib.parse import urlencode

from lead_enrichment.app.api.paging import cursor_after
from lead_enrichment.app.api.resources import RESOURCES, ApiField, Resource
from lead_enrichment.benchmark.serving import AnswerTimes, answer_times, running_app
from lead_enrichment.hooks.sorted_tables import keep_sorted_tables
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect

TYPES = {"text": "TEXT", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
         "datetime": "TIMESTAMPTZ"}  # fmt: skip
# Values of a column by its kind, of a number i that is a lead's; texts are as long as they are in production.
VALUES = {
    "text": "CONCAT('{name} ', i * 7919 % 100003, ' of some length')",
    "integer": "i % 200",
    "number": "i % 1000 / 1000",
    "boolean": "i % 9 > 0", "date": "'2020-01-01'::DATE + (i % 2000)::INT",
    "datetime": "'2026-01-01'::TIMESTAMPTZ + TO_SECONDS(i % 1000000)",
}  # fmt: skip
NAMED = {
    "lead_key": "CONCAT('texas:', LPAD(i::TEXT, 7, '0'))", "entity_key": "CONCAT('entity:', LPAD(i::TEXT, 7, '0'))",
    "left_lead_key": "CONCAT('salesforce:', LPAD(i::TEXT, 7, '0'))", "source_key": "'texas'",
    "right_lead_key": "CONCAT('texas:', LPAD(i::TEXT, 7, '0'))", "state": "LIST_VALUE('TX', 'OK', 'NV')[i % 3 + 1]",
    "match_status": "LIST_VALUE('known', 'known', 'net_new', 'duplicate', 'gone')[i % 5 + 1]",
}  # fmt: skip
CLIENTS = 32
SHOWN = ("leads", "facilities", "matches")
# Share of rows in which a second run finds a change: nearly as many as may lie at the end of a table.
CHANGED = 0.25


def time_api(leads: int, rate: int, seconds: int) -> dict[str, AnswerTimes]:
    """Time the API by question, and all together under `all`.

    Args:
        leads: Leads of the copy that is made.
        rate: Requests a second.
        seconds: How long.

    Raises:
        DataError: The app does not start.
    """
    with tempfile.TemporaryDirectory() as name:
        paths = DataPaths(Path(name) / "data")
        make_copy(paths, leads)
        with running_app(paths, "/api/v1/leads?limit=1") as server:
            return _ask(server.port, leads, rate, seconds)


def make_copy(paths: DataPaths, leads: int) -> None:
    """Make a published copy with the tables of SHOWN, their rows in no order, and what two runs keep beside them."""
    paths.published.parent.mkdir(parents=True)
    paths.bronze.mkdir()
    with connect(str(paths.published)) as connection:
        for resource in RESOURCES:
            if resource.name in SHOWN:
                for table in filter(None, (resource.table, resource.joins)):
                    own = tuple(field for field in resource.fields if field.of in ("", table))
                    _make_table(connection, resource, table, own, leads)
        keep_sorted_tables(connection)
        for resource in RESOURCES:
            if resource.name in SHOWN:
                changed = f"HASH({resource.key[0]}) % 100 < {100 * CHANGED:.0f}"
                connection.execute(f"UPDATE {resource.table} SET reason = CONCAT(reason, ' now') WHERE {changed}")
        keep_sorted_tables(connection)


def _make_table(connection: object, resource: Resource, table: str, fields: tuple[ApiField, ...], leads: int) -> None:
    is_first = table == resource.table
    chosen = [field for field in fields if field.name in resource.key or (field.of == "") is is_first]
    values = ", ".join(
        f"({NAMED.get(field.name, VALUES[field.kind].format(name=field.name))})::{TYPES[field.kind]} AS {field.name}"
        for field in chosen
    )
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")  # type: ignore[attr-defined]
    connection.execute(f"CREATE TABLE {table} AS SELECT {values} FROM RANGE({leads}) AS t(i) ORDER BY HASH(i)")  # type: ignore[attr-defined]


def _ask(port: int, leads: int, rate: int, seconds: int) -> dict[str, AnswerTimes]:
    own, dice = local(), random.Random(1)
    by_name = {resource.name: resource for resource in RESOURCES}

    def page(name: str, **given: str) -> str:
        key = [f"texas:{dice.randrange(leads):07}"] if name == "leads" else [f"entity:{dice.randrange(leads):07}"]
        cursor = cursor_after(by_name[name], given, key)
        return f"/api/v1/{name}?{urlencode({**given, 'cursor': cursor})}"

    def question() -> tuple[str, str]:
        return dice.choice((
            ("page of leads", page("leads")),
            ("page of net-new leads", page("leads", status="net_new")),
            ("one lead", f"/api/v1/leads/texas:{dice.randrange(leads):07}"),
            ("page of facilities of a state", page("facilities", state="TX")),
            ("one facility", f"/api/v1/facilities/entity:{dice.randrange(leads):07}"),
            ("matches of a lead", f"/api/v1/matches?lead_key=salesforce:{dice.randrange(leads):07}"),
        ))  # fmt: skip

    def ask(at: float, name: str, path: str) -> tuple[str, float, bool]:
        time.sleep(max(at - time.perf_counter(), 0.0))
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        own.connection.request("GET", path)
        answer = own.connection.getresponse()
        content = answer.read()
        is_fine = answer.status == 200 and bool(json.loads(content))
        return name, (time.perf_counter() - at) * 1_000, is_fine

    begin = time.perf_counter() + 0.5
    with ThreadPoolExecutor(CLIENTS) as pool:
        asked = [pool.submit(ask, begin + number / rate, *question()) for number in range(rate * seconds)]
        found = [item.result() for item in asked]
    names = sorted({name for name, _, _ in found})
    return {
        name: answer_times([(taken, is_fine) for asked_for, taken, is_fine in found if name in (asked_for, "all")])
        for name in (*names, "all")
    }
