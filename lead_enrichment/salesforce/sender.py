"""The sender: changes of the outbox become rows of Salesforce, and no person's edit is overwritten by them.

Each batch goes the same way. What Salesforce holds is read just before, and what somebody changed since drops out. What
is left is claimed in the ledger, sent, and answered. A crash leaves claims without an answer; `resume` asks Salesforce
what became of them. Nothing is doubled by trying again: creates are upserts by an external id, changes are made by id.

Between the reading and the writing somebody may edit. So Salesforce itself compares: up to a few thousand leads by
`If-Unmodified-Since`, or, where the validation rule under docs/salesforce is deployed, any number by the field that it
reads. Without the rule no bulk job changes a lead.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import groupby, islice
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.changes import CREATE, UPDATE, WHOLE, Outbox, OutboxChange, OutboxClaim
from lead_enrichment.outbox.ledger import ABANDONED, ACCEPTED, CLAIMED, CONFLICT, REJECTED, OutboxEvent, submit
from lead_enrichment.outbox.targets import Progress, SendReport
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce import jobs
from lead_enrichment.salesforce.client import ApiError, Client
from lead_enrichment.salesforce.settings import read_settings
from lead_enrichment.wording import counted

NAME, SENDER = "salesforce", "leads outbox send"
# The external id of creates, and the field that the validation rule reads.
KEY, SEEN = "Lead_Enrichment_Key__c", "Lead_Enrichment_Seen__c"
# Leads in a request of collections, in one of composite, and in a bulk job; and from how many on a job is worth it.
IN_COLLECTION, IN_COMPOSITE, IN_JOB, FEW = 200, 25, 5_000, 2_000
# Signs of a list of external ids in a query, whose address may not be longer than 16,000.
SIGNS_IN_QUERY = 10_000
# Of the day's requests so much is left to others.
LEFT_TO_OTHERS = 0.2
# Salesforce stamps to the second: what was edited in the last moments may be edited again under the same stamp.
STILL = timedelta(seconds=2)
# In a bulk file this text empties a field.
EMPTIES = "#N/A"
JOB = "750"
# What may succeed later as it is.
PASSING = {
    "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT",
    "API_CURRENTLY_DISABLED", "TXN_SECURITY_RUNTIME_EXCEPTION", "UNKNOWN_EXCEPTION",
}  # fmt: skip
# What somebody did in Salesforce: their answer stands.
OF_PEOPLE = {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}
GUARD = "changed since it was read"
IN_TIME = "it was changed in Salesforce since the extract"


@dataclass(frozen=True)
class Part:
    """A change of one field, or a create, as the ledger knows it.

    Args:
        value: What is sent; of a create its fields as JSON.
    """

    outbox_key: str
    field: str
    value: str | None


@dataclass
class Record:
    """What is to become of one lead.

    Args:
        lead_key: Lead of the project.
        values: What is to be written, by field.
        parts: The changes that it consists of.
        external_id: Of a create.
        salesforce_id: Of a change; of a create once it is known.
        old: What the extract shows, by field.
        base: When the lead was changed last, as of the extract.
        seen: When it was changed last, as just read.
    """

    lead_key: str
    values: dict[str, str]
    parts: tuple[Part, ...]
    external_id: str | None = None
    salesforce_id: str | None = None
    old: dict[str, str | None] = field(default_factory=dict)
    base: datetime | None = None
    seen: datetime | None = None

    @property
    def is_create(self) -> bool:
        """Whether it makes a lead."""
        return self.external_id is not None

    @property
    def key(self) -> str:
        """By what Salesforce's answers name it."""
        return self.external_id or (self.salesforce_id or "")[:15]


@dataclass(frozen=True)
class Answer:
    """What became of a record.

    Args:
        event: Of the ledger.
        message: In Salesforce's own words.
        salesforce_id: The id of the lead, where it is known now.
    """

    event: str
    message: str | None = None
    is_retryable: bool = False
    salesforce_id: str | None = None


class SalesforceTarget:
    """Salesforce, as a target of the outbox. Settings and secrets come from the environment.

    Args:
        client: The connection; that of the environment by default.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.client = Client(read_settings()) if client is None else client
        self._me: str | None = None

    # What the outbox calls

    def send(
        self, outbox: Outbox, paths: DataPaths, *, is_dry_run: bool, limit: int | None, progress: Progress
    ) -> SendReport:
        """Send what may be sent; see `lead_enrichment.outbox.targets.Target`."""
        outcomes: Counter[str] = Counter()
        claimed, skipped, batches = 0, 0, []
        samples: dict[str, dict[str, str]] = {}
        sentences: list[str] = []
        if not is_dry_run:
            # First what an earlier sender has left.
            left = self.resume(outbox, paths, progress=progress)
            outcomes.update(left.outcomes)
            sentences += left.sentences
        has_guard = self._may_write(SEEN)
        total = sum(row["changes"] for row in outbox.counts(NAME) if row["state"] == "pending")
        done = 0
        for is_create, records in _batches(outbox.claimable(NAME), limit):
            if note := self._limit_is_near():
                sentences.append(note)
                break
            self._check_fields(records, is_create)
            ready, answers, waiting = self._check(records, is_create)
            skipped += len(waiting)
            changes = sum(len(record.parts) for record in ready)
            claimed += changes
            if is_dry_run:
                outcomes.update(answer.event for record, answer in answers for _ in record.parts)
                for record in islice(ready, max(0, 10 - len(samples))):
                    samples[record.lead_key] = record.values
            else:
                outcomes.update(_submit(paths, None, answers))
                for batch, part in self._send(paths, ready, is_create, has_guard):
                    batches.append(batch)
                    outcomes.update(_submit(paths, batch, part))
                    progress(done + sum(len(record.parts) for record, _ in part), total)
            done += sum(len(record.parts) for record in records)
            progress(min(done, total), total)
        if skipped:
            sentences.append(f"{counted(skipped, 'lead')} were edited just now and wait for the next time.")
        if not has_guard:
            sentences.append(
                "The validation rule of docs/salesforce.md is not deployed: changes go in small requests, not in jobs."
            )
        sentences += self._usage()
        answered = sum(outcomes.values()) if not is_dry_run else 0
        unanswered = 0 if is_dry_run else max(0, claimed - answered)
        return SendReport(
            is_dry_run, claimed, dict(outcomes), unanswered, tuple(batches), tuple(sentences), samples
        )  # fmt: skip

    def resume(self, outbox: Outbox, paths: DataPaths, *, progress: Progress) -> SendReport:
        """Find out what became of claims without an answer; see `lead_enrichment.outbox.targets.Target`."""
        outcomes: Counter[str] = Counter()
        found = outbox.unanswered(NAME)
        total = sum(len(claims) for claims in found.values())
        done = 0
        for batch, claims in found.items():
            records = _claimed_records(claims)
            answers = self._after_job(batch, records) if batch.startswith(JOB) else self._look_up(records)
            outcomes.update(_submit(paths, batch, answers))
            done += len(claims)
            progress(done, total)
        return SendReport(
            False,
            0,
            dict(outcomes),
            total - sum(outcomes.values()),
            tuple(found),
            tuple(self._usage() if found else ()),
        )

    # Before it is sent

    def _may_write(self, name: str) -> bool:
        return bool(self.client.fields().get(name, {}).get("updateable"))

    def _check_fields(self, records: Sequence[Record], is_create: bool) -> None:
        """Stop where Salesforce lacks a field, before anything is claimed.

        Raises:
            UsageError: It shows none, or does not let us write it.
        """
        wanted = {name for record in records for name in record.values} | ({KEY} if is_create else set())
        closed = sorted(name for name in wanted if not self._may_write(name))
        if closed:
            raise UsageError(
                f"Salesforce shows no field {', '.join(closed)} that we may write", self.client.address,
                "Deploy the fields and the permission set of docs/salesforce.md.",
            )  # fmt: skip
        known = self.client.fields()
        if is_create and not (known[KEY].get("externalId") and known[KEY].get("unique")):
            raise UsageError(
                f"{KEY} is no unique external id: two attempts would make two leads", self.client.address,
                "Deploy it as docs/salesforce.md says.",
            )  # fmt: skip

    def _limit_is_near(self) -> str | None:
        """Return a sentence where too few of the day's requests are left to go on."""
        used, allowed = self.client.usage or (0, 0)
        if not allowed:
            left, allowed = self.client.remaining()
            used = allowed - left
        if used <= allowed * (1 - LEFT_TO_OTHERS):
            return None
        return (
            f"{used:,} of {allowed:,} requests of the day are used: the rest is left to others. What is not sent waits."
        )

    def _usage(self) -> list[str]:
        if self.client.usage is None:
            return []
        used, allowed = self.client.usage
        return [f"{used:,} of {allowed:,} requests of the day are used."]

    def _check(
        self, records: Sequence[Record], is_create: bool
    ) -> tuple[list[Record], list[tuple[Record, Answer]], list[Record]]:
        """Hold records against what Salesforce holds now.

        Returns:
            What may be sent; what is answered already; what was edited in the last moments, and waits.
        """
        if is_create:
            there = self._by_external_id([record.external_id or "" for record in records])
            ready, answers = [], []
            for record in records:
                row = there.get((record.external_id or "").lower())
                if row is None:
                    ready.append(record)
                else:
                    answers.append((record, _answer_of_created(row)))
            return ready, answers, []
        ready, answers, waiting = [], [], []
        for record, row in zip(records, self._read(records), strict=True):
            answer = self._objection(record, row)
            if answer is not None:
                answers.append((record, answer))
            elif record.seen is not None and record.seen > self.client.server_time - STILL:
                waiting.append(record)
            else:
                ready.append(record)
        return ready, answers, waiting

    def _read(self, records: Sequence[Record]) -> Iterator[dict[str, Any] | None]:
        names = sorted({name for record in records for name in record.values})
        wanted = ["Id", "LastModifiedDate", "LastModifiedById", *names]
        return self.client.leads([record.salesforce_id or "" for record in records], wanted)

    def _objection(self, record: Record, row: Mapping[str, Any] | None) -> Answer | None:
        """Return what speaks against writing a lead; None where nothing does. What was read is noted in the record."""
        if row is None:
            return Answer(CONFLICT, "it is deleted in Salesforce, or merged into another lead")
        record.seen = _time(row["LastModifiedDate"])
        if _holds(row, record.values):
            return Answer(ACCEPTED, "Salesforce holds it already", salesforce_id=row["Id"])
        is_changed = record.base is None or record.seen > record.base
        if is_changed and row["LastModifiedById"] != self.me():
            return Answer(CONFLICT, f"{IN_TIME}, at {record.seen:%Y-%m-%d %H:%M:%S} UTC", salesforce_id=row["Id"])
        # What was blank must be so still, whatever the stamps say: two edits of one second share theirs. A value is
        # compared where an edit may hide behind a change of ours; the project's own spelling of it then holds it back.
        held = {name: old for name, old in record.old.items() if is_changed or not old}
        others = [name for name, old in held.items() if not _same(row.get(name), old)]
        if others:
            return Answer(CONFLICT, f"{', '.join(others)}: {IN_TIME}", salesforce_id=row["Id"])
        return None

    def me(self) -> str:
        """Return the id of the integration user."""
        if self._me is None:
            self._me = self.client.user_id()
        return self._me

    def _by_external_id(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the leads that were created under external ids, deleted ones too, by the id in lower case.

        A deleted lead counts only where no other has its id.
        """
        found: dict[str, dict[str, Any]] = {}
        for listed in _lists(keys):
            soql = f"SELECT Id, IsDeleted, {KEY} FROM Lead WHERE {KEY} IN ({listed})"
            for row in self.client.query_all(soql):
                key = str(row[KEY]).lower()
                if key not in found or found[key]["IsDeleted"]:
                    found[key] = row
        return found

    # Sending

    def _send(
        self, paths: DataPaths, records: Sequence[Record], is_create: bool, has_guard: bool
    ) -> Iterator[tuple[str, list[tuple[Record, Answer]]]]:
        """Claim and send records, and return each batch with what became of it."""
        if len(records) > FEW and (is_create or has_guard):
            for part in _parts(records, IN_JOB):
                yield self._send_job(paths, part, is_create)
        elif is_create or has_guard:
            for part in _parts(records, IN_COLLECTION):
                yield self._send_collection(paths, part, is_create)
        else:
            for part in _parts(records, IN_COMPOSITE):
                yield self._send_conditional(paths, part)

    def _send_collection(
        self, paths: DataPaths, records: Sequence[Record], is_create: bool
    ) -> tuple[str, list[tuple[Record, Answer]]]:
        batch = f"rest-{uuid4().hex[:16]}"
        rows = [{"attributes": {"type": "Lead"}, **_sent(record, True)} for record in records]
        path = f"composite/sobjects/Lead/{KEY}" if is_create else "composite/sobjects"
        _claim(paths, batch, records)
        told = self._ask(paths, batch, records, "PATCH", path, {"allOrNone": False, "records": rows})
        answers = []
        for record, item in zip(records, told, strict=True):
            if item["success"]:
                answers.append((record, Answer(ACCEPTED, salesforce_id=item.get("id") or record.salesforce_id)))
            else:
                answers.append((record, _refused(item["errors"][0])))
        return batch, self._reconsider(answers)

    def _send_conditional(self, paths: DataPaths, records: Sequence[Record]) -> tuple[str, list[tuple[Record, Answer]]]:
        """Send changes that Salesforce makes only where nobody has changed the lead since it was read."""
        batch = f"rest-{uuid4().hex[:16]}"
        base = f"/services/data/v{self.client.version}/sobjects/Lead"
        requests = [
            {
                "method": "PATCH", "url": f"{base}/{record.salesforce_id}", "referenceId": f"r{number}",
                "httpHeaders": {"If-Unmodified-Since": format_datetime(record.seen or datetime.now(UTC), usegmt=True)},
                "body": _sent(record, False),
            }
            for number, record in enumerate(records)
        ]  # fmt: skip
        _claim(paths, batch, records)
        body = {"allOrNone": False, "compositeRequest": requests}
        told = self._ask(paths, batch, records, "POST", "composite", body)["compositeResponse"]
        answers = []
        for record, item in zip(records, told, strict=True):
            if item["httpStatusCode"] < 300:
                answers.append((record, Answer(ACCEPTED, salesforce_id=record.salesforce_id)))
            elif item["httpStatusCode"] == 412:
                answers.append((record, Answer(CONFLICT, IN_TIME, salesforce_id=record.salesforce_id)))
            else:
                error = (item["body"] or [{}])[0]
                answers.append((record, _refused({"statusCode": error.get("errorCode", ""), **error})))
        return batch, self._reconsider(answers)

    def _ask(self, paths: DataPaths, batch: str, records: Sequence[Record], method: str, path: str, body: Any) -> Any:
        """Send claimed records; where Salesforce refuses the request as a whole, nothing was done, and the claims end.

        Raises:
            UsageError: It refuses it.
        """
        try:
            return self.client.json(method, path, body=body)
        except ApiError as error:
            _submit(paths, batch, [(record, Answer(ABANDONED, str(error))) for record in records])
            raise UsageError(
                f"Salesforce refuses the batch: {error}", self.client.address, "See docs/salesforce.md."
            ) from error

    def _send_job(
        self, paths: DataPaths, records: Sequence[Record], is_create: bool
    ) -> tuple[str, list[tuple[Record, Answer]]]:
        # Its id stands in the claims: nothing comes of a job that has no data yet.
        job_id = jobs.create_ingest_job(self.client, "upsert" if is_create else "update", KEY if is_create else None)
        _claim(paths, job_id, records)
        data = _csv(records)
        if len(data) > jobs.MOST_BYTES:
            raise UsageError(f"the batch has {len(data):,} bytes", job_id, "Send fewer leads at once: --limit.")
        jobs.upload(self.client, job_id, data)
        jobs.close(self.client, job_id)
        return job_id, self._after_job(job_id, records)

    # After it was sent

    def _after_job(self, job_id: str, records: Sequence[Record]) -> list[tuple[Record, Answer]]:
        """Return what a job did; one that was never closed is aborted."""
        try:
            if jobs.look(self.client, "ingest", job_id)["state"] == jobs.OPEN:
                jobs.abort(self.client, job_id)
            jobs.wait(self.client, "ingest", job_id)
        except ApiError as error:
            if error.status != 404:
                raise
            # Results are kept for seven days.
            return self._look_up(records)
        by_key = {record.key.lower(): record for record in records}
        answers: list[tuple[Record, Answer]] = []

        def found(row: Mapping[str, str]) -> Record | None:
            return by_key.pop((row[KEY] if KEY in row else row["Id"][:15]).lower(), None)

        for row in jobs.result_rows(self.client, job_id, "successfulResults"):
            if record := found(row):
                answers.append((record, Answer(ACCEPTED, salesforce_id=row["sf__Id"])))
        for row in jobs.result_rows(self.client, job_id, "failedResults"):
            if record := found(row):
                code, _, message = row["sf__Error"].partition(":")
                answers.append((record, _refused({"statusCode": code, "message": message.removesuffix(":--")})))
        # What the job did not come to, or never had.
        left = [*by_key.values()]
        return self._reconsider(answers) + self._look_up(left)

    def _reconsider(self, answers: list[tuple[Record, Answer]]) -> list[tuple[Record, Answer]]:
        """Look again at what Salesforce refused, for whatever reason.

        A request whose answer was lost is sent again, and what the first attempt did may stand in the way of the
        second: the lead has changed, its external id is taken, or its row is locked.
        """
        doubted = [record for record, answer in answers if answer.event != ACCEPTED]
        if not doubted:
            return answers
        looked = {id(record): answer for record, answer in self._look_up(doubted) if answer.event == ACCEPTED}
        return [(record, looked.get(id(record), answer)) for record, answer in answers]

    def _look_up(self, records: Sequence[Record]) -> list[tuple[Record, Answer]]:
        """Return what became of records of whose sending nothing is known: Salesforce holds their values, or not."""
        answers = []
        creates = [record for record in records if record.is_create]
        there = self._by_external_id([record.external_id or "" for record in creates]) if creates else {}
        for record in creates:
            row = there.get((record.external_id or "").lower())
            answers.append((record, Answer(ABANDONED, "it was not sent") if row is None else _answer_of_created(row)))
        updates = [record for record in records if not record.is_create]
        for record, row in zip(updates, self._read(updates) if updates else (), strict=True):
            if row is not None and _holds(row, record.values):
                answers.append((record, Answer(ACCEPTED, salesforce_id=row["Id"])))
            else:
                answers.append((record, Answer(ABANDONED, "it was not sent")))
        return answers


# Records


def _batches(changes: Iterable[OutboxChange], limit: int | None) -> Iterator[tuple[bool, list[Record]]]:
    """Return changes lead by lead, creates and others apart, as many at a time as go into a job."""
    groups = groupby(changes, key=lambda change: (change.operation, change.lead_key))
    # Merges are for people.
    records = ((operation, _record(list(group))) for (operation, _), group in groups if operation in (CREATE, UPDATE))
    for operation, some in groupby(islice(records, limit), key=lambda item: item[0]):
        while part := [record for _, record in islice(some, IN_JOB)]:
            yield operation == CREATE, part


def _record(changes: Sequence[OutboxChange]) -> Record:
    """Return what is to become of one lead, of all its changes.

    Raises:
        UsageError: A change would empty a field, or names no lead: neither is ever sent.
    """
    values = {name: value for change in changes for name, value in change.values.items()}
    first = changes[0]
    is_create = first.operation == CREATE
    emptied = [name for name, value in values.items() if not value or value == EMPTIES]
    if emptied:
        raise UsageError(f"{', '.join(emptied)} would be emptied", first.lead_key, "Such a change is never sent.")
    if not (first.external_id if is_create else first.salesforce_id):
        raise UsageError("a change names no lead of Salesforce", first.lead_key, "It is not sent.")
    bases = [change.base_modified_at for change in changes if change.base_modified_at is not None]
    sent = {KEY: first.external_id or "", **values} if is_create else {}
    return Record(
        lead_key=first.lead_key,
        values={name: value for name, value in values.items() if name != KEY},
        parts=tuple(
            Part(change.outbox_key, change.field, json.dumps(sent, sort_keys=True) if is_create else change.new_value)
            for change in changes
        ),
        external_id=first.external_id if is_create else None,
        salesforce_id=None if is_create else first.salesforce_id,
        old={} if is_create else {change.field: change.old_value for change in changes},
        base=min(bases) if len(bases) == len(changes) else None,
    )


def _claimed_records(claims: Sequence[OutboxClaim]) -> list[Record]:
    """Return the records of claims: what was claimed says what was sent."""
    found = []
    for lead_key, group in groupby(sorted(claims, key=lambda claim: claim.lead_key), key=lambda claim: claim.lead_key):
        some = list(group)
        parts = tuple(Part(claim.outbox_key, claim.field, claim.value) for claim in some)
        if some[0].field == WHOLE:
            values = json.loads(some[0].value or "{}")
            found.append(Record(lead_key, values, parts, external_id=values.pop(KEY, lead_key)))
        else:
            told = {claim.field: claim.value or "" for claim in some}
            found.append(Record(lead_key, told, parts, salesforce_id=some[0].salesforce_id))
    return found


def _sent(record: Record, has_guard: bool) -> dict[str, str]:
    """Return the row of a record as it is sent, without its type."""
    if record.is_create:
        return {KEY: record.external_id or "", **record.values}
    if not has_guard:
        return record.values
    return {"Id": record.salesforce_id or "", **record.values, SEEN: _stamp(record.seen)}


def _csv(records: Sequence[Record]) -> bytes:
    """Return records as the file of a job. Where a record has no value for a column, Salesforce leaves it as it is."""
    first = KEY if records[0].is_create else "Id"
    names = sorted({name for record in records for name in record.values})
    head = [first, *names] if records[0].is_create else [first, *names, SEEN]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, head, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_sent(record, True) for record in records)
    return stream.getvalue().encode()


def _parts(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


# The ledger


def _claim(paths: DataPaths, batch: str, records: Iterable[Record]) -> None:
    """Write on the disk that records may have been sent from now on."""
    submit(paths, (_event(CLAIMED, batch, record, part) for record in records for part in record.parts))


def _submit(paths: DataPaths, batch: str | None, answers: Sequence[tuple[Record, Answer]]) -> Counter[str]:
    """Write what became of records, and return how many changes had which end."""
    if answers:
        submit(
            paths,
            (_event(answer.event, batch, record, part, answer) for record, answer in answers for part in record.parts),
        )
    return Counter(answer.event for record, answer in answers for _ in record.parts)


def _event(
    event: str, batch: str | None, record: Record, part: Part, answer: Answer | None = None
) -> OutboxEvent:  # fmt: skip
    return OutboxEvent(
        outbox_key=part.outbox_key,
        event=event,
        target=NAME,
        lead_key=record.lead_key,
        field=part.field,
        acted_by=SENDER,
        value=part.value,
        # As the project names leads: without the three signs that the API adds.
        salesforce_id=((answer.salesforce_id if answer else None) or record.salesforce_id or "")[:15] or None,
        batch_id=batch,
        is_retryable=answer.is_retryable if answer else False,
        message=answer.message if answer else None,
    )


# Salesforce's answers


def _refused(error: Mapping[str, Any]) -> Answer:
    """Return what a refusal of a row means."""
    code, words = str(error.get("statusCode") or ""), str(error.get("message") or "")
    message = f"{code}: {words}"
    if code in OF_PEOPLE or GUARD in words:
        return Answer(CONFLICT, message)
    match = None
    for result in (error.get("duplicateResult") or {}).get("matchResults", ()):
        for item in result.get("matchRecords", ()):
            match = match or item["record"].get("Id")
    if match is not None:
        message = f"{message} {match}"
    return Answer(REJECTED, message, is_retryable=code in PASSING, salesforce_id=match)


def _answer_of_created(row: Mapping[str, Any]) -> Answer:
    """Return what it means that a lead has the external id of a create."""
    if row["IsDeleted"]:
        return Answer(CONFLICT, "it was created before, and deleted in Salesforce", salesforce_id=row["Id"])
    return Answer(ACCEPTED, "Salesforce holds it already", salesforce_id=row["Id"])


def _holds(row: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    return all(_same(row.get(name), value) for name, value in values.items())


def _same(held: Any, value: str | None) -> bool:
    """Whether Salesforce holds a value, however it writes numbers and times."""
    told, wanted = _plain(held), (value or "").strip()
    if told == wanted:
        return True
    try:
        return float(told) == float(wanted)
    except ValueError:
        return bool(re.match(r"\d{4}-", told)) and told.replace(".000+0000", "Z") == wanted.replace(".000Z", "Z")


def _plain(held: Any) -> str:
    if held is None:
        return ""
    return str(held).lower() if isinstance(held, bool) else str(held).strip()


def _lists(keys: Sequence[str]) -> Iterator[str]:
    """Return keys as lists of SOQL, each short enough for an address."""
    listed: list[str] = []
    signs = 0
    for key in keys:
        literal = "'" + key.replace("\\", "\\\\").replace("'", "\\'") + "'"
        signs += len(quote(f"{literal}, "))
        if listed and signs > SIGNS_IN_QUERY:
            yield ", ".join(listed)
            listed, signs = [], len(quote(f"{literal}, "))
        listed.append(literal)
    if listed:
        yield ", ".join(listed)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _stamp(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else ""
