"""Alerts: each message reaches its receiver, once as far as that can be, whatever fails or is killed on the way."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller

from alert_sender import OPENED, SETTINGS, incident
from conftest import ROOT
from helpers import call, free_port
from kills import mortal_sender
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import Ledger
from lead_enrichment.paths import DataPaths
from lead_enrichment.quality.alert_settings import AlertSettings, LadderStep, QuietHours, faults, read_settings
from lead_enrichment.quality.alerts import AlertOutcome, messages, needs_telling, only_sender, send_due, unsent
from lead_enrichment.quality.digest import (
    Digest,
    UnsentDigest,
    month_before,
    read_digest,
    send_digest,
    unsent_digests,
)
from lead_enrichment.warehouse.connection import connect
from test_incidents import publish_incidents

KEY = re.compile(r"\[([0-9a-f]{16})\]")
SECRET = "hunter2secret"
# How many processes are killed; CI kills a hundred.
KILLS = int(os.environ.get("LEADS_TEST_KILLS", "20"))
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Hook:
    """A web server that takes messages, and fails on demand."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.statuses: list[int] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = hook.statuses.pop(0) if hook.statuses else 200
                if status == 200:
                    hook.titles.append(document["title"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://user:{SECRET}@127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Mailbox:
    """A mail server that keeps what it takes, and refuses on demand."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.messages: list[email.message.EmailMessage] = []
        self.refusals = 0
        port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.address = (
            f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&mode=insecure&from=leads@example.com&to=a@example.com"
        )
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            self.refusals -= 1
            return "451 try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.titles.append(message["Subject"])
        self.messages.append(message)
        return "250 OK"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    made = Hook()
    monkeypatch.setenv("TEST_ALERT_HOOK", made.address)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    made = Mailbox()
    monkeypatch.setenv("TEST_ALERT_MAIL", made.address)
    yield made
    made.controller.stop()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Post:
    """Stands at the place of the channels where the time is what a test is about."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.problem: str | None = None

    def __call__(self, address: str, title: str, body: str, look: str) -> str | None:
        if self.problem is None:
            self.sent.append(address)
        return self.problem


LADDER = AlertSettings(
    {"stewards": "S", "operations": "O", "on_call": "C"},
    {"default": ("stewards",), "operator": ("operations",)},
    {
        "critical": (LadderStep(timedelta(), ("owner",)), LadderStep(HOUR, ("on_call",))),
        "error": (LadderStep(timedelta(), ("owner",)), LadderStep(2 * HOUR, ("operations", "owner"))),
        "warning": (),
        "info": (),
    },
    tries=3,
    first_wait=timedelta(minutes=10),
    longest_wait=timedelta(minutes=15),
)


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "SOC":
        monkeypatch.setenv(name, name)


@pytest.fixture
def tell(paths: DataPaths, addresses: None) -> Callable[..., list[str]]:
    """Send what is due at a time, and return to whom."""
    post = Post()

    def at(
        after: timedelta, *incidents: Any, problem: str | None = None, settings: AlertSettings = LADDER
    ) -> list[str]:
        post.sent, post.problem = [], problem
        send_due(paths, incidents, settings, lambda: NOON + after, post)
        return post.sent

    return at


def test_a_ladder_is_climbed_by_the_time_and_each_step_is_told_once(tell: Callable[..., list[str]]) -> None:
    item = incident(1)
    assert tell(0 * HOUR, item) == ["S"]
    assert tell(HOUR, item) == []
    # The owner again, since a step names them
    assert tell(2 * HOUR, item) == ["O", "S"]
    assert tell(2000 * HOUR, item) == []


def test_a_ladder_begins_when_the_incident_is_noticed_not_when_an_old_file_came(tell: Callable[..., list[str]]) -> None:
    assert tell(0 * HOUR, incident(1, opened_at=datetime(2020, 1, 1, tzinfo=UTC))) == ["S"]


def test_an_owner_is_told_through_their_own_channels(tell: Callable[..., list[str]]) -> None:
    assert tell(0 * HOUR, incident(1, owner="operator"), incident(2, owner="somebody")) == ["O", "S"]


def test_an_incident_that_comes_back_is_told_again(tell: Callable[..., list[str]]) -> None:
    assert tell(0 * HOUR, incident(1)) == ["S"]
    assert tell(HOUR, incident(1, opened_at=OPENED + HOUR)) == ["S"]


@pytest.mark.parametrize(
    ("changes", "coming", "is_told"),
    [
        ({}, {}, True),
        ({"state": "acknowledged"}, {}, False),
        ({"state": "snoozed"}, {}, False),
        ({"muted_by": "000000000002"}, {}, False),
        # Somebody has said so since the last run
        ({}, {"000000000001": "ack"}, False),
        ({}, {"000000000002": "ack"}, True),
        ({}, {"000000000001": "reopen"}, True),
    ],
)
def test_nobody_is_told_of_what_somebody_sees_to(changes: Any, coming: Any, is_told: bool) -> None:
    assert needs_telling(incident(1, **changes), coming) is is_told


def test_a_failed_message_waits_longer_each_time_and_is_given_up(
    tell: Callable[..., list[str]], paths: DataPaths
) -> None:
    item, minutes = incident(1), timedelta(minutes=1)
    for at, is_tried in ((0, True), (9, False), (10, True), (24, False), (25, True), (41, False), (2000, False)):
        before = len(Ledger(paths.bronze).alert_events())
        tell(at * minutes, item, problem="down", settings=only_first(LADDER))
        assert (len(Ledger(paths.bronze).alert_events()) > before) is is_tried, at
    (dead,) = unsent(paths, [item], only_first(LADDER), NOON)
    assert dead.is_given_up and dead.failures == 3
    # It is tried again where somebody says so, and what was sent is not.
    post = Post()
    (outcome,) = send_due(paths, [item], only_first(LADDER), lambda: NOON + 3000 * minutes, post, revive=True)
    assert outcome.problem is None and post.sent == ["S"]
    assert not send_due(paths, [item], only_first(LADDER), lambda: NOON + 9000 * minutes, post, revive=True)


def only_first(settings: AlertSettings) -> AlertSettings:
    ladders = {severity: steps[:1] for severity, steps in settings.ladders.items()}
    return AlertSettings(**{**vars(settings), "ladders": ladders})


def test_a_later_step_is_told_though_an_earlier_one_cannot_be(tell: Callable[..., list[str]]) -> None:
    item = incident(1, severity="critical")
    assert tell(0 * HOUR, item, problem="down") == []
    # Both: what could not be sent is still due.
    assert tell(HOUR, item) == ["S", "C"]


def test_quiet_hours_hold_back_what_can_wait(tell: Callable[..., list[str]]) -> None:
    from datetime import time
    from zoneinfo import ZoneInfo

    # 12:00 UTC is 06:00 in Chicago.
    quiet = QuietHours(time(20), time(7), ZoneInfo("America/Chicago"), frozenset({"critical"}))
    settings = AlertSettings(**{**vars(only_first(LADDER)), "quiet_hours": quiet})
    item = incident(1)
    assert tell(0 * HOUR, item, incident(2, severity="critical"), settings=settings) == ["S"]
    assert tell(timedelta(minutes=59), item, settings=settings) == []
    assert tell(HOUR, item, settings=settings) == ["S"]
    assert not quiet.hold_back("error", NOON + 13 * HOUR) and quiet.hold_back("error", NOON + 14 * HOUR)


def test_a_channel_without_an_address_is_told_and_is_no_try(
    paths: DataPaths, addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S")
    post = Post()
    for _ in range(9):
        (outcome,) = send_due(paths, [incident(1)], LADDER, Clock(), post)
        assert outcome.problem == "S is not set"
    monkeypatch.setenv("S", "S")
    assert send_due(paths, [incident(1)], LADDER, Clock(), post)[0].problem is None


def test_two_processes_do_not_send_at_once(paths: DataPaths) -> None:
    with only_sender(paths), pytest.raises(UsageError, match="another `leads alert` is at work"):
        send_due(paths, [incident(1)], LADDER, Clock(), Post())


def keys(outcomes: list[AlertOutcome], is_sent: bool = True) -> list[str]:
    return [item.message.alert_key for item in outcomes if (item.problem is None) is is_sent]


def test_a_server_that_fails_gets_the_message_later_and_once(paths: DataPaths, hook: Hook, mailbox: Mailbox) -> None:
    hook.statuses, mailbox.refusals = [503, 500], 1
    incidents = [incident(1), incident(2)]
    clock = Clock()
    first = send_due(paths, incidents, SETTINGS, clock)
    assert sorted(item.problem or "" for item in first) == [
        "", "the receiver answered 500", "the receiver answered 503",
        "the receiver could not be reached, or refused it",
    ]  # fmt: skip
    clock.now += HOUR
    second = send_due(paths, incidents, SETTINGS, clock)
    assert sorted(keys(second)) == sorted(keys(first, is_sent=False))
    clock.now += HOUR
    assert send_due(paths, incidents, SETTINGS, clock) == []
    received = [KEY.findall(title)[0] for title in hook.titles + mailbox.titles]
    assert sorted(received) == sorted(keys(first) + keys(second)) and len(set(received)) == 4
    assert "ERROR texas: rule_1" in hook.titles[0]


def test_what_is_killed_between_claim_and_sending_is_sent_after_all(
    paths: DataPaths, hook: Hook, mailbox: Mailbox
) -> None:
    # A process sends 1.5 messages on average before it is killed.
    count = KILLS
    expected = {
        (message.alert_key, message.channel)
        for message in messages([incident(number) for number in range(count)], [], SETTINGS, NOON)
    }
    with mortal_sender("alert_sender.py", str(paths.root), str(count)) as send:
        ends = [send(seed) for seed in range(KILLS)]
        assert ends == ["killed"] * KILLS
        early = len(hook.titles) + len(mailbox.titles)
        assert 0 < early < len(expected), "the kills fell before, or after, everything"
        assert send(-1) == "ended 0"
        # Nothing is left
        assert send(1) == "ended 0"
    received = Counter(
        (KEY.findall(title)[0], channel)
        for channel, titles in (("hook", hook.titles), ("mail", mailbox.titles))
        for title in titles
    )
    assert set(received) == expected
    events = Counter(event["event"] for event in Ledger(paths.bronze).alert_events())
    # Doubled is only what was killed after it was sent, under the same key: one claim without an end, one copy.
    assert events["sent"] == len(expected) and events["claimed"] == len(expected) + KILLS and events["failed"] == 0
    assert len(expected) <= received.total() <= len(expected) + KILLS


def alerts_file(folder: Path, **changes: Any) -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "alerts.yaml").read_text(encoding="utf-8"))
    document.update(changes)
    (folder / "alerts.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return dict(document)


def test_the_file_of_the_project_is_read() -> None:
    settings = read_settings(ROOT / "alerts.yaml")
    assert set(settings.ladders) == {"critical", "error", "warning", "info"} and settings.tries == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channels": {"mail": {"address": "mailto://u:p@h"}}}, "channels.mail: "),
        ({"channels": {"mail": {"address_from": "mailto://u:p@h"}}}, "channels.mail.address_from: "),
        ({"owners": {"operator": ["operations"]}}, "'default' is a required property"),
        ({"owners": {"default": ["pager"]}}, "owners.default: pager is no channel; there is on_call, operations, st"),
        ({"digest": {"to": ["nobody"]}}, "digest.to: nobody is no channel"),
        ({"sending": {"tries": 0}}, "sending.tries: 0 is less than the minimum"),
        ({"quiet_hours": {"from": "25:00", "until": "07:00"}}, "quiet_hours.from: "),
        ({"quiet_hours": {"from": "20:00", "until": "07:00", "time_zone": "Mars/X"}}, "Mars/X is no time zone"),
        ({"extra": 1}, "'extra' was unexpected"),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_refused_with_place_and_reason(
    tmp_path: Path, changes: Any, said: str
) -> None:
    alerts_file(tmp_path, **changes)
    with pytest.raises(UsageError, match=re.escape(said)) as error:
        read_settings(tmp_path / "alerts.yaml")
    assert str(error.value).startswith("alerts.yaml: ")


def test_a_step_names_a_channel_or_the_owner() -> None:
    document = yaml.safe_load((ROOT / "alerts.yaml").read_text(encoding="utf-8"))
    document["ladders"]["error"][1]["to"] = ["nobody"]
    assert faults(document) == ["ladders.error.1: nobody is no channel; there is on_call, operations, owner, stewards"]


def test_the_command_sends_and_says_what_is_left(
    paths: DataPaths, hook: Hook, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_incidents(paths, incident(1, severity="critical", opened_at=OPENED), incident(2, muted_by=f"{1:012x}"))
    monkeypatch.setattr("lead_enrichment.quality.alert_settings.FILE", tmp_path / "alerts.yaml")
    monkeypatch.setattr(
        "lead_enrichment.quality.alert_settings.read_settings.__defaults__", (tmp_path / "alerts.yaml",)
    )
    alerts_file(tmp_path)
    said = call("alert", expect=1)
    assert "LEADS_ALERT_STEWARDS is not set" in said and "0 messages sent." in said
    assert "2 alerts are not sent yet. Set LEADS_ALERT_OPERATIONS, LEADS_ALERT_STEWARDS." in call("status")
    monkeypatch.setenv("LEADS_ALERT_STEWARDS", mailbox.address)
    monkeypatch.setenv("LEADS_ALERT_OPERATIONS", hook.address)
    hook.statuses = [401]
    said = call("alert", expect=1)
    assert "the receiver answered 401" in said and "1 message sent." in said
    assert json.loads(call("status", "--json"))["alerts_unsent"] == 1
    assert len(mailbox.titles) == 1 and hook.titles == []
    # An address is no matter of the ledger, nor of what is printed.
    files = [path.read_bytes() for path in paths.root.rglob("*") if path.is_file()]
    assert SECRET not in said and not any(SECRET.encode() in content for content in files)


def test_a_mail_keeps_its_lines_and_every_sign_of_the_data(paths: DataPaths, mailbox: Mailbox) -> None:
    settings = replace(SETTINGS, owners={"default": ("mail",)})
    send_due(paths, [incident(1, cause="3 of 40 rows fail: <b> & c")], settings, Clock())
    (message,) = mailbox.messages
    body = message.get_body(("plain",))
    assert body and "3 of 40 rows fail: <b> & c\n\nLeads or rows: 3\n" in body.get_content().replace("\r\n", "\n")


OCTOBER = date(2026, 10, 1)
DIGEST = replace(SETTINGS, digest=("mail",), tries=2, first_wait=HOUR)


def publish_scores(paths: DataPaths) -> None:
    """Publish a scorecard of two months and two sources, with an open, a muted and a resolved incident."""
    publish_incidents(
        paths, incident(1), incident(2, muted_by=f"{1:012x}"), incident(3, state="resolved", opened_at=None)
    )
    with connect(str(paths.published)) as connection:
        connection.execute(
            "CREATE TABLE quality.scorecard (month DATE, source_key TEXT, dimension TEXT, owner TEXT, leads BIGINT, "
            "score DOUBLE, change DOUBLE)"
        )
        for month, score, change in (("2026-09-01", 90.0, None), ("2026-10-01", 88.5, -1.5)):
            for source in ("salesforce", "texas"):
                for dimension, less in (("all", 0), ("validity", 8), ("timeliness", 3)):
                    row = [month, source, dimension, "all", 13_362, score - less, change]
                    connection.execute("INSERT INTO quality.scorecard VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                # What one owner answers for is no part of the digest.
                connection.execute(f"INSERT INTO quality.scorecard VALUES ('{month}', '{source}', 'all', 'x', 1, 5, 1)")


def october(paths: DataPaths) -> Digest:
    with connect(str(paths.published), read_only=True) as connection:
        return read_digest(connection, OCTOBER)


def test_the_month_that_is_over_is_told_as_a_table_and_a_picture(paths: DataPaths, mailbox: Mailbox) -> None:
    publish_scores(paths)
    clock = Clock()
    assert [item.problem for item in send_digest(paths, october(paths), DIGEST, clock)] == [None]
    (message,) = mailbox.messages
    assert message["Subject"].startswith("Data quality in October 2026 [")
    table = message.get_body(("html",))
    assert table
    words = " ".join(re.sub(r"<[^>]*>", " ", table.get_content()).split())
    row = "13,362 88.5 -1.5 validity 80.5"
    assert words.startswith(f"Source Leads Score Change Weakest salesforce {row} texas {row} ")
    assert "1 incident open now: 1 error." in table.get_content()
    (picture,) = message.iter_attachments()
    content = picture.get_payload(decode=True)
    assert picture.get_filename() == "data_quality_2026-10.png"
    assert isinstance(content, bytes) and content.startswith(b"\x89PNG") and len(content) > 10_000
    # Once a month, whenever it is asked for
    clock.now += timedelta(days=2)
    assert send_digest(paths, october(paths), DIGEST, clock) == [] and len(mailbox.messages) == 1


def test_a_digest_that_is_refused_stays_due_and_is_given_up_after_its_tries(paths: DataPaths, mailbox: Mailbox) -> None:
    publish_scores(paths)
    digest, clock = october(paths), Clock()
    mailbox.refusals = 2
    assert [item.problem is None for item in send_digest(paths, digest, DIGEST, clock)] == [False]
    assert send_digest(paths, digest, DIGEST, clock) == []
    clock.now += HOUR
    assert [item.problem is None for item in send_digest(paths, digest, DIGEST, clock)] == [False]
    clock.now += timedelta(days=1)
    assert send_digest(paths, digest, DIGEST, clock) == []
    sent = send_digest(paths, digest, DIGEST, clock, revive=True)
    assert [item.problem for item in sent] == [None] and len(mailbox.messages) == 1
    # What was sent is not revived
    assert send_digest(paths, digest, DIGEST, clock, revive=True) == []


def test_a_digest_whose_sender_dies_is_sent_under_the_same_key(paths: DataPaths, mailbox: Mailbox) -> None:
    publish_scores(paths)
    digest, keys_seen = october(paths), []

    def dies(address: str, title: str, body: str, picture: Path) -> None:
        keys_seen.extend(KEY.findall(title))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_digest(paths, digest, DIGEST, Clock(), dies)
    (item,) = send_digest(paths, digest, DIGEST, Clock())
    assert KEY.findall(mailbox.titles[0]) == keys_seen == [item.alert_key]
    # Alerts know nothing of it
    assert messages([incident(1)], Ledger(paths.bronze).alert_events(), LADDER, NOON) == messages(
        [incident(1)], [], LADDER, NOON
    )


def test_the_command_sends_the_digest_of_the_month_before(
    paths: DataPaths, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_scores(paths)
    monkeypatch.setattr(
        "lead_enrichment.quality.alert_settings.read_settings.__defaults__", (tmp_path / "alerts.yaml",)
    )
    alerts_file(tmp_path)
    assert "stewards: Data quality in October 2026: not sent: LEADS_ALERT_STEWARDS is not set." in call(
        "alert", "digest", "--month", "2026-10", expect=1
    )
    monkeypatch.setenv("LEADS_ALERT_STEWARDS", mailbox.address)
    monkeypatch.setattr("lead_enrichment.quality.incidents.now_utc", lambda: datetime(2026, 11, 1, 7, tzinfo=UTC))
    assert call("alert", "digest") == "stewards: Data quality in October 2026: sent.\n"
    assert call("alert", "digest") == "Data quality in October 2026: nothing is due.\n"
    said = call("alert", "digest", "--month", "2026-08")
    assert said == "No delivery came in 2026-08: there is no scorecard to send.\n"
    assert "Write it like 2026-10." in call("alert", "digest", "--month", "October", expect=2)
    assert len(mailbox.messages) == 1


def test_status_names_a_digest_that_is_not_sent_and_one_that_is_given_up(
    paths: DataPaths, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_scores(paths)
    settings = replace(SETTINGS, digest=("mail",), tries=1)
    # Due, though never tried; of September, which was over before, nobody ever tried to send it
    assert unsent_digests(paths, october(paths), settings) == [UnsentDigest(OCTOBER, "mail", 0, False)]
    with connect(str(paths.published), read_only=True) as connection:
        september, november = (read_digest(connection, date(2026, month, 1)) for month in (9, 11))
    assert unsent_digests(paths, november, settings) == []
    mailbox.refusals = 1
    send_digest(paths, september, settings, Clock())
    given_up = UnsentDigest(date(2026, 9, 1), "mail", 1, True)
    assert unsent_digests(paths, october(paths), settings) == [given_up, UnsentDigest(OCTOBER, "mail", 0, False)]
    send_digest(paths, october(paths), settings, Clock())
    assert unsent_digests(paths, october(paths), settings) == [given_up]

    # By the command, with another channel
    monkeypatch.setattr(
        "lead_enrichment.quality.alert_settings.read_settings.__defaults__", (tmp_path / "alerts.yaml",)
    )
    monkeypatch.setattr("lead_enrichment.quality.digest.month_before", lambda now: OCTOBER)
    alerts_file(tmp_path)
    said = call("status")
    assert (
        "The digest of 2026-10 to stewards is not sent yet. Set LEADS_ALERT_STEWARDS. "
        "See: leads alert digest --month 2026-10" in said
    )
    assert json.loads(call("status", "--json"))["digests_unsent"] == 1
    monkeypatch.setenv("LEADS_ALERT_STEWARDS", mailbox.address)
    call("alert", "digest", "--month", "2026-10")
    assert "The digest of" not in call("status")


def test_the_month_before_january_is_december() -> None:
    assert month_before(datetime(2026, 1, 3, tzinfo=UTC)) == date(2025, 12, 1)
    assert month_before(datetime(2026, 12, 31, tzinfo=UTC)) == date(2026, 11, 1)


def test_a_test_goes_through_every_channel(
    paths: DataPaths, hook: Hook, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lead_enrichment.quality.alert_settings.read_settings.__defaults__", (tmp_path / "alerts.yaml",)
    )
    alerts_file(tmp_path)
    monkeypatch.setenv("LEADS_ALERT_STEWARDS", mailbox.address)
    monkeypatch.setenv("LEADS_ALERT_OPERATIONS", hook.address)
    assert "on_call: LEADS_ALERT_ON_CALL is not set." in call("alert", "test", expect=2)
    assert mailbox.titles == hook.titles == ["Test of alerts"]
    assert call("alert", "test", "stewards") == "stewards: sent.\n"
    hook.statuses = [503]
    assert "operations: the receiver answered 503." in call("alert", "test", "operations", expect=1)
    monkeypatch.setenv("LEADS_ALERT_ON_CALL", f"nonsense://{SECRET}")
    said = call("alert", "test", "on_call", expect=1)
    assert "its address is none that Apprise knows" in said and SECRET not in said
    assert "alerts.yaml has no channel pager" in call("alert", "test", "pager", expect=2)
