"""The state of the fake: rows, who changed what, rules, limits, and faults on demand."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fake_salesforce.fields import LEAD, OBJECTS, READ_ONLY, Field, deployed_fields, full_id
from fake_salesforce.soql import Query, Row, read_query, stamp

ORG_ID, INTEGRATION, PERSON = "00D000000000001EAA", "005000000000001AAA", "005000000000002AAA"
EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
SEEN = "Lead_Enrichment_Seen__c"
MOST_ROWS = 200


@dataclass(frozen=True)
class Refusal:
    """Why a row was not written.

    Args:
        code: Salesforce's status code.
        message: Its sentence.
        fields: The fields that it is about.
        matches: The rows that a duplicate rule found.
    """

    code: str
    message: str
    fields: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it as the results of a bulk job have it."""
        return f"{self.code}:{self.message}:{', '.join(self.fields)} --"


@dataclass(frozen=True)
class Written:
    """What became of a row: its id and whether it is new, or why not."""

    row_id: str | None
    is_created: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Entry:
    """A line of the log: who did what to which row; values before and after, by field."""

    number: int
    at: str
    user: str
    what: str
    row_id: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass
class Fault:
    """What goes wrong, on demand.

    Args:
        kind: `unavailable` (503), `expired` (the session), `cut` (before the work), `cut_after` (the work is done, the
            answer is lost), `locked` (a row), `refused` (a row, for good), `job_fails` (in the middle of a job).
        share: How likely, at each request, row or job.
        times: How often at most; without end by default.
        on: What of the address it meets, as a pattern, with the method in front: `POST .*/jobs/ingest`.
    """

    kind: str
    share: float = 1.0
    times: int = 1 << 30
    on: str = ".*"


@dataclass
class Org:
    """An organization.

    Args:
        seed: Of the faults.
        settings: Folder of metadata files that are deployed.
        clock: Tells the time; a test may set it.
    """

    seed: int = 0
    settings: Path | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    leads: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    most_requests: int = 100_000
    token_seconds: float = 7200.0
    # Whether leads of one e-mail and one company are refused as duplicates.
    has_duplicate_rule: bool = True
    has_guard: bool = False

    def __post_init__(self) -> None:
        fields = [*LEAD]
        if self.settings is not None:
            fields += deployed_fields(self.settings)
            rules = self.settings / "objects" / "Lead" / "validationRules"
            self.has_guard = any("PRIORVALUE(LastModifiedDate)" in path.read_text() for path in rules.glob("*.xml"))
        self.objects: dict[str, dict[str, Field]] = {
            "Lead": {item.name: item for item in fields},
            **{name: {item.name: item for item in items} for name, items in OBJECTS.items()},
        }
        self.names = {name: {item.lower(): item for item in items} for name, items in self.objects.items()}
        self.dice = random.Random(self.seed)
        self.by_external: dict[tuple[str, str], str] = {}
        # Those of deleted leads too.
        self.ever_external: dict[tuple[str, str], set[str]] = {}
        self.by_email: dict[str, set[str]] = {}
        self.used = 0
        self.rows_of = {
            "Organization": [{"Id": ORG_ID, "Name": "Fake", "InstanceName": "NA1", "OrganizationType": "Developer",
                              "NamespacePrefix": None, "IsSandbox": True, "TrialExpirationDate": None}],
            "User": [{"Id": INTEGRATION, "Username": "integration@example.com", "Name": "Integration",
                      "Email": "integration@example.com"},
                     {"Id": PERSON, "Username": "person@example.com", "Name": "A Person",
                      "Email": "person@example.com"}],
        }  # fmt: skip

    # Time and faults

    def now(self) -> str:
        """Return the time as rows keep it: to the second."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def meets(self, kind: str, on: str = "") -> bool:
        """Whether a fault of a kind comes about now."""
        for fault in self.faults:
            if fault.kind == kind and fault.times > 0 and re.match(fault.on, on) and self.dice.random() < fault.share:
                fault.times -= 1
                return True
        return False

    # Writing

    def write(
        self, values: Mapping[str, Any], user: str, row_id: str | None = None, unless_changed_since: str | None = None
    ) -> Written:
        """Write a row: an existing one by its id, else a new one. A value of None empties a field."""
        spelled, known = {}, self.names["Lead"]
        for name, value in values.items():
            if name.lower() not in known:
                text = f"No such column '{name}' on sobject of type Lead"
                return Written(row_id, refusal=Refusal("INVALID_FIELD", text))
            spelled[known[name.lower()]] = value
        if self.is_of_client(user) and self.meets("locked"):
            text = "unable to obtain exclusive access to this record or 1 records: 00Q000000000000"
            return Written(row_id, refusal=Refusal("UNABLE_TO_LOCK_ROW", text))
        if self.is_of_client(user) and self.meets("refused"):
            text = "You can't change this lead."
            return Written(row_id, refusal=Refusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", text))
        before: dict[str, Any] | None = None
        if row_id is not None:
            row_id = full_id(row_id)
            before = self.leads.get(row_id)
            if before is None:
                return Written(row_id, refusal=Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
            if before["IsDeleted"]:
                return Written(row_id, refusal=Refusal("ENTITY_IS_DELETED", "entity is deleted"))
            if before["IsConverted"] and self.is_of_client(user):
                text = "cannot reference converted lead"
                return Written(row_id, refusal=Refusal("CANNOT_UPDATE_CONVERTED_LEAD", text))
        refusal = self._refusal(spelled, before, user)
        if refusal:
            return Written(row_id, refusal=refusal)
        now = self.now()
        if before is None:
            row_id = full_id(f"00QF{len(self.leads):011d}")
            row: dict[str, Any] = dict.fromkeys(self.objects["Lead"])
            row |= {"Id": row_id, "IsDeleted": False, "IsConverted": False, "Status": "New", "OwnerId": user,
                    "CreatedDate": now, "CreatedById": user}  # fmt: skip
        else:
            row = before
        changes = {name: (row.get(name), value) for name, value in spelled.items() if row.get(name) != value}
        self._unlist(row)
        row |= spelled
        row["Name"] = " ".join(filter(None, (row["FirstName"], row["LastName"])))
        row |= {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
        assert row_id is not None
        self.leads[row_id] = row
        self._list(row)
        self._note(user, "create" if before is None else "update", row_id, changes)
        return Written(row_id, is_created=before is None)

    def upsert(self, field_name: str, key: str, values: Mapping[str, Any], user: str) -> Written:
        """Write the row that has a value of an external id; a new one where none has."""
        found = self.by_external.get((field_name, key.lower()))
        return self.write({**values, field_name: key}, user, found)

    def delete(self, row_id: str, user: str) -> Written:
        """Put a row into the recycle bin."""
        row = self.leads.get(full_id(row_id))
        if row is None:
            return Written(row_id, refusal=Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        if row["IsDeleted"]:
            return Written(row_id, refusal=Refusal("ENTITY_IS_DELETED", "entity is deleted"))
        self._unlist(row)
        row |= {"IsDeleted": True, "SystemModstamp": self.now()}
        self._note(user, "delete", row["Id"], {})
        return Written(row["Id"])

    def merge(self, master_id: str, loser_id: str, user: str) -> None:
        """Merge a lead into another, which keeps its own values."""
        loser = self.leads[full_id(loser_id)]
        self.delete(loser["Id"], user)
        loser["MasterRecordId"] = full_id(master_id)
        master, now = self.leads[full_id(master_id)], self.now()
        master |= {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
        self._note(user, "merge", master["Id"], {})

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put rows in as they are, as an org has them from before."""
        for values in rows:
            row: dict[str, Any] = {**dict.fromkeys(self.objects["Lead"]), "IsDeleted": False, "IsConverted": False}
            row |= {"CreatedById": PERSON, "LastModifiedById": PERSON, "OwnerId": PERSON, **values}
            row["Id"] = full_id(row["Id"])
            row["SystemModstamp"] = row["SystemModstamp"] or row["LastModifiedDate"]
            self.leads[row["Id"]] = row
            if not row["IsDeleted"]:
                self._list(row)

    def is_of_client(self, user: str) -> bool:
        """Whether a write comes through the API and not from a person."""
        return user == INTEGRATION

    def _refusal(self, values: Mapping[str, Any], before: Row | None, user: str) -> Refusal | None:
        """Return what Salesforce has against a write; None where nothing."""
        fields = self.objects["Lead"]
        for name, value in values.items():
            item = fields[name]
            if name in READ_ONLY and name != "Id":
                text = f"Unable to create/update fields: {name}. Please check the security settings of this field."
                return Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", text, (name,))
            if value is None:
                continue
            if item.length and len(str(value)) > item.length:
                text = f"{name}: data value too large: {value} (max length={item.length})"
                return Refusal("STRING_TOO_LONG", text, (name,))
            if item.kind == "email" and not EMAIL.fullmatch(str(value)):
                return Refusal("INVALID_EMAIL_ADDRESS", f"{name}: invalid email address: {value}", (name,))
            if item.is_external_id:
                holder = self.by_external.get((name, str(value).lower()))
                if holder and (before is None or holder != before["Id"]):
                    text = f"duplicate value found: {name} duplicates value on record with id: {holder}"
                    return Refusal("DUPLICATE_VALUE", text, (name,))
        after = {**(before or {}), **values}
        missing = [item.name for item in fields.values() if item.is_required and not after.get(item.name)]
        if missing:
            text = f"Required fields are missing: [{', '.join(missing)}]"
            return Refusal("REQUIRED_FIELD_MISSING", text, tuple(missing))
        # The validation rule under docs/salesforce: a change since the sender looked is kept.
        is_guarded = self.has_guard and before is not None and values.get(SEEN) not in (None, before.get(SEEN))
        if is_guarded and before is not None and before["LastModifiedDate"] > stamp(str(values[SEEN])):
            return Refusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Lead enrichment: changed since it was read.")
        if self.has_duplicate_rule and before is None and after.get("Email"):
            same = [
                other for other in sorted(self.by_email.get(after["Email"].lower(), ()))
                if str(self.leads[other]["Company"]).lower() == str(after["Company"]).lower()
            ]  # fmt: skip
            if same:
                return Refusal("DUPLICATES_DETECTED", "Use one of these records?", matches=tuple(same))
        return None

    def _list(self, row: Row) -> None:
        for item in self.objects["Lead"].values():
            if item.is_external_id and row.get(item.name):
                key = item.name, str(row[item.name]).lower()
                self.by_external[key] = row["Id"]
                self.ever_external.setdefault(key, set()).add(row["Id"])
        if row["Email"]:
            self.by_email.setdefault(row["Email"].lower(), set()).add(row["Id"])

    def _unlist(self, row: Row) -> None:
        for item in self.objects["Lead"].values():
            if item.is_external_id and row.get(item.name):
                self.by_external.pop((item.name, str(row[item.name]).lower()), None)
        if row.get("Email"):
            self.by_email.get(row["Email"].lower(), set()).discard(row["Id"])

    def _note(self, user: str, what: str, row_id: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
        self.log.append(Entry(len(self.log), self.now(), user, what, row_id, changes))

    # Reading

    def query(self, text: str, with_deleted: bool = False) -> tuple[Query, list[Row]]:
        """Return a query and the rows that it finds.

        Raises:
            SoqlError: It is none.
        """
        query = read_query(text, self.names)
        if query.object_name != "Lead":
            return query, query.run(self.rows_of[query.object_name])
        rows: Iterable[Row] = self.leads.values()
        if "Id" in query.keys:
            query_ids = [full_id(str(value)) for value in query.keys["Id"]]
            rows = [self.leads[value] for value in query_ids if value in self.leads]
            query.test = _with_full_ids(query.test, {str(value): full_id(str(value)) for value in query.keys["Id"]})
        for name in query.keys:
            if self.objects["Lead"][name].is_external_id:
                keys = [(name, str(value).lower()) for value in query.keys[name]]
                rows = [self.leads[row_id] for key in keys for row_id in sorted(self.ever_external.get(key, ()))]
        return query, query.run(row for row in rows if with_deleted or not row["IsDeleted"])


def _with_full_ids(test: Callable[[Row], bool], ids: Mapping[str, str]) -> Callable[[Row], bool]:
    """Let a test hold for ids of 15 signs too."""
    short = {full: text for text, full in ids.items()}
    return lambda row: test(row) or test({**row, "Id": short.get(row["Id"], row["Id"])})
