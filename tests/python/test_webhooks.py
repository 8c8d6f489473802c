"""Webhooks: each event reaches its target, signed, once as far as that can be; nobody else is ever called."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from conftest import ROOT
from helpers import call, free_port
from kills import mortal_sender
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect
from lead_enrichment.webhooks.call import CallResult, call_webhook, is_public
from lead_enrichment.webhooks.events import SOURCES
from lead_enrichment.webhooks.send import (
    TRIES,
    UnsentWebhooks,
    WebhookOutcome,
    enable,
    only_webhook_sender,
    send_webhooks,
    unsent_webhooks,
)
from lead_enrichment.webhooks.webhook_settings import WebhookTarget, new_secret, read_targets
from test_app_skeleton import publish
from webhook_sender import TARGET

KILLS = int(os.environ.get("LEADS_TEST_KILLS", "20"))
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MODELS = (
    "CREATE SCHEMA facts; CREATE SCHEMA quality; CREATE SCHEMA outbox",
    "CREATE TABLE facts.fact_match_status_change (lead_key TEXT, entity_key TEXT, match_status TEXT, cause TEXT, "
    "changed_at TIMESTAMPTZ, changed_on DATE)",
    "CREATE TABLE quality.incident (incident_key TEXT, state TEXT, severity TEXT, kind TEXT, name TEXT, "
    "source_key TEXT, owner TEXT, cause TEXT, remedy TEXT, affected_leads BIGINT, opened_at TIMESTAMPTZ, "
    "muted_by TEXT)",
    "CREATE TABLE outbox.change (outbox_key TEXT, target TEXT, operation TEXT, lead_key TEXT, field TEXT, state TEXT, "
    "message TEXT, state_at TIMESTAMPTZ)",
)


class Hook:
    """A web server that takes messages, and fails on demand."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = hook.answers.pop(0) if hook.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?for=leads"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    made = new_secret()
    monkeypatch.setenv("TEST_WEBHOOK_SECRET", made)
    return made


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, secret: str) -> Iterator[Hook]:
    made = Hook()
    monkeypatch.setenv("TEST_WEBHOOK", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


class Sender:
    """Sends at times that are set by hand, and waits without waiting."""

    def __init__(self, paths: DataPaths) -> None:
        self.paths, self.now, self.targets = paths, NOON, [TARGET]

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def change(self, *statements: str) -> None:
        with duckdb.connect(str(self.paths.published)) as connection:
            for statement in statements:
                connection.execute(statement)

    def lead(self, *numbers: int, status: str = "net_new", at: datetime = NOON) -> None:
        self.change(
            *(f"INSERT INTO facts.fact_match_status_change VALUES "
              f"('texas:{number}', 'e{number}', '{status}', 'delivery', '{at.isoformat()}', '{at.date()}')"
              for number in numbers)
        )  # fmt: skip

    def send(
        self, after: timedelta = timedelta(), call: Any = call_webhook, revive: bool = False
    ) -> list[WebhookOutcome]:
        self.now += after
        with connect(str(self.paths.published), read_only=True) as connection:
            return send_webhooks(self.paths, connection, self.targets, lambda: self.now, call, self.wait, revive=revive)

    def unsent(self) -> list[UnsentWebhooks]:
        with connect(str(self.paths.published), read_only=True) as connection:
            return unsent_webhooks(self.paths, connection, self.targets, self.now)

    def events(self) -> Counter[str]:
        return Counter(Ledger(self.paths.bronze).webhook_events()["event"].to_pylist())


@pytest.fixture
def sender(paths: DataPaths) -> Sender:
    """A sender whose target has begun, on a copy in which a lead is net-new already."""
    publish(paths, *MODELS)
    made = Sender(paths)
    made.lead(0)
    assert made.send() == []
    return made


def test_a_target_hears_of_what_happens_after_it_began_each_once(sender: Sender, hook: Hook, secret: str) -> None:
    sender.lead(1, 2)
    sender.lead(3, status="known")
    assert [item.message.subject for item in sender.send()] == ["texas:1", "texas:2"]
    assert sender.send(HOUR) == []
    headers, body = hook.received[0]
    # As a receiver reads it; the time that is signed is the sender's.
    document = json.loads(body)
    assert document == {
        "type": "lead.net_new", "timestamp": "2026-11-26T12:00:00+00:00",
        "data": {"lead_key": "texas:1", "entity_key": "e1", "status": "net_new", "cause": "delivery"},
    }  # fmt: skip
    signed = Webhook(secret).sign(headers["webhook-id"], NOON, body.decode())
    assert headers["webhook-signature"] == signed and headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert len({*hook.ids}) == 2


def test_a_status_that_is_dated_anew_on_its_day_is_the_same_event(sender: Sender, hook: Hook) -> None:
    sender.lead(1)
    sender.send()
    # The next run of the day fills it again.
    sender.change("UPDATE facts.fact_match_status_change SET changed_at = changed_at + INTERVAL 1 HOUR")
    assert sender.send(HOUR) == [] and len(hook.received) == 1


def test_incidents_and_changes_of_the_outbox_are_told_too(sender: Sender, hook: Hook) -> None:
    sender.targets = [WebhookTarget("hook", TARGET.url_from, TARGET.secrets_from, (*SOURCES,), allow_private=True)]
    sender.change("INSERT INTO quality.incident VALUES ('i0', 'open', 'error', 'rule', 'n', 's', 'o', 'c', 'r', 1, "
                  "'2026-01-01', NULL)")  # fmt: skip
    sender.send()
    sender.change(
        # One that began long before its rule was written
        "INSERT INTO quality.incident VALUES ('i1', 'open', 'error', 'rule', 'n', 's', 'o', 'c', 'r', 1, '2020-01-01', "
        "NULL), ('i2', 'open', 'error', 'rule', 'n', 's', 'o', 'c', 'r', 1, '2020-01-01', 'i1'), "
        "('i3', 'resolved', 'error', 'rule', 'n', 's', 'o', 'c', 'r', 1, NULL, NULL)",
        "INSERT INTO outbox.change VALUES ('o1', 'salesforce', 'update', 'l', 'f', 'rejected', 'its words', "
        "'2026-11-26'), ('o2', 'salesforce', 'update', 'l', 'f', 'pending', NULL, NULL)",
    )
    sender.lead(1, status="duplicate")
    found = sender.send()
    assert {(item.message.type, item.message.subject) for item in found} == {
        ("incident.opened", "i1"), ("outbox.changed", "o1"), ("lead.duplicate", "texas:1"),
    }  # fmt: skip
    # It comes back
    sender.change("UPDATE quality.incident SET opened_at = '2026-11-27' WHERE incident_key IN ('i0', 'i3')")
    assert {item.message.subject for item in sender.send()} == {"i0", "i3"}


def test_a_message_is_tried_ten_times_each_later_and_then_given_up(sender: Sender, hook: Hook) -> None:
    sender.lead(1)
    hook.answers = [(500, {})] * 30
    hours, minutes = (lambda number: number * HOUR), (lambda number: number * MINUTE)
    # The second attempt comes in the same run.
    assert len(sender.send()) == 2
    for after in (minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)):
        assert sender.send(after - timedelta(seconds=9)) == []
        assert len(sender.send(timedelta(seconds=9))) == 1, after
    assert len(hook.received) == TRIES == 10 and len({*hook.ids}) == 1
    assert sender.send(1_000 * HOUR) == []
    (left,) = sender.unsent()
    assert (left.waiting, left.given_up) == (0, 1)
    hook.answers = []
    assert len(sender.send(revive=True)) == 1 and not sender.unsent()


def test_what_was_given_up_does_not_stand_in_the_way(sender: Sender, hook: Hook) -> None:
    sender.targets = [WebhookTarget(**{**vars(TARGET), "most_per_run": 1})]
    sender.lead(1)
    hook.answers = [(500, {})] * 10
    for _ in range(10):
        sender.send(25 * HOUR)
    sender.lead(2)
    assert [item.message.subject for item in sender.send()] == ["texas:2"]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500, 503])
def test_only_an_answer_of_2xx_is_success_and_no_redirect_is_followed(sender: Sender, hook: Hook, status: int) -> None:
    other = Hook()
    hook.answers = [(status, {"location": other.url})] * 2
    sender.lead(1)
    assert {item.result.status for item in sender.send()} == {status}
    assert other.received == [] and sender.unsent()[0].waiting == 1
    other.server.shutdown()


@pytest.mark.parametrize("asked", ["3600", "Thu, 26 Nov 2026 13:00:05 GMT"])
def test_a_receiver_that_asks_for_time_gets_it_for_all_messages(sender: Sender, hook: Hook, asked: str) -> None:
    sender.lead(1, 2)
    hook.answers = [(429, {"retry-after": asked})]
    assert len(sender.send()) == 1
    assert "not to be called before 2026-11-26 13:00" in str(sender.unsent()[0].problem)
    assert sender.send(59 * MINUTE) == []
    assert len(sender.send(2 * MINUTE)) == 2


def test_a_receiver_that_is_gone_is_called_no_more_until_somebody_says_so(sender: Sender, hook: Hook) -> None:
    sender.lead(1, 2)
    hook.answers = [(410, {})]
    assert len(sender.send()) == 1
    assert sender.send(100 * HOUR) == [] and "gone (410)" in str(sender.unsent()[0].problem)
    assert enable(sender.paths, TARGET, lambda: sender.now) and not enable(sender.paths, TARGET, lambda: sender.now)
    assert len(sender.send()) == 2


def test_a_receiver_that_fails_is_left_alone_and_the_rest_is_no_try(sender: Sender, hook: Hook) -> None:
    sender.lead(*range(1, 9))
    hook.answers = [(500, {})] * 6
    assert len(sender.send()) == len(sender.send(MINUTE)) == 3
    assert sender.events()["failed"] == 6 and sender.unsent()[0].waiting == 8
    # The first three wait for their third attempt.
    assert len(sender.send(MINUTE)) == 5 and len(sender.send(HOUR)) == 3


def test_a_message_is_signed_by_both_secrets_while_they_are_changed(
    sender: Sender, hook: Hook, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = new_secret()
    monkeypatch.setenv("TEST_WEBHOOK_FRESH", fresh)
    sender.targets = [WebhookTarget(**{**vars(TARGET), "secrets_from": ("TEST_WEBHOOK_SECRET", "TEST_WEBHOOK_FRESH")})]
    sender.now = datetime.now(UTC)
    sender.lead(1)
    sender.send()
    headers, body = hook.received[0]
    for one in (secret, fresh):
        assert Webhook(one).verify(body, headers)["type"] == "lead.net_new"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "192.0.2.1", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "nonsense",
    ],
)  # fmt: skip
def test_an_address_of_this_machine_or_a_private_network_is_no_public_one(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


PUBLIC = WebhookTarget("hook", "TEST_WEBHOOK", ("TEST_WEBHOOK_SECRET",), ("lead.net_new",))


def test_a_name_that_leads_into_a_private_network_is_not_called(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_WEBHOOK", f"https://localhost:{hook.server.server_port}/")
    called = call_webhook(PUBLIC, "msg_1", "{}", NOON)
    assert "private network" in str(called.problem) and hook.received == []
    # One public address beside it changes nothing.
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda *_, **__: [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("169.254.169.254", 443))],
    )  # fmt: skip
    assert "private network" in str(call_webhook(PUBLIC, "msg_1", "{}", NOON).problem)


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("TEST_WEBHOOK", "https://rebound.example/")
    asked, connected = [], []

    def resolve(host: str, *_: object, **__: object) -> list[Any]:
        # As a hostile name server answers: first a public address, then one of this machine.
        asked.append(host)
        return [(2, 1, 6, "", ("8.8.8.8" if len(asked) == 1 else "127.0.0.1", 443))]

    def connect_to(address: tuple[str, int], *_: object, **__: object) -> Any:
        connected.append(address)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect_to)
    assert "refused" in str(call_webhook(PUBLIC, "msg_1", "{}", NOON).problem)
    assert asked == ["rebound.example"] and connected == [("8.8.8.8", 443)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/", "begins with https://"),
        ("ftp://example.com/", "no address"),
        ("https:///x", "no address"),
        ("https://example.com:99999/", "no address"),
        ("https://exa mple.com/", "no address"),
        ("https://example.com/\r\nX: y", "no address"),
        ("https://user:hunter2@example.com/", "holds a name or password"),
    ],
)
def test_an_address_that_may_not_be_called_is_told_without_it(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TEST_WEBHOOK", url)
    with pytest.raises(UsageError, match=said) as error:
        call_webhook(PUBLIC, "msg_1", "{}", NOON)
    assert "hunter2" not in str(error.value) and said in str(PUBLIC.fault)


def test_a_receiver_that_dawdles_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("TEST_WEBHOOK", f"http://127.0.0.1:{server.getsockname()[1]}/")

        def dawdle() -> None:
            client, _ = server.accept()
            with client:
                for _ in range(100):
                    try:
                        client.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.05)

        threading.Thread(target=dawdle, daemon=True).start()
        begin = time.monotonic()
        answer = call_webhook(TARGET, "msg_1", "{}", NOON, patience=0.5)
    assert answer.problem == "it did not answer within 0.5 seconds" and time.monotonic() - begin < 4


def test_two_processes_do_not_send_at_once(sender: Sender) -> None:
    with only_webhook_sender(sender.paths), pytest.raises(UsageError, match="another `leads webhooks` is at work"):
        sender.send()


def test_the_end_of_what_was_sent_is_written_however_the_next_one_ends(sender: Sender, hook: Hook) -> None:
    sender.lead(1, 2)
    calls: list[str] = []

    def break_off(target: WebhookTarget, message_id: str, body: str, now: datetime) -> CallResult:
        calls.append(message_id)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return CallResult(204, None)

    with pytest.raises(KeyboardInterrupt):
        sender.send(call=break_off)
    assert [item.message.message_id for item in sender.send()] == calls[1:]


def test_what_is_killed_between_claim_and_sending_is_sent_after_all(sender: Sender, hook: Hook) -> None:
    numbers = range(1, 2 * KILLS + 1)
    sender.lead(*numbers)
    with mortal_sender("webhook_sender.py", str(sender.paths.root)) as send:
        assert [send(seed) for seed in range(KILLS)] == ["killed"] * KILLS
        assert 0 < len(hook.received) < len(numbers), "the kills fell before, or after, everything"
        assert send(-1) == "ended 0" and send(1) == "ended 0"
    subjects = {headers["webhook-id"]: json.loads(body)["data"]["lead_key"] for headers, body in hook.received}
    assert sorted(subjects.values()) == sorted(f"texas:{number}" for number in numbers)
    events = sender.events()
    # Doubled is only what was killed after it was sent, under the same id: one claim without an end, one copy.
    assert events["sent"] == len(numbers) and events["claimed"] == len(numbers) + KILLS and events["failed"] == 0
    assert len(numbers) <= len(hook.received) <= len(numbers) + KILLS


def webhooks_file(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    item = {"url_from": "TEST_WEBHOOK", "secrets_from": ["TEST_WEBHOOK_SECRET"], "events": ["lead.net_new"],
            "allow_private": True, **changes}  # fmt: skip
    (folder / "webhooks.yaml").write_text(yaml.safe_dump({"targets": {"crm": item}}), encoding="utf-8")
    path = (folder / "webhooks.yaml",)
    monkeypatch.setattr("lead_enrichment.webhooks.webhook_settings.read_targets.__defaults__", path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "https://h"}, "targets.crm: "),
        ({"url_from": "https://h"}, "targets.crm.url_from: "),
        ({"events": ["lead.gone"]}, "targets.crm.events.0: "),
        ({"secrets_from": ["A", "B", "C"]}, "targets.crm.secrets_from: "),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: Any, said: str
) -> None:
    webhooks_file(tmp_path, monkeypatch, **changes)
    with pytest.raises(UsageError, match=re.escape(said)):
        read_targets()


def test_the_file_of_the_project_is_read() -> None:
    assert read_targets(ROOT / "webhooks.yaml") == {}


def test_the_commands_send_test_and_say_what_is_left(
    sender: Sender, hook: Hook, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks_file(tmp_path, monkeypatch)
    assert call("webhooks", "send") == "0 messages sent.\n"
    sender.lead(1)
    hook.answers = [(410, {})]
    assert "not sent: the receiver answered 410" in call("webhooks", "send", expect=1)
    assert "Webhook crm: 1 message is to be sent; it said on" in call("status")
    assert json.loads(call("status", "--json"))["webhooks_unsent"][0]["waiting"] == 1
    assert "is called again" in call("webhooks", "enable", "crm")
    assert call("webhooks", "send") == "1 message sent.\n"
    assert call("webhooks", "test", "crm") == "crm: sent, and answered 204.\n"
    assert json.loads(hook.received[-1][1])["type"] == "test"
    assert "Did you mean crm?" in call("webhooks", "test", "crn", expect=2)
    monkeypatch.delenv("TEST_WEBHOOK_SECRET")
    assert "TEST_WEBHOOK_SECRET is not set" in call("webhooks", "send", expect=1)
    # Neither address nor secret is a matter of the ledger.
    files = [path.read_bytes() for path in sender.paths.bronze.rglob("*.parquet")]
    assert not any(secret[6:].encode() in content or b"for=leads" in content for content in files)


def test_the_example_takes_what_is_genuine_once(
    sender: Sender, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, file = free_port(), tmp_path / "received.jsonl"
    monkeypatch.setenv("TEST_WEBHOOK", f"http://127.0.0.1:{port}/")
    script = str(ROOT / "docs" / "examples" / "webhook_receiver.py")
    environment = {**os.environ, "LEADS_WEBHOOK_SECRET": secret}
    with subprocess.Popen(
        [sys.executable, script, str(port), str(file)], env=environment, stderr=subprocess.DEVNULL
    ) as receiver:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        sender.now = datetime.now(UTC)
        sender.lead(1)
        (sent,) = sender.send()
        assert sent.result.status == 204
        assert call_webhook(TARGET, sent.message.message_id, sent.message.body, sender.now).status == 204
        assert call_webhook(TARGET, "msg_old", "{}", NOON).status == 401
        monkeypatch.setenv("TEST_WEBHOOK_SECRET", new_secret())
        assert call_webhook(TARGET, "msg_forged", "{}", sender.now).status == 401
        receiver.terminate()
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["data"]["lead_key"] == "texas:1"
