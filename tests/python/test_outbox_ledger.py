"""The ledger of the outbox: claims are on the disk before anything is sent, and hold from then on."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers import bronze_rows, csv_rows
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.run import ingest
from lead_enrichment.outbox.changes import COLUMNS, OutboxChange, open_outbox, refuse_other_environments
from lead_enrichment.outbox.ledger import (
    ABANDONED,
    ACCEPTED,
    APPROVED,
    CLAIMED,
    REJECTED,
    SOURCE,
    OutboxEvent,
    only_sender,
    submit,
)
from lead_enrichment.outbox.targets import load_target
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
LEAD = "salesforce:00Q000000000001"


def key(number: int) -> str:
    return f"{number:032x}"


def event(number: int, what: str, minute: int = 0, **more: object) -> OutboxEvent:
    given = {"target": "salesforce", "lead_key": LEAD, "field": f"F{number}", "acted_by": "sender", **more}
    return OutboxEvent(key(number), what, acted_at=NOW + timedelta(minutes=minute), **given)  # type: ignore[arg-type]


def publish_changes(paths: DataPaths, numbers: int) -> None:
    """Put a published copy with that many changes in place, all of which may be sent."""
    paths.published.parent.mkdir(exist_ok=True)
    with connect(str(paths.published)) as connection:
        connection.execute("CREATE SCHEMA outbox; CREATE SCHEMA staging")
        columns = ", ".join(f"{name} {'TIMESTAMPTZ' if name.endswith('_at') else 'TEXT'}" for name in COLUMNS)
        connection.execute(f"CREATE TABLE outbox.change ({columns}, is_claimable BOOLEAN, blocked_reason TEXT)")
        connection.execute(
            "INSERT INTO outbox.change BY NAME SELECT PRINTF('%032x', i) AS outbox_key, 'salesforce' AS target, "
            "'update' AS operation, ? AS lead_key, '00Q000000000001' AS salesforce_id, CONCAT('F', i) AS field, "
            "CONCAT('v', i) AS new_value, 'r' AS reason, 'pending' AS state, TRUE AS is_claimable "
            "FROM RANGE(?) AS t(i)",
            [LEAD, numbers],
        )
        connection.execute(
            "CREATE TABLE staging.stg_acknowledgement (outbox_key TEXT, event TEXT, target TEXT, lead_key TEXT, "
            "field TEXT, value TEXT, salesforce_id TEXT, batch_id TEXT, acted_at TIMESTAMPTZ, problem TEXT, "
            "received_at TIMESTAMPTZ, file_id TEXT, row_number BIGINT)"
        )


def claimable(paths: DataPaths) -> list[OutboxChange]:
    with open_outbox(paths) as outbox:
        return list(outbox.claimable("salesforce"))


def test_an_event_is_on_the_disk_before_submit_returns(paths: DataPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    really = os.fsync

    def fsync(handle: int) -> None:
        really(handle)
        name = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append(name.is_dir() or name.stat().st_size > 0)

    monkeypatch.setattr(os, "fsync", fsync)
    file = submit(paths, [event(1, CLAIMED, batch_id="750", value="=1", is_retryable=False)])
    # The file with what is in it, then its name
    assert synced == [True, True]
    (row,) = csv_rows(file)
    assert (row["event"], row["batch_id"], row["value"], row["is_retryable"]) == ("claimed", "750", "'=1", "FALSE")


def test_what_is_no_event_is_refused_and_leaves_no_file(paths: DataPaths) -> None:
    for wrong in ([], [event(1, CLAIMED), event(2, "sent")], [event(1, CLAIMED, acted_by="")]):
        with pytest.raises(UsageError):
            submit(paths, wrong)
    assert not list((paths.landing / SOURCE).iterdir())


def test_a_claim_holds_in_landing_in_bronze_and_for_its_field(paths: DataPaths) -> None:
    publish_changes(paths, 4)
    assert [change.field for change in claimable(paths)] == ["F0", "F1", "F2", "F3"]
    submit(paths, [event(1, CLAIMED), event(9, CLAIMED, field="F2"), event(3, APPROVED)])
    # F2 of another value; F3 was approved, which stops nothing
    assert [change.field for change in claimable(paths)] == ["F0", "F3"]
    assert [outcome.status for outcome in ingest(paths)] == ["loaded"]
    assert bronze_rows(paths, SOURCE, "event") == [("approved",), ("claimed",), ("claimed",)]
    assert [change.field for change in claimable(paths)] == ["F0", "F3"]
    submit(paths, [event(7, REJECTED, field="*")])
    assert claimable(paths) == []


def test_changes_come_in_pages_and_other_questions_may_be_asked_between(paths: DataPaths) -> None:
    publish_changes(paths, 12_000)
    with open_outbox(paths) as outbox:
        seen = set()
        for change in outbox.claimable("salesforce"):
            if len(seen) % 4_000 == 0:
                assert outbox.unanswered("salesforce") == {}
            seen.add(change.outbox_key)
        assert len(seen) == 12_000
        (count,) = outbox.counts("salesforce")
    assert (count["changes"], count["leads"]) == (12_000, 1)


def test_a_claim_without_an_answer_is_told_by_its_batch(paths: DataPaths) -> None:
    publish_changes(paths, 0)
    submit(paths, [event(number, CLAIMED, batch_id="a", value="'-x") for number in (1, 2, 3)])
    submit(paths, [event(1, ACCEPTED, 1), event(2, ABANDONED, 1)])
    ingest(paths)
    # Claimed again after it was abandoned; and an answer at the same time as the claim
    submit(paths, [event(2, CLAIMED, 2, batch_id="b"), event(4, CLAIMED, 3), event(4, REJECTED, 3)])
    with open_outbox(paths) as outbox:
        found = outbox.unanswered("salesforce")
        assert outbox.unanswered("feed") == {}
    assert {batch: [claim.outbox_key for claim in claims] for batch, claims in found.items()} == {
        "a": [key(3)],
        "b": [key(2)],
    }
    assert found["a"][0].value == "'-x" and found["a"][0].acted_at == NOW


def test_one_sender_at_a_time_claims(paths: DataPaths) -> None:
    with (
        only_sender(paths, "salesforce"),
        pytest.raises(UsageError, match="another sender"),
        only_sender(paths, "salesforce"),
    ):
        pass


def test_only_production_is_sent() -> None:
    refuse_other_environments("prod")
    with pytest.raises(UsageError, match="changes of dev are never sent"):
        refuse_other_environments("dev")
    with pytest.raises(UsageError, match="there is no target fax"):
        load_target("fax")


def test_a_create_tells_its_fields() -> None:
    given = dict.fromkeys(COLUMNS)
    create = OutboxChange(**{**given, "field": "*", "new_value": '{"Company":"A \\"B\\"","Phone":"1"}'})  # type: ignore[arg-type]
    update = OutboxChange(**{**given, "field": "Phone", "new_value": "1"})  # type: ignore[arg-type]
    assert (create.values, update.values) == ({"Company": 'A "B"', "Phone": "1"}, {"Phone": "1"})
