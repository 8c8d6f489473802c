"""States and provinces by code or name."""

from __future__ import annotations

import us
from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.address.address_parts import listed_for
from macros.sql.plain_text import with_plain_signs
from macros.sql.unaccented import without_accents

# Canada Post's codes, with the spellings that occur in Salesforce.
PROVINCES = {
    "ALBERTA": "AB", "BRITISH COLUMBIA": "BC", "MANITOBA": "MB", "NEW BRUNSWICK": "NB",
    "NEWFOUNDLAND AND LABRADOR": "NL", "NEWFOUNDLAND": "NL", "NOVA SCOTIA": "NS", "NORTHWEST TERRITORIES": "NT",
    "NUNAVUT": "NU", "ONTARIO": "ON", "PRINCE EDWARD ISLAND": "PE", "QUEBEC": "QC", "SASKATCHEWAN": "SK", "YUKON": "YT",
}  # fmt: skip
# The abbreviations of the Associated Press and of older letters.
ABBREVIATIONS = {
    "ALA": "AL", "ARIZ": "AZ", "ARK": "AR", "CAL": "CA", "CALIF": "CA", "COLO": "CO", "CONN": "CT", "DEL": "DE",
    "FLA": "FL", "ILL": "IL", "IND": "IN", "KAN": "KS", "KANS": "KS", "KY": "KY", "MASS": "MA", "MICH": "MI",
    "MINN": "MN", "MISS": "MS", "MONT": "MT", "NEB": "NE", "NEBR": "NE", "NEV": "NV", "N MEX": "NM", "N DAK": "ND",
    "OKLA": "OK", "ORE": "OR", "OREG": "OR", "PENN": "PA", "PENNA": "PA", "S DAK": "SD", "TENN": "TN", "TEX": "TX",
    "WASH": "WA", "W VA": "WV", "WIS": "WI", "WISC": "WI", "WYO": "WY", "ALTA": "AB", "MAN": "MB", "ONT": "ON",
    "QUE": "QC", "PQ": "QC", "P Q": "QC", "NFLD": "NL", "SASK": "SK", "PEI": "PE",
    "NEWFOUNDLAND & LABRADOR": "NL", "YUKON TERRITORY": "YT",
    "N CAROLINA": "NC", "S CAROLINA": "SC", "N DAKOTA": "ND", "S DAKOTA": "SD", "W VIRGINIA": "WV",
    "WASHINGTON DC": "DC", "WASHINGTON, DC": "DC", "WASHINGTON D C": "DC", "WASHINGTON, D C": "DC",
}  # fmt: skip
# What repeats the state or names its country: Texas (TX), TX - Texas, State of Texas, Washington State, Texas, USA.
REPEATED = r" ?\([A-Z ]+\)$| - [A-Z]{2}$|,? USA?$|^[A-Z]{2} - |^STATE OF | STATE$|[,;]+$"


@macro()
def state_code(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the two-letter code of a US state or territory or a Canadian province; NULL for any other text.

    Full stops, accents and the usual abbreviations are read, and a name with its code: `Tx.`, `N.C.`, `Texas (TX)`.
    """
    words = without_accents(with_plain_signs(raw.sql(dialect="duckdb")))
    text = f"TRIM(REPLACE(REPLACE({words}, '. ', ' '), '.', ' '))"
    text = f"TRIM(REGEXP_REPLACE({text}, '{REPEATED}', '', 'g'))"
    states = {state.name.upper(): state.abbr for state in [*us.states.STATES_AND_TERRITORIES, us.states.DC]}
    names = {**ABBREVIATIONS, **states, **PROVINCES}
    codes = {code: code for code in names.values()}
    spaced = {" ".join(code): code for code in codes}
    return listed_for(text, {**names, **codes, **spaced})
