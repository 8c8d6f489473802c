"""The sources as their contracts describe them."""

from __future__ import annotations

from sqlmesh import macro

from lead_enrichment.contracts import AUTHORITIES, lead_contracts

# Read here, not in the macro, so that SQLMesh sees a changed contract as a change of the models that use it.
CONTRACT_ROWS = tuple(
    (item.source_key, item.title, item.delivery_mode, item.cadence, *(item.authority[group] for group in AUTHORITIES))
    for item in lead_contracts().values()
)


@macro()
def contract_sources(evaluator):  # type: ignore[no-untyped-def]
    """Give a query with a row a source: its key, name, delivery mode, cadence and the ranks of its word."""
    rows = []
    for key, title, delivery_mode, cadence, identity, license_, contact, sales in CONTRACT_ROWS:
        name = title.replace("'", "''")
        rows.append(
            f"SELECT '{key}' AS source_key, '{name}' AS source_name, '{delivery_mode}' AS delivery_mode, "
            f"'{cadence}' AS cadence, {identity} AS identity_authority, {license_} AS license_authority, "
            f"{contact} AS contact_authority, {sales} AS sales_authority"
        )
    return " UNION ALL ".join(rows)
