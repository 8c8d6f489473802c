"""Phones of the plain shape in E.164."""

from __future__ import annotations

from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import region_codes_for_country_code
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

PHONE_KINDS = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
    "fixed_line", "mobile",
)  # fmt: skip


def national_pattern(kinds: tuple[str, ...]) -> str | None:
    """Return one regular expression for the national numbers of some kinds, over all regions of country code 1.

    phonenumbers calls a number valid where it fits the pattern of any kind in its region.
    """
    patterns = set()
    for region in region_codes_for_country_code(1):
        metadata = PhoneMetadata.metadata_for_region(region)
        for kind in kinds:
            description = getattr(metadata, kind)
            if description is not None and description.national_number_pattern:
                patterns.add(description.national_number_pattern)
    return "^(?:" + "|".join(sorted(patterns)) + ")$" if patterns else None


@macro()
def phone_e164(evaluator: MacroEvaluator, digits: exp.Expression) -> str:
    """Return ten national digits in E.164 where phonenumbers would call them valid, otherwise NULL.

    The rule is phonenumbers' own metadata, joined into one regular expression that the engine runs.

    Args:
        digits: What `@phone_digits` returns for a phone in the plain shape.
    """
    text = digits.sql(dialect="duckdb")
    return f"CASE WHEN REGEXP_MATCHES({text}, '{national_pattern(PHONE_KINDS)}') THEN CONCAT('+1', {text}) END"
