"""Why a phone is no key."""

from __future__ import annotations

from sqlmesh import macro

# Numbers that people type to get past a form: one digit repeated, runs, and 555-01xx, which the numbering plan keeps
# for fiction.
PLACEHOLDER = (
    r"^(?:[0-9]{3}55501[0-9]{2}|0123456789|1234567[0-9]{3}|9876543210|[0-9]{3}1234567"
    r"|[0-9]{3}(?:0{7}|1{7}|2{7}|3{7}|4{7}|5{7}|6{7}|7{7}|8{7}|9{7}))$"
)


@macro()
def phone_reason(evaluator, raw, e164, parsed_reason):  # type: ignore[no-untyped-def]
    """Give why a delivered phone identifies nobody; NULL where it is blank or good.

    Args:
        raw: The phone as delivered.
        e164: The phone in E.164, NULL where it is not valid.
        parsed_reason: The reason that staging.stg_phone gives for a phone out of the plain shape.
    """
    text = raw.sql(dialect="duckdb")
    return (
        f"CASE WHEN {text} IS NULL OR TRIM({text}) = '' THEN NULL "
        f"WHEN REGEXP_MATCHES(RIGHT(REGEXP_REPLACE({text}, '[^0-9]', '', 'g'), 10), '{PLACEHOLDER}') "
        f"THEN 'placeholder' WHEN {e164.sql(dialect='duckdb')} IS NULL "
        f"THEN COALESCE({parsed_reason.sql(dialect='duckdb')}, 'not a valid number') END"
    )
