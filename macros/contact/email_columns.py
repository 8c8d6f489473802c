"""A delivered e-mail address, standardised."""

from __future__ import annotations

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# The dot-atom form of RFC 5322 before the at sign, host names of RFC 1035 behind it.
ATOM = r"[a-z0-9!#$%&''*+/=?^_`{|}~-]+"
ADDRESS = rf"^{ATOM}(?:\.{ATOM})*@(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z]{{2,63}}$"
# RFC 5891: two hyphens at the third and fourth place of a label mark an encoded name, which this rule does not read.
ENCODED_LABEL = r"[@.][a-z0-9-]{2}--"
RESERVED_DOMAINS = tuple(sorted(SPECIAL_USE_DOMAIN_NAMES))


@macro()
def email_columns(evaluator: MacroEvaluator, raw: exp.Expression) -> list[str]:
    """Return email_raw, email and email_reason of a delivered e-mail address.

    What is accepted, email-validator accepts too, with the same result. What it accepts beyond that (letters outside
    ASCII, domains that end in a single letter or hold digits in their last part, more than RFC 5321's 64 characters
    before the at sign) is refused with a reason. A placeholder stays readable and has the reason `placeholder`: see
    seeds/placeholder_email.csv.
    """
    text = raw.sql(dialect="duckdb")
    clean = f"LOWER(TRIM({text}))"
    reserved = rf"[@.](?:{'|'.join(RESERVED_DOMAINS)})$"
    short = f"LENGTH(SPLIT_PART({clean}, '@', 1)) <= 64 AND LENGTH({clean}) <= 254"
    form = f"REGEXP_MATCHES({clean}, '{ADDRESS}') AND NOT REGEXP_MATCHES({clean}, '{ENCODED_LABEL}') AND {short}"
    listed = "SELECT value FROM seeds.placeholder_email WHERE part = "
    return [
        f"NULLIF(TRIM({text}), '') AS email_raw",
        f"CASE WHEN {form} AND NOT REGEXP_MATCHES({clean}, '{reserved}') THEN {clean} END AS email",
        f"CASE WHEN TRIM({text}) = '' OR {text} IS NULL THEN NULL WHEN NOT REGEXP_MATCHES({clean}, '@') "
        f"THEN 'no at sign' WHEN REGEXP_MATCHES({clean}, '[^ -~]') OR REGEXP_MATCHES({clean}, '{ENCODED_LABEL}') "
        f"THEN 'not a plain ASCII address' WHEN NOT ({form}) THEN 'not a valid address' "
        f"WHEN REGEXP_MATCHES({clean}, '{reserved}') THEN 'reserved domain' "
        f"WHEN SPLIT_PART({clean}, '@', 1) IN ({listed}'local part') "
        f"OR SPLIT_PART({clean}, '@', 2) IN ({listed}'domain') THEN 'placeholder' END AS email_reason",
    ]
