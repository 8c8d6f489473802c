"""Phones that the plain rule cannot read, parsed once each by phonenumbers."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
import phonenumbers
from sqlglot import exp
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName

from macros.phone_digits import PLAIN_PHONE

DELIVERED_PHONES = (
    ("bronze.salesforce", "phone"),
    ("bronze.salesforce", "mobile_phone"),
    ("bronze.nevada", "phone"),
    ("bronze.oklahoma", "phone"),
    ("bronze.texas", "phone"),
)


def parse_phone(raw: str) -> tuple[str | None, str | None, str | None]:
    """Give E.164, kind of line and reason of a phone; either the first two or the last are NULL.

    Args:
        raw: The phone as delivered, taken as of the United States where it names no country.
    """
    try:
        number = phonenumbers.parse(raw, "US")
    except phonenumbers.NumberParseException as error:
        return None, None, str(error).lower().rstrip(".")
    if not phonenumbers.is_valid_number(number):
        return None, None, "not a valid number"
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind, None


@model(
    "staging.stg_phone",
    kind={"name": ModelKindName.INCREMENTAL_BY_TIME_RANGE, "time_column": "received_on"},
    owner="lead_enrichment",
    cron="@daily",
    grains=["phone_raw"],
    description=(
        "Phones with letters, extensions, country codes or other shapes that the plain rule cannot read, parsed by "
        "phonenumbers once, at their first delivery. One row per distinct phone as delivered."
    ),
    columns={
        "phone_raw": "text",
        "phone_e164": "text",
        "phone_type": "text",
        "phone_reason": "text",
        "received_on": "date",
    },
    column_descriptions={
        "phone_raw": "Phone as delivered",
        "phone_e164": "Phone in E.164; NULL where it is not valid",
        "phone_type": "Kind of line as phonenumbers names it",
        "phone_reason": "Why the phone is not valid",
        "received_on": "Date of the first delivery that held it",
    },
    depends_on=["bronze.salesforce", "bronze.nevada", "bronze.oklahoma", "bronze.texas"],
    audits=[
        ("not_null", {"columns": [exp.column("phone_raw")]}),
        ("unique_values", {"columns": [exp.column("phone_raw")]}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Parse what the interval brought and no earlier one did."""
    first, last = start.date(), end.date()
    delivered = " UNION ALL ".join(
        f"SELECT {column} AS phone_raw, received_on FROM {context.resolve_table(table)} "
        f"WHERE received_on <= DATE '{last}'"
        for table, column in DELIVERED_PHONES
    )
    new = context.fetchdf(
        f"SELECT phone_raw, MIN(received_on) AS received_on FROM ({delivered}) AS d "
        f"WHERE TRIM(phone_raw) <> '' AND NOT REGEXP_MATCHES(phone_raw, '{PLAIN_PHONE}') "
        f"GROUP BY phone_raw HAVING MIN(received_on) >= DATE '{first}'"
    )
    if new.empty:
        yield from ()
        return
    parsed = pd.DataFrame(
        [parse_phone(raw) for raw in new["phone_raw"]], columns=["phone_e164", "phone_type", "phone_reason"]
    )
    yield pd.concat([new[["phone_raw"]], parsed, new[["received_on"]]], axis=1)
