"""A new record of Salesforce as JSON."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.outbox.fields import CRM_FIELDS
from macros.golden.golden_value import of_lead
from macros.sql.join_text import join_present

BACKSLASH = "\\"
VALUES = tuple((item.name, item.value, item.length) for item in CRM_FIELDS)


@macro()
def crm_record(evaluator: MacroEvaluator, golden: exp.Expr) -> str:
    """Return a golden record as a JSON object of field and value; blank fields are left out.

    Written out, since the engines' own functions disagree on what is NULL.

    Args:
        golden: Alias of the golden record.
    """
    pairs = []
    for name, sql, length in VALUES:
        value = f"LEFT({of_lead(evaluator, sql, golden).sql(dialect='duckdb')}, {length})"
        plain = f"REGEXP_REPLACE({value}, '[{BACKSLASH}x00-{BACKSLASH}x1F]', ' ', 'g')"
        escaped = f"REPLACE({plain}, '{BACKSLASH}', '{BACKSLASH * 2}')"
        escaped = f"REPLACE({escaped}, '\"', '{BACKSLASH}\"')"
        pairs.append(f"CASE WHEN {value} <> '' THEN CONCAT('\"{name}\":\"', {escaped}, '\"') END")
    return f"CONCAT('{{', COALESCE({join_present(',', pairs)}, ''), '}}')"
