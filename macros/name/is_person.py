"""Persons distinguished from businesses by the form of a name."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Letters of any language; up to two middle names or a generation behind the first name.
PERSON = r"(?i)^[\p{L}''. -]+, [\p{L}''.-]+(?: [\p{L}''.-]+){0,2}(?:, ?(?:jr|sr|ii|iii|iv|v)\.?)?$"
# A name in its natural order: Jane Doe, Sr.
GENERATION_LAST = r"(?i)^[\p{L}''. -]+ [\p{L}''.-]+, ?(?:jr|sr|ii|iii|iv|v)\.?$"
# Smith, Jr., John.
GENERATION_BETWEEN = r"(?i)^([\p{L}''. -]+), *((?:jr|sr|ii|iii|iv)\.?), *([\p{L}''. -]+)$"
# Little Hands, Big Steps: two words or more in the plural on both sides, none of them such as DE LOS.
PLURALS = r"(?i)^[\p{L}''-]{4,} [\p{L}''-]+s, [\p{L}''-]{3,} [\p{L}''-]+s$"
# Words of businesses in the state files and in Salesforce, a comma in the name or not. Day alone is a surname.
BUSINESS_WORD = (
    r"(?i)\b(llc|inc|corp|co|ltd|lp|llp|pllc|the|school|academy|center|care|daycare|childcare|"
    r"learning|preschool|kids|church|ymca|montessori|nursery|development|foundation|house|home|family|club|program|"
    r"association|"
    # And words of child care that hardly anybody bears as a name, so that Little Hands, Big Steps is no Big Steps.
    r"hands|steps|feet|hearts|stars|tots|minds|dreams|wonders|explorers|treasures|footprints|adventures|giggles|"
    r"wiggles|learners|scholars|friends|blessings|buddies|babies|children|toddlers|infants|play|playhouse|fun|grow|"
    r"growing|learn|happy|tiny|wee|our|and|for|of|with|beginnings|futures|sprouts|rainbows|cubs|bears|ducklings|"
    r"butterflies|seeds|seedlings|roots|wings|smiles|kidz|kiddos|kiddie|laugh|discover|imagine|explore|create|dream|"
    r"brighter|your|etc)\b"
)


def person_form(text: str) -> str:
    """Return the SQL that tells whether a name has the form `LAST, FIRST`, or a generation beside a comma."""
    return (
        f"(REGEXP_MATCHES({text}, '{PERSON}') AND NOT REGEXP_MATCHES({text}, '{PLURALS}') "
        f"OR REGEXP_MATCHES({text}, '{GENERATION_BETWEEN}'))"
    )


@macro()
def is_person(evaluator: MacroEvaluator, name: exp.Expression, contact: exp.Expression | None = None) -> str:
    """Whether a name is a person's: it has the form of one, and no word that only businesses use.

    A person's name is written `LAST, FIRST`, or is that of the contact person, letter case aside.

    Args:
        name: The name, cleaned.
        contact: The contact person, cleaned, where the source names one.
    """
    text = name.sql(dialect="duckdb")
    form = person_form(text)
    if contact is not None:
        same = f"UPPER({text}) = UPPER({contact.sql(dialect='duckdb')}) AND {text} LIKE '% %'"
        form = f"({form} OR COALESCE({same}, FALSE))"
    return f"({form} AND NOT REGEXP_MATCHES({text}, '{BUSINESS_WORD}'))"
