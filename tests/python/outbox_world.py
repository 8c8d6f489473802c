"""A small world for the models of the outbox, without a plan: registries, a CRM, and what is said of sends.

The tables that the models read are written as a run would leave them, and the queries of the models run on DuckDB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from conftest import ROOT
from lead_enrichment.outbox.fields import SHOWN_FIELDS
from lead_enrichment.outbox.ledger import HEADER
from lead_enrichment.paths import DataPaths
from lead_enrichment.sqlmesh_internals import query_of_file
from lead_enrichment.warehouse.connection import connect

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MACROS = (*sorted(Path("macros/outbox").glob("crm_*.py")), Path("macros/sql/is_touched.py"))
LIMITS = {
    "outbox_max_creates": 500,
    "outbox_max_changed_share": 1.0,
    "outbox_min_changed_leads": 100,
    "outbox_max_attempts": 3,
}
# By field: how the column of a lead that is compared is named.
COLUMN_OF = {
    "Phone": "phone_raw", "MobilePhone": "mobile_raw", "Email": "email_raw", "Website": "website_raw",
    "Street": "address_raw", "City": "city", "State": "state_raw", "PostalCode": "postal_code_raw",
    "Capacity__c": "capacity",
}  # fmt: skip
GOLDEN_OF = {
    "Phone": "phone_e164", "MobilePhone": "mobile_e164", "Email": "email", "Website": "website_domain",
    "Street": "street", "City": "city", "State": "state", "PostalCode": "postal_code", "Capacity__c": "capacity",
}  # fmt: skip
TEXTS = (
    "phone_raw", "phone_e164", "mobile_raw", "mobile_e164", "email_raw", "email", "website_raw", "website_domain",
    "house_number", "street", "unit", "address_raw", "city", "state_raw", "state", "postal_code_raw", "postal_code",
    "unparsed",
)  # fmt: skip
FIELDS = ", ".join(f"{name} TEXT" for name in TEXTS) + ", capacity INT"
TABLES = {
    "staging.stg_salesforce_lead": f"lead_key TEXT, file_id TEXT, row_number BIGINT, received_at TIMESTAMPTZ, "
    f"source_modified_at TIMESTAMPTZ, {FIELDS}",
    "intermediate.int_lead_current": f"lead_key TEXT, natural_id TEXT, source_key TEXT, lead_version_key TEXT, "
    f"is_live BOOLEAN, is_converted BOOLEAN, {FIELDS}",
    "intermediate.int_entity": "lead_key TEXT, entity_key TEXT",
    "facts.fact_enriched_lead": f"entity_key TEXT, salesforce_lead_key TEXT, state_lead_key TEXT, match_status TEXT, "
    f"confidence DOUBLE, reason TEXT, sources INT, name TEXT, contact_name TEXT, contact_role TEXT, "
    f"license_status TEXT, {FIELDS}",
    "facts.fact_enriched_attribute": "entity_key TEXT, attribute TEXT, lead_key TEXT, rule TEXT, reason TEXT, "
    "as_of TIMESTAMPTZ",
    "facts.fact_lead_match": "lead_key TEXT, is_crm BOOLEAN, entity_key TEXT, confidence DOUBLE, "
    "lead_version_key TEXT, is_duplicate_in_salesforce BOOLEAN, duplicate_of_lead_key TEXT, reason TEXT",
    "staging.stg_acknowledgement": ", ".join(
        f"{name} {dict(is_retryable='BOOLEAN', acted_at='TIMESTAMPTZ').get(name, 'TEXT')}" for name in HEADER
    )
    + ", problem TEXT, file_id TEXT, row_number BIGINT, received_at TIMESTAMPTZ",
}
MODELS = ("acknowledgement", "human_edit", "proposed_change", "change_limit", "change")


@cache
def model_query(name: str, limits: tuple[tuple[str, float], ...]) -> str:
    """Return the query of a model of the outbox."""
    path = Path(f"models/outbox/{name}.sql")
    return query_of_file(path, MACROS, ("1970-01-01", "2999-12-31"), dict(limits))


@dataclass
class World:
    """What is known, as tables; `run` builds the models from it.

    Args:
        limits: Variables of config.yaml.
        policies: Policies by field that differ from the seed's: policy, days.
    """

    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))
    policies: dict[str, tuple[str, int]] = field(default_factory=dict)
    connection: duckdb.DuckDBPyConnection = field(default_factory=connect)

    def __post_init__(self) -> None:
        """Make the tables, all empty."""
        for schema in ("staging", "intermediate", "facts", "seeds", "outbox"):
            self.connection.execute(f"CREATE SCHEMA {schema}")
        for name, columns in TABLES.items():
            self.connection.execute(f"CREATE TABLE {name} ({columns})")
        self.connection.execute(
            "CREATE TABLE seeds.outbox_policy AS SELECT * REPLACE (older_than_days::INT AS older_than_days) "
            f"FROM READ_CSV('{ROOT / 'seeds' / 'outbox_policy.csv'}')"
        )
        for name, (policy, days) in self.policies.items():
            self.connection.execute(
                "UPDATE seeds.outbox_policy SET policy = ?, older_than_days = ? WHERE field = ?", [policy, days, name]
            )

    def add(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Add rows to a table; what they leave out is NULL."""
        found = list(rows)
        if found:
            names = sorted({name for row in found for name in row})
            self.connection.register("given", pa.table({name: [row.get(name) for row in found] for name in names}))
            self.connection.execute(f"INSERT INTO {table} BY NAME FROM given")
            self.connection.unregister("given")

    def replace(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Let a table hold these rows and no others."""
        self.connection.execute(f"DELETE FROM {table}")
        self.add(table, rows)

    def run(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Build the models, and return the changes by lead and field."""
        for name in MODELS:
            query = model_query(name, tuple(sorted(self.limits.items())))
            self.connection.execute(f"CREATE OR REPLACE TABLE outbox.{name} AS {query}")
        found = self.connection.execute("FROM outbox.change").to_arrow_table().to_pylist()
        assert len({row["outbox_key"] for row in found}) == len(found)
        by_field = {(row["lead_key"], row["field"]): row for row in found}
        assert len(by_field) == len(found)
        return by_field

    # One Salesforce lead and the lead of a state that matches it

    def facility(self, number: int, **told: Any) -> str:
        """Add a facility that Salesforce and a state know, and what the state tells; return the Salesforce lead.

        Args:
            number: Its number.
            told: Values by field.
        """
        lead_key, state, entity = f"salesforce:S{number}", f"texas:{number}", f"E{number}"
        self.add("intermediate.int_entity", [{"lead_key": key, "entity_key": entity} for key in (lead_key, state)])
        self.add(
            "facts.fact_lead_match",
            [
                {"lead_key": lead_key, "is_crm": True, "entity_key": entity, "confidence": 0.99},
                {"lead_key": state, "is_crm": False, "entity_key": entity, "confidence": 0.99},
            ],
        )
        self.add(
            "facts.fact_enriched_lead",
            [
                {
                    "entity_key": entity, "salesforce_lead_key": lead_key, "state_lead_key": state, "sources": 2,
                    "match_status": "known", "confidence": 0.99, "reason": "r", "name": f"Facility {number}",
                }
            ],
        )  # fmt: skip
        self.tell(number, **told)
        return lead_key

    def tell(self, number: int, as_of: datetime = BEGIN, reason: str = "no other lead tells it", **told: Any) -> None:
        """Let the state tell values of a facility by field, which survive in the golden record."""
        entity = f"E{number}"
        attributes = {item.name: item.attribute for item in SHOWN_FIELDS}
        for name, value in told.items():
            self.connection.execute(
                f"UPDATE facts.fact_enriched_lead SET {GOLDEN_OF[name]} = ? WHERE entity_key = ?", [value, entity]
            )
            self.connection.execute(
                "DELETE FROM facts.fact_enriched_attribute WHERE entity_key = ? AND attribute = ?",
                [entity, attributes[name]],
            )
            self.add(
                "facts.fact_enriched_attribute",
                [
                    {
                        "entity_key": entity, "attribute": attributes[name], "lead_key": f"texas:{number}",
                        "rule": "authority", "reason": reason, "as_of": as_of,
                    }
                ],
            )  # fmt: skip

    def extract(self, at: datetime, rows: dict[str, dict[str, Any]], modified_at: datetime | None = None) -> None:
        """Take an extract in.

        Args:
            at: When it came.
            rows: Values by lead and field. `modified_at` among them is the LastModifiedDate, `is_live` and
                `is_converted` what they are in the models.
            modified_at: LastModifiedDate of the rows that do not name one.
        """
        file_id = hashlib.sha256(at.isoformat().encode()).hexdigest()
        shown = {
            key: {COLUMN_OF[name]: value for name, value in values.items() if name in COLUMN_OF}
            for key, values in rows.items()
        }
        self.add(
            "staging.stg_salesforce_lead",
            [
                {
                    "lead_key": key, "file_id": file_id, "row_number": number, "received_at": at,
                    "source_modified_at": rows[key].get("modified_at", modified_at or at - timedelta(hours=1)),
                    **values,
                }
                for number, (key, values) in enumerate(shown.items(), 1)
            ],
        )  # fmt: skip
        for key in shown:
            self.connection.execute("DELETE FROM intermediate.int_lead_current WHERE lead_key = ?", [key])
        self.add(
            "intermediate.int_lead_current",
            [
                {
                    "lead_key": key, "natural_id": key.partition(":")[2], "source_key": "salesforce",
                    "lead_version_key": f"{key}@{at:%Y%m%d%H%M}", "is_live": rows[key].get("is_live", True),
                    "is_converted": rows[key].get("is_converted", False), **values,
                }
                for key, values in shown.items()
            ],
        )  # fmt: skip

    def say(self, change: dict[str, Any], event: str, at: datetime, **more: Any) -> None:
        """Say something of a change, as it is in the ledger after the next run."""
        (count,) = self.connection.execute("SELECT COUNT(*) FROM staging.stg_acknowledgement").fetchone() or (0,)
        row = {
            "outbox_key": change["outbox_key"], "event": event, "target": "salesforce", "lead_key": change["lead_key"],
            "field": change["field"], "value": change["new_value"], "acted_by": "test", "acted_at": at,
            "received_at": at, "file_id": "f", "row_number": count, "is_retryable": False, **more,
        }  # fmt: skip
        self.add("staging.stg_acknowledgement", [row])


def new_lead(world: World, number: int, **more: Any) -> tuple[str, str]:
    """Add a facility that sales does not know; return the lead and field of its create."""
    entity = {
        "entity_key": f"N{number}", "state_lead_key": f"nevada:{number}", "sources": 1, "match_status": "net_new",
        "confidence": 0.95, "reason": "unknown to sales", "name": f'The "New" \\ One {number}',
        "contact_name": "Ana Maria Ruiz", "phone_e164": "+17025550000", "state": "NV", **more,
    }  # fmt: skip
    world.add("facts.fact_enriched_lead", [entity])
    world.add("intermediate.int_entity", [{"lead_key": f"nevada:{number}", "entity_key": f"N{number}"}])
    return f"nevada:{number}", "*"


def publish(paths: DataPaths, world: World) -> None:
    """Put the tables of a world in the place of production: the warehouse and its published copy."""
    world.run()
    for file in (paths.published, paths.warehouse):
        file.parent.mkdir(exist_ok=True)
        with connect(str(file)) as connection:
            for table in ("change", "human_edit", "acknowledgement", "stg_acknowledgement"):
                schema = "staging" if table.startswith("stg_") else "outbox"
                rows = world.connection.execute(f"FROM {schema}.{table}").to_arrow_table()
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
                connection.register("rows", rows)
                connection.execute(f"CREATE OR REPLACE TABLE {schema}.{table} AS FROM rows")
