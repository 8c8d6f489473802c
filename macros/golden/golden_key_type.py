"""The key that says how many leads share an attribute of the golden record."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES
from macros.golden.golden_value import by_attribute

KEY_TYPES = tuple((item.name, item.key_type) for item in GOLDEN_ATTRIBUTES if item.key_type)


@macro()
def golden_key_type(evaluator: MacroEvaluator, attribute: exp.Expr) -> exp.Expr:
    """Return the type of key in intermediate.int_match_over_shared that an attribute is; NULL where it is no contact.

    Args:
        attribute: Name of the attribute, as in seeds.survivorship.
    """
    return by_attribute(attribute, {name: exp.Literal.string(key_type) for name, key_type in KEY_TYPES})
