"""Phones that the plain rule cannot read, parsed once each by phonenumbers."""

from __future__ import annotations

import re
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


# What may stand between two phones in one field: a sign, a word or a line break.
BETWEEN_PHONES = r"(?i)\s*(?:[;,|\r\n]+|&|/+(?=\s*[(+0-9])|\b(?:or|and)\b)\s*"
EXTENSION = r"(?i)(?:\bext(?:ensio)?n?|[x#])[.:]?\s*[0-9]{1,7}\s*$"
NATIONAL = r"(?:\+?1[-. ]*)?(?:\([0-9]{3}\)|[0-9]{3})[-./ ]*[0-9]{3}[-. ]*[0-9]{4}"
# Whole phones of the numbering plan, one or several; digits beside them would belong to one of them.
NATIONAL_RUN = rf"(?<![0-9+])(?<![0-9][-. ]){NATIONAL}(?: +{NATIONAL})*(?![-. ]*[0-9])"


def without_remark(text: str) -> str:
    """Return a phone without the letters that its number does not need; those of 1-800-FLOWERS stay.

    Digits that are a number without them, with its area code or without, have been written with a remark: `832-4571
    Ann` would be dialled as 832-457-1266.
    """
    stem = re.sub(EXTENSION, "", text)
    digits = re.sub(r"[^0-9]", "", stem)
    # No exchange begins with 0 or 1: 1-512-474-KIDS has no local number in it.
    is_number = len(digits) > 7 or (len(digits) == 7 and digits[0] not in "01")
    if not is_number or not re.search(r"[A-Za-z]", stem):
        return text
    first, last = re.search(r"[+(]?[0-9]", stem), re.search(r"[0-9][^0-9]*$", stem)
    assert first and last
    bare = stem[first.start() : last.start() + 1]
    return f"{bare} {text[len(stem) :]}".strip() if not re.search(r"[A-Za-z]", bare) else text


def read_phone(raw: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Return E.164, kind of line and reason of the first valid phone of a field, and what else the field holds.

    Args:
        raw: The field as delivered: a phone, perhaps with a remark, or several.
    """
    text = raw.strip()
    bare = without_remark(text)
    number, kind, reason = parse_phone(bare)
    if number is not None:
        return number, kind, None, left_over(text, bare)
    parts = [part for part in re.split(BETWEEN_PHONES, text) if part]
    candidates = [*parts, *(found for part in parts for found in re.findall(NATIONAL, run_of(part)))]
    for candidate in candidates:
        stem = without_remark(candidate)
        found, found_kind, _ = parse_phone(stem)
        # The first exchange of a number without area code may read like a country code: a plus sign must say so.
        if found is not None and (found.startswith("+1") or "+" in candidate):
            return found, found_kind, None, left_over(text, stem)
    return None, None, reason, None


def run_of(text: str) -> str:
    """Return the first run of whole phones of the numbering plan in a text; the empty text where it has none."""
    found = re.search(NATIONAL_RUN, text)
    return found.group() if found else ""


def left_over(text: str, taken: str) -> str | None:
    """Return what a field holds beside the phone that is taken of it, without the signs around it."""
    start = text.find(taken)
    if start < 0:
        return None
    before, behind = text[:start], text[start + len(taken) :]
    parts = [part.strip(" \t\r\n;,|&/:-") for part in (before, behind)]
    parts = [part[1:-1] if re.fullmatch(r"\([^()]*\)", part) else part for part in parts]
    words = [re.sub(r"^(?:or|and)\b\s*|\s*\b(?:or|and)$", "", part, flags=re.IGNORECASE) for part in parts]
    return "; ".join(word for word in words if word) or None


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
        "phones_other": "text",
        "received_on": "date",
    },
    column_descriptions={
        "phone_raw": "Phone as delivered",
        "phone_e164": "Phone in E.164; NULL where it is not valid",
        "phone_type": "Kind of line as phonenumbers names it",
        "phone_reason": "Why the phone is not valid",
        "phones_other": "What else the field holds: further phones or a remark; NULL where nothing",
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
        [read_phone(raw) for raw in new["phone_raw"]],
        columns=["phone_e164", "phone_type", "phone_reason", "phones_other"],
    )
    yield pd.concat([new[["phone_raw"]], parsed, new[["received_on"]]], axis=1)
