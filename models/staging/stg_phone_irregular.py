"""Phones that the plain rule cannot read, parsed once each by phonenumbers."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pandas as pd
import phonenumbers
from phonenumbers import NumberParseException, ValidationResult
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName

from macros.contact.phone_digits import PLAIN_PHONE
from macros.values.new_values import VALUE_COLUMNS, VALUE_KINDS, new_values_query

# What phonenumbers says of a number that it cannot parse, and of one that it can but that no plan has.
PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "no such country code",
    NumberParseException.NOT_A_NUMBER: "not a number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
}
LENGTH_REASONS = {
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "no area code",
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
}


def parse_phone(raw: str) -> tuple[str | None, str | None, str | None]:
    """Return E.164, kind of line and reason of a phone; either the first two or the last are NULL.

    Args:
        raw: The phone as delivered, taken as of the United States where it names no country.
    """
    try:
        number = phonenumbers.parse(raw, "US")
    except NumberParseException as error:
        has_digits = any(character.isdigit() for character in raw)
        return None, None, PARSE_REASONS[error.error_type] if has_digits else "no digits"
    if not phonenumbers.is_valid_number(number):
        length = phonenumbers.is_possible_number_with_reason(number)
        return None, None, LENGTH_REASONS.get(length, "not a valid number")
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind, None


@model(
    "staging.stg_phone_irregular",
    kind={"name": ModelKindName.INCREMENTAL_BY_TIME_RANGE, "time_column": "received_on", "batch_concurrency": 1},
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
    depends_on=sorted({f"bronze.{source}" for source, tag, _ in VALUE_COLUMNS if tag in VALUE_KINDS["phone"]}),
    audits=[
        ("not_null", {"columns": [exp.column("phone_raw")]}),
        ("unique_values", {"columns": [exp.column("phone_raw")]}),
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Parse what the interval brings and no other one has brought."""
    own_table = context.resolve_table("staging.stg_phone_irregular")
    query = new_values_query(
        "phone",
        f"DATE '{start.date()}'",
        f"DATE '{end.date()}'",
        known=own_table if context.engine_adapter.table_exists(own_table) else None,
        only=f"NOT REGEXP_MATCHES(v.phone_raw, '{PLAIN_PHONE}')",
        resolve=context.resolve_table,
    )
    # Parsed, so that it is written for whatever engine runs it.
    new = context.fetchdf(parse_one(query, dialect="duckdb"))
    if new.empty:
        yield from ()
        return
    parsed = pd.DataFrame(
        [parse_phone(raw) for raw in new["phone_raw"]], columns=["phone_e164", "phone_type", "phone_reason"]
    )
    yield pd.concat([new[["phone_raw"]], parsed, new[["received_on"]]], axis=1)
