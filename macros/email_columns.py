"""A delivered e-mail address, standardised."""

from __future__ import annotations

from sqlmesh import macro

# The dot-atom form of RFC 5322 before the at sign, host names of RFC 1035 behind it.
ADDRESS = (
    r"^[a-z0-9!#$%&*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
)


@macro()
def email_columns(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give email_raw, email and email_reason of a delivered e-mail address.

    A placeholder stays readable and has the reason `placeholder`: see seeds/placeholder_email.csv.
    """
    text = raw.sql(dialect="duckdb")
    clean = f"LOWER(TRIM({text}))"
    valid = f"REGEXP_MATCHES({clean}, '{ADDRESS}') AND LENGTH(SPLIT_PART({clean}, '@', 1)) <= 64"
    listed = "SELECT value FROM seeds.placeholder_email WHERE part = "
    return [
        f"NULLIF(TRIM({text}), '') AS email_raw",
        f"CASE WHEN {valid} THEN {clean} END AS email",
        f"CASE WHEN TRIM({text}) = '' OR {text} IS NULL THEN NULL WHEN NOT ({valid}) THEN 'not a valid address' "
        f"WHEN SPLIT_PART({clean}, '@', 1) IN ({listed}'local part') "
        f"OR SPLIT_PART({clean}, '@', 2) IN ({listed}'domain') THEN 'placeholder' END AS email_reason",
    ]
