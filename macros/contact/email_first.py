"""The first e-mail address of a field that holds more than one address."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from macros.contact.email_columns import ADDRESS
from macros.sql.plain_text import with_plain_signs

# In front of an address a sign, `mailto:` or another address. A word alone may be the first half of one with a blank.
BEFORE = r'(?:^|[;,<(|:"\[] *|@[^ ]* +(?:(?:or|and|&) +)?)\x27?'
BEHIND = r'\.?(?:$|[ ;,>)|:"\x27\]/])'
FIRST = rf"{BEFORE}({ADDRESS.removeprefix('^').removesuffix('$')}){BEHIND}"
# What is no value of its own at the ends of what is left.
EDGE_SIGNS = r'[ ;,<>()|:"/.&\x27\[\]]+'
EDGES = rf"^(?:{EDGE_SIGNS}|mailto:|or |and )+|(?:{EDGE_SIGNS}|<mailto:)+$"


@macro()
def email_first(evaluator: MacroEvaluator, raw: exp.Expression) -> list[str]:
    """Return email_value, the first valid address of a field or else the whole field, and emails_other, the rest.

    `ann@school.org; bob@school.org`, `Ann Lee <ann@school.org>` and `ann@school.org.` are read so. The rest is NULL
    where it is but signs.
    """
    text = f"LOWER({with_plain_signs(raw.sql(dialect='duckdb'))})"
    first = f"NULLIF(REGEXP_EXTRACT({text}, '{FIRST}', 1), '')"
    before = f"LEFT({text}, STRPOS({text}, {first}) - 1)"
    behind = f"SUBSTRING({text}, STRPOS({text}, {first}) + LENGTH({first}))"
    rest = f"{before} || ' ' || REGEXP_REPLACE({behind}, '{EDGES}', '', 'g')"
    return [
        f"COALESCE({first}, {text}) AS email_value",
        f"NULLIF(REGEXP_REPLACE({rest}, '{EDGES}', '', 'g'), '') AS emails_other",
    ]
