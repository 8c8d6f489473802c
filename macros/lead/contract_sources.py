"""The sources as their contracts describe them."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import AUTHORITIES, lead_contracts
from lead_enrichment.warehouse.connection import literal

# Read here, not in the macro, so that SQLMesh sees a changed contract as a change of the models that use it.
CONTRACT_ROWS = tuple(
    (
        item.source_key,
        item.title,
        item.is_crm,
        item.delivery_mode,
        item.cadence,
        tuple(item.authority[group] for group in AUTHORITIES),
    )
    for item in lead_contracts().values()
)


@macro()
def contract_sources(evaluator: MacroEvaluator) -> str:
    """Return a query with one row per source: key, name, whether it is the CRM, delivery mode, cadence and ranks."""
    rows = []
    for key, title, is_crm, delivery_mode, cadence, (identity, license_, contact, sales) in CONTRACT_ROWS:
        rows.append(
            f"SELECT '{key}' AS source_key, {literal(title)} AS source_name, {is_crm} AS is_crm, "
            f"'{delivery_mode}' AS delivery_mode, '{cadence}' AS cadence, {identity} AS identity_authority, "
            f"{license_} AS license_authority, {contact} AS contact_authority, {sales} AS sales_authority"
        )
    return " UNION ALL ".join(rows)
