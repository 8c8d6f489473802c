"""States and provinces by code or name."""

from __future__ import annotations

import us
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import listed_for
from macros.sql.plain_text import with_plain_signs

# Canada Post's codes, with the spellings that occur in Salesforce.
PROVINCES = {
    "ALBERTA": "AB", "BRITISH COLUMBIA": "BC", "MANITOBA": "MB", "NEW BRUNSWICK": "NB",
    "NEWFOUNDLAND AND LABRADOR": "NL", "NEWFOUNDLAND": "NL", "NOVA SCOTIA": "NS", "NORTHWEST TERRITORIES": "NT",
    "NUNAVUT": "NU", "ONTARIO": "ON", "PRINCE EDWARD ISLAND": "PE", "QUEBEC": "QC", "SASKATCHEWAN": "SK", "YUKON": "YT",
}  # fmt: skip


@macro()
def state_code(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the two-letter code of a US state or territory or a Canadian province; NULL for any other text."""
    text = f"UPPER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    states = {state.name.upper(): state.abbr for state in [*us.states.STATES_AND_TERRITORIES, us.states.DC]}
    names = {**states, **PROVINCES}
    return listed_for(text, {**names, **{code: code for code in names.values()}})
