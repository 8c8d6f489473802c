"""A small world of leads that changes at random, and the tables that follow from it, built by the change.

The models are the project's own, run on DuckDB without SQLMesh: a build takes a tenth of a second. What SQLMesh adds,
which models it builds and when, is tested where it runs itself; see test_replaced_by_key.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

from lead_enrichment.quality.compiled import positions
from lead_enrichment.quality.rules import rules
from lead_enrichment.sqlmesh_internals import EngineLessContext
from lead_enrichment.warehouse.change_log import ChangeLog, short_name
from lead_enrichment.warehouse.replaced_by_key import KeyedTable, Reading, is_replaced_by_key, logged_columns, whole

VERSION, DELIVERED = "intermediate.int_lead_version", "staging.stg_salesforce_lead"
DECISION, ANSWER = "staging.stg_match_decision", "staging.stg_acknowledgement"
DELIVERY, ROW_OUTCOME = "intermediate.int_delivery", "quality.row_outcome"
STATUS_CHANGE = "facts.fact_match_status_change"
BASE = (VERSION, DELIVERED, DECISION, ANSWER, DELIVERY, ROW_OUTCOME, STATUS_CHANGE, "dims.dim_geography")
FIRST_DAY = datetime(2026, 9, 1, tzinfo=UTC)
# Few values, so that leads share them, and some too many leads.
NAMES = (
    "SUNNY KIDS", "SUNNY KIDS ACADEMY", "LITTLE STARS", "LITTLE STARS 2", "TINY TOWN", "BRIGHT FUTURE LEARNING",
    "ABC PRESCHOOL", "ANN ONEIL",
)  # fmt: skip
PEOPLE = ("ANN ONEIL", "JOSE RUIZ", "MARY LEE", None)
STREETS = ("MAIN ST", "OAK AVE", "N ELM ST", "LAMON", None)
PLACES = (
    ("RENO", "NV", "89501"),
    ("LAS VEGAS", "NV", "89101"),
    ("WACO", "TX", "76701"),
    (None, "TX", None),
    (None,) * 3,
)
# Two of them are shared now by too many, now by few enough.
PHONES = (*("+17025550100", "+17025550101") * 4, *(f"+170255501{number:02}" for number in range(2, 14)))
EMAILS = (*(f"site{number}@sunny.com" for number in range(5)), "ann@gmail.com", "office@stars.org", None)
# Of about half a dozen leads of the CRM: a rule of quality takes five, and no more.
OFFICE_PHONE, OFFICE_EMAIL = "+17025550199", "office@sunny.com"
DOMAINS = ("sunny.com", "stars.org", None, None)
SOURCES = ("salesforce", "salesforce", "salesforce", "nevada", "texas")
# What is said of a change, one after the other.
SAID = (
    ("claimed",), ("claimed", "accepted"), ("claimed", "accepted"), ("claimed", "rejected"), ("claimed", "conflict"),
    ("abandoned",), ("withdrawn",), ("released",), ("approved",),
)  # fmt: skip
ANSWERS = (None, "UNABLE_TO_LOCK_ROW", "DUPLICATES_DETECTED: use one of these")
DECISIONS = ("same", "different", "sister_site", "unsure")
STATUSES = ("known", "net_new", "to_review", "duplicate")
FINAL_RULES = {rule.rule for rule in rules() if rule.level == "final"}
# As many letters as there are rules of the levels source and staging.
ROW_LETTERS = max((place for name, place in positions(rules()).items() if name not in FINAL_RULES), default=0)


class Failed(Exception):
    """A build that stops half-way."""


class _Reader(EngineLessContext):
    """What a Python model asks its context, answered by DuckDB."""

    cursor: duckdb.DuckDBPyConnection

    def fetchdf(self, query: exp.Expr | str, *_: Any, **__: Any) -> pd.DataFrame:
        return self.cursor.execute(query if isinstance(query, str) else query.sql(dialect="duckdb")).df()


@dataclass
class World:
    """The leads, and the tables that are kept by the change.

    Args:
        context: The project.
        seed: Of the dice.
    """

    context: Context
    seed: int
    dice: random.Random = field(init=False)
    day: int = 0
    files: int = 0
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.cursor = duckdb.connect()
        self.cursor.execute("ATTACH ':memory:' AS leads; USE leads; SET TimeZone = 'UTC'; SET threads = 1")
        models = {model.name: model for model in self.context.models.values()}
        ordered = [self.context.models[name].name for name in self.context.dag.sorted if name in self.context.models]
        kept = {name for name, model in models.items() if is_replaced_by_key(model)}
        # What they read and is computed from them.
        between = {
            "dims.dim_lead_status", "dims.dim_source", "intermediate.int_match_size", "intermediate.int_match_cluster",
            "quality.rule",
        }  # fmt: skip
        self.chain = [models[name] for name in ordered if name in kept | between]
        for schema in ("intermediate", "staging", "dims", "facts", "marts", "outbox", "quality", "seeds"):
            self.cursor.execute(f"CREATE SCHEMA {schema}")
        for name in BASE:
            self._create(models[name])
        for name, model in models.items():
            if model.kind.is_seed:
                self._create(model)
                for rows in model.render(context=self.context):  # type: ignore[arg-type]
                    self._fill(name, rows)
        self.log = ChangeLog(self.cursor)
        queries = {model.name: model.render_query_or_raise() for model in self.chain if model.is_sql}
        self.wholes = {name: whole(query).sql(dialect="duckdb") for name, query in queries.items()}
        self.read = {
            name: {short_name(table) for table in query.find_all(exp.Table) if table.db}
            for name, query in queries.items()
        }
        self.tables = {
            model.name: KeyedTable(
                name=model.name,
                columns=[column for column, _ in _columns(model)],
                logged=logged_columns(model),
                touched_by=model.kind.touched_by,  # type: ignore[union-attr]
                query=queries[model.name],
            )
            for model in self.chain
            if is_replaced_by_key(model)
        }
        self.narrowed = self.built_whole = 0

    def change(self, change: Callable[[], str]) -> None:
        """Let the world change, with what the build log knows of it."""
        logged = {
            VERSION: ["lead_key"],
            DELIVERED: ["lead_key"],
            ANSWER: ["lead_key"],
            ROW_OUTCOME: ["file_id", "row_number", "lead_key"],
            STATUS_CHANGE: ["lead_key", "changed_at"],
        }
        for table, columns in logged.items():
            self.log.keep_rows(table, columns, "TRUE")
        self.told.append(change())
        for table, columns in logged.items():
            self.log.add_difference(table, columns, "TRUE")

    def build(self, until: int | None = None, fails_at: int | None = None) -> None:
        """Build what follows.

        Args:
            until: Models to build, from the first; all where it is left out. The others catch up later, as those of an
                environment do that nobody has built for days.
            fails_at: The place of a model whose build stops half-way.
        """
        for place, model in enumerate(self.chain[:until]):
            self.cursor.execute("BEGIN")
            try:
                self._build(model)
                if place == fails_at:
                    raise Failed
                self.cursor.execute("COMMIT")
            except Failed:
                self.cursor.execute("ROLLBACK")
                self.told.append(f"{model.name} failed")
                return

    def _build(self, model: Model) -> None:
        name, exists = model.name, self._exists(model.name)
        if not is_replaced_by_key(model):
            if model.is_sql:
                self.cursor.execute(f"CREATE OR REPLACE TABLE {name} AS {self.wholes[name]}")
                return
            reader = _Reader(self.context, model)
            reader.cursor = self.cursor
            self._create(model)
            for rows in model.render(context=reader):  # type: ignore[arg-type]
                self._fill(name, rows)
            return
        table = self.tables[name]
        reading = Reading(self.log, {read: {read: self._identity(read)} for read in self.read[name]}, may_narrow=True)
        identities = reading.identities(table.query)
        if exists and identities == {read: identity for read, (identity, _) in self.log.read(name).items()}:
            return
        if exists and table.renew(self.cursor, reading):
            self.narrowed += 1
        else:
            self.built_whole += 1
            self.cursor.execute(f"CREATE OR REPLACE TABLE {name} AS {self.wholes[name]}")
            self.log.built_whole(name)
        self.log.was_read(name, identities)

    def _create(self, model: Model) -> None:
        columns = ", ".join(f'"{column}" {kind.sql("duckdb")}' for column, kind in _columns(model))
        self.cursor.execute(f"CREATE OR REPLACE TABLE {model.name} ({columns})")

    def _fill(self, table: str, rows: pd.DataFrame) -> None:
        self.cursor.register("rows_to_fill", rows)
        self.cursor.execute(f"INSERT INTO {table} BY NAME FROM rows_to_fill")
        self.cursor.unregister("rows_to_fill")

    def _exists(self, name: str) -> bool:
        return self._one(f"SELECT COUNT(*) FROM duckdb_tables() WHERE schema_name || '.' || table_name = '{name}'") > 0

    def _identity(self, table: str) -> str:
        newest = self.log.newest(table)
        if newest:
            return f"change {newest}"
        return "rows {} {}".format(
            *self.cursor.execute(
                f"SELECT COUNT(*), COALESCE(SUM(HASH(whole_row)), 0) FROM {table} AS whole_row"
            ).fetchone()
            or ()
        )

    def differences(self) -> Iterator[str]:
        """Return each table that is not what a full build gives."""
        for model in self.chain:
            if not model.is_sql:
                continue
            self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE full_build AS {self.wholes[model.name]}")
            extra = self.cursor.execute(f"FROM {model.name} EXCEPT ALL FROM full_build").fetchall()
            missing = self.cursor.execute(f"FROM full_build EXCEPT ALL FROM {model.name}").fetchall()
            if extra or missing:
                yield f"{model.name}: has {extra[:2]}, and not {missing[:2]}"

    def _one(self, question: str) -> Any:
        found = self.cursor.execute(question).fetchone()
        return found[0] if found else None

    # What may happen.

    def deliver(self) -> str:
        """Leads come, and known ones come with another content."""
        self._delivery(1)
        keys = {*self.dice.choices(range(1, 36), k=self.dice.choice((1, 1, 2, 4)))}
        for number in keys:
            self._version(f"{SOURCES[number % len(SOURCES)]}:{number}", is_listed=True)
        return f"day {self.day}: {len(keys)} delivered"

    def begin(self) -> str:
        """The first delivery: half of the leads."""
        self._delivery(0)
        for number in range(1, 26):
            self._version(f"{SOURCES[number % len(SOURCES)]}:{number}", is_listed=True)
        return "first delivery"

    def delist(self) -> str:
        """A lead is no longer listed, or deleted."""
        self._delivery(1)
        key = self._known()
        if key:
            self._version(key, is_listed=key.startswith("salesforce"), is_deleted=key.startswith("salesforce"))
        return f"day {self.day}: {key} gone"

    def wait(self) -> str:
        """Days pass, after which nothing is delivered that changes a lead."""
        self._delivery(self.dice.choice((1, 2, 5, 9, 40)))
        return f"day {self.day}"

    def withdraw(self) -> str:
        """The newest deliveries turn out to be none: it is an earlier day again."""
        self.day = max(self.day - self.dice.choice((1, 2, 9)), 0)
        newest = FIRST_DAY + timedelta(days=self.day)
        self.cursor.execute(f"DELETE FROM {DELIVERY} WHERE received_on > ?", [newest.date()])
        return f"back to day {self.day} or before"

    def judge_again(self) -> str:
        """The rules find something else in rows that are there."""
        self.cursor.execute(
            f"UPDATE {ROW_OUTCOME} SET outcomes = ?, failures = ? WHERE HASH(lead_key) % 5 = ?",
            [self._letters(), f"failure {self.dice.random()}", self.dice.randrange(5)],
        )
        return "rows judged again"

    def match_again(self) -> str:
        """A run finds another status, on the day of the newest delivery or after it."""
        key = self._known()
        if key:
            changed_at = datetime.fromisoformat(self._now()) + timedelta(days=self.dice.randrange(4))
            status = {"lead_key": key, "match_status": self.dice.choice(STATUSES), "changed_at": changed_at.isoformat()}
            self._insert(STATUS_CHANGE, status | {"changed_on": str(changed_at.date())})
        return f"{key} matched again"

    def decide(self) -> str:
        """A steward judges a pair, or judges it again."""
        left, right = sorted(filter(None, (self._known(), self._known())))[:2] or ("", "")
        if left != right:
            decision = self.dice.choice(DECISIONS)
            self.cursor.execute(
                f"INSERT INTO {DECISION} BY NAME SELECT ? AS left_lead_key, ? AS right_lead_key, ? AS decision, "
                "'ann' AS decided_by, ?::TIMESTAMPTZ AS decided_at, ?::TIMESTAMPTZ AS received_at, ? AS file_id, "
                "1 AS row_number",
                [left, right, decision, self._now(), self._now(), f"decision {self.dice.random()}"],
            )
            return f"{left} and {right}: {decision}"
        return "nothing decided"

    def weigh(self) -> str:
        """A weight of the matching changes."""
        self.cursor.execute(
            "UPDATE seeds.match_weight SET match_weight = match_weight + ? WHERE level = ?",
            [self.dice.choice((-1.0, 0.5)), self.dice.choice(("exact", "same_words", "different", "nearly_same"))],
        )
        return "a weight changed"

    def restate(self) -> str:
        """An older day comes out otherwise: some of its versions are no more, or say something else."""
        day = FIRST_DAY + timedelta(days=self.dice.randint(0, max(self.day, 0)))
        if self.dice.random() < 0.5:
            for table in (VERSION, DELIVERED):
                self.cursor.execute(
                    f"DELETE FROM {table} WHERE received_on = ? AND HASH(lead_key) % 3 = 0", [day.date()]
                )
        else:
            self.cursor.execute(
                f"UPDATE {VERSION} SET phone_e164 = ?, content_hash = 'restated' "
                "WHERE received_on = ? AND HASH(lead_key) % 3 = 1",
                [self.dice.choice(PHONES), day.date()],
            )
        return f"{day:%m-%d} restated"

    def answer(self) -> str:
        """A change is sent, answered, approved or withdrawn, or a field released; or what was said is taken back."""
        if self.dice.random() < 0.1:
            self.cursor.execute(f"DELETE FROM {ANSWER} WHERE HASH(file_id) % 5 = ?", [self.dice.randrange(5)])
            return "answers withdrawn"
        change = self._proposed()
        if change is None:
            return "nothing answered"
        outbox_key, lead_key, name, value = change
        for event in self.dice.choice(SAID):
            row = {
                "outbox_key": outbox_key, "event": event, "target": "salesforce", "field": name, "value": value,
                # Somebody may take one lead for another.
                "lead_key": self._known() if self.dice.random() < 0.1 else lead_key,
                "salesforce_id": self._record() if name == "*" and event != "claimed" else None,
                "is_retryable": self.dice.random() < 0.5, "message": self.dice.choice(ANSWERS), "acted_by": "ann",
                "acted_at": self._now(), "received_at": self._now(), "file_id": f"answer {self.dice.random()}",
                "row_number": 1,
            }  # fmt: skip
            self._insert(ANSWER, row)
        return f"{lead_key}, {name}: {event}"

    def approve(self) -> str:
        """A person lets pass what is too much at once, or most of it."""
        if not self._exists("outbox.change"):
            return "nothing approved"
        self.cursor.execute(
            f"INSERT INTO {ANSWER} BY NAME SELECT outbox_key, 'approved' AS event, target, lead_key, field, "
            "'ann' AS acted_by, ?::TIMESTAMPTZ AS acted_at, ?::TIMESTAMPTZ AS received_at, ? AS file_id, "
            "ROW_NUMBER() OVER () AS row_number FROM outbox.change WHERE is_over_limit AND HASH(outbox_key) % 4 > 0",
            [self._now(), self._now(), f"approval {self.dice.random()}"],
        )
        return "approved what waits"

    def _proposed(self) -> tuple[str, str, str, str] | None:
        """Return key, lead, field and value of some change of the outbox."""
        if not self._exists("outbox.change"):
            return None
        found: tuple[str, str, str, str] | None = self.cursor.execute(
            "SELECT outbox_key, lead_key, field, new_value FROM outbox.change WHERE operation <> 'merge' "
            f"ORDER BY HASH(outbox_key || '{self.dice.random()}') LIMIT 1"
        ).fetchone()
        return found

    def _record(self) -> str | None:
        """Return the id of some record of Salesforce; None where none is told."""
        found = self._one(
            f"SELECT natural_id FROM {VERSION} WHERE source_key = 'salesforce' "
            f"ORDER BY HASH(lead_key || '{self.dice.random()}') LIMIT 1"
        )
        return found if self.dice.random() < 0.8 else None

    def _known(self) -> str | None:
        return self._one(f"SELECT lead_key FROM {VERSION} ORDER BY HASH(lead_key || '{self.dice.random()}') LIMIT 1")

    def _now(self) -> str:
        return (FIRST_DAY + timedelta(days=self.day, seconds=self.dice.randint(0, 80_000))).isoformat()

    def _delivery(self, days: int) -> None:
        """Something is delivered, some days after the delivery before."""
        self.day += days
        self.files += 1
        received_on = (FIRST_DAY + timedelta(days=self.day)).date()
        self._insert(DELIVERY, {"is_effective": True, "received_on": str(received_on)})

    def _letters(self) -> str:
        return "".join(self.dice.choices("ppf-e", k=ROW_LETTERS))

    def _day_around(self, days: int) -> str:
        """Return a day so that some days less, or more, before the world's days come to pass."""
        return str((FIRST_DAY + timedelta(days=self.day - days + self.dice.randint(-3, 30))).date())

    def _version(self, key: str, is_listed: bool, is_deleted: bool = False) -> None:
        source, _, number = key.partition(":")
        pick = self.dice.choice
        name, person, (city, state, postal_code) = pick(NAMES), pick(PEOPLE), pick(PLACES)
        is_crm = source == "salesforce"
        phone = pick((*PHONES, None, *(OFFICE_PHONE,) * (9 if is_crm else 0)))
        email = pick((*EMAILS, *(OFFICE_EMAIL,) * (4 if is_crm else 0)))
        row = {
            "lead_key": key, "source_key": source, "natural_id": number, "name": name.title(), "name_normal": name,
            "legal_name": name.title(), "name_type": "person" if name == "ANN ONEIL" else "business",
            "contact_name": person, "phone_e164": phone, "mobile_e164": pick((*PHONES[:3], None, None)),
            "email": email, "website_domain": pick(DOMAINS), "house_number": pick(("1", "2", "12")),
            "street": pick(STREETS), "unit": pick(("STE 4", None)), "city": city,
            "state": {"nevada": "NV", "texas": "TX"}.get(source, state), "postal_code": postal_code,
            "license_number": None if is_crm else pick(("1", "2", number)),
            "license_type": None if is_crm else "center",
            "capacity": pick((None, 20, 60)), "lead_status": pick(("Open", "Working", "Recycled")) if is_crm else None,
            "is_deleted": is_deleted, "is_listed": is_listed, "received_at": self._now(),
            "file_id": f"file {self.files}",
            "source_modified_at": self._now() if is_crm else None, "row_number": int(number),
            "is_converted": pick((True, False, False, False, None)) if is_crm else None,
            "license_issued_on": None if is_crm else pick(("2020-01-01", *map(self._day_around, (0, 183, 730)))),
            "license_expires_on": None if is_crm else self._day_around(pick((0, -60))),
            "source_created_at": self._day_around(30) if is_crm else None,
            "last_activity_on": pick((self._day_around(31), self._day_around(366), None)) if is_crm else None,
            "lead_source_updated_on": pick((self._day_around(731), None)) if is_crm else None,
            "content_hash": f"content {self.dice.random()}",
            "lead_version_key": f"version {self.dice.random()}",
        }  # fmt: skip
        row["received_on"] = str(row["received_at"])[:10]
        self._insert(VERSION, row)
        self._insert(
            ROW_OUTCOME,
            {name: row[name] for name in ("file_id", "row_number", "lead_key", "source_key", "received_on")}
            | {"outcomes": self._letters(), "failures": self.dice.choice(("", f"failure {self.dice.random()}"))},
        )
        if is_crm:
            self._insert(
                DELIVERED, {name: value for name, value in row.items() if name not in ("is_listed", "lead_version_key")}
            )

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        columns = ", ".join(f"? AS {name}" for name in row)
        self.cursor.execute(f"INSERT INTO {table} BY NAME SELECT {columns}", [*row.values()])


def _columns(model: Model) -> list[tuple[str, exp.DataType]]:
    return [*model.columns_to_types_or_raise.items()]
