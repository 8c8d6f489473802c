"""The state and the ZIP at the end of an address."""

from __future__ import annotations

import us
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import either, listed_for
from macros.address.state_code import ABBREVIATIONS, PROVINCES

# As `@address_line` leaves them, without full stops: N.C. is N C. N E is a direction, and Washington D C has a city.
SPACED_CODES = {" ".join(code): code for code in ("NC", "ND", "NH", "NJ", "NM", "NY", "RI", "SC", "SD", "WV", "DC")}
STATE_NAMES = {
    **{name: code for name, code in ABBREVIATIONS.items() if "WASHINGTON" not in name},
    **{state.name.upper(): state.abbr for state in [*us.states.STATES_AND_TERRITORIES, us.states.DC]},
    **PROVINCES,
}
STATE_WORDS = {**STATE_NAMES, **{code: code for code in STATE_NAMES.values()}, **SPACED_CODES}
COUNTRY_END = r"(?:[ |]+(?:USA|US|U S A|U S|UNITED STATES(?: OF AMERICA)?|CANADA))?[ |]*$"
POSTAL_CODE_END = r"[ |]+(?:[0-9]{4,5}(?:-?[0-9]{4})?|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])$"


@macro()
def place_at_end(evaluator: MacroEvaluator, line: exp.Expression) -> list[str]:
    """Return before_state, state and postal_code_raw of an address in which a bar stands for a comma or a line break.

    A country behind them is left out. A state is returned by its code, and is NULL where none stands there; so is the
    ZIP or the Canadian postcode. `5 ELM ST | AUSTIN | TEXAS 78748 | USA` is `5 ELM ST | AUSTIN`, TX and 78748.

    Args:
        line: An address in upper case, as `@address_line` returns it.
    """
    bare = f"REGEXP_REPLACE({line.sql(dialect='duckdb')}, '{COUNTRY_END}', '', 'g')"
    postal_code = f"REGEXP_EXTRACT({bare}, '{POSTAL_CODE_END}', 0)"
    behind_state = f"LEFT({bare}, LENGTH({bare}) - LENGTH({postal_code}))"
    state = f"REGEXP_EXTRACT({behind_state}, '[ |]+{either([*STATE_WORDS])}$', 0)"
    state_words = f"LTRIM({state}, ' |')"
    return [
        f"TRIM(LEFT({bare}, LENGTH({bare}) - LENGTH({postal_code}) - LENGTH({state})), ' |') AS before_state",
        f"{listed_for(state_words, STATE_WORDS)} AS state",
        f"NULLIF(LTRIM({postal_code}, ' |'), '') AS postal_code_raw",
    ]
