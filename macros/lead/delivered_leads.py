"""The delivered rows of every source in one shape."""

from __future__ import annotations

from sqlmesh.core.macros import MacroEvaluator, macro

from lead_enrichment.contracts import lead_contracts

# Read here, not in the macro, so that SQLMesh sees a new contract as a change of the models that use it.
STAGING_MODELS = tuple(contract.staging_model for contract in lead_contracts().values())


@macro()
def delivered_leads(evaluator: MacroEvaluator) -> str:
    """Return a query with the rows of the staging model of every contract."""
    return " UNION ALL ".join(f"SELECT * FROM staging.{name}" for name in STAGING_MODELS)
