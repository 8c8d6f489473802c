"""Entities: the leads that match each other, directly or by way of others."""

from __future__ import annotations

import typing as t
from datetime import datetime

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csgraph
from sqlglot import exp
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName


def label_components(leads: pd.Series, left: pd.Series, right: pd.Series) -> np.ndarray:
    """Number the connected components of leads.

    Args:
        leads: Keys of all leads, each once.
        left: Key of one side of each match.
        right: Key of its other side.

    Returns:
        For each lead the number of its component, in the order of `leads`.
    """
    index = pd.Index(leads)
    graph = coo_matrix(
        (np.ones(len(left), dtype=np.int8), (index.get_indexer(left), index.get_indexer(right))),
        shape=(len(index), len(index)),
    )
    return csgraph.connected_components(graph, directed=False)[1]


@model(
    "intermediate.int_entity",
    kind={"name": ModelKindName.FULL},
    owner="lead_enrichment",
    cron="@daily",
    grains=["lead_key"],
    description=(
        "The facility that each lead is about: the connected components of the accepted matches. The key comes from "
        "the entity's oldest lead, so a merge keeps the older key. One row per lead."
    ),
    columns={"lead_key": "text", "entity_key": "text", "entity_size": "bigint"},
    column_descriptions={
        "lead_key": "Durable key of the lead",
        "entity_key": "Key of the facility, made from the key of its oldest lead",
        "entity_size": "Number of leads of the entity",
    },
    audits=[
        ("not_null", {"columns": [exp.column("lead_key"), exp.column("entity_key")]}),
        ("unique_values", {"columns": [exp.column("lead_key")]}),
    ],
    depends_on=["intermediate.int_lead_current", "facts.fact_match_pair"],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Label the components and name each after its oldest lead."""
    leads = context.fetchdf(
        "SELECT lead_key, COALESCE(source_created_at, CAST(license_issued_on AS TIMESTAMPTZ), first_received_at) "
        f"AS born FROM {context.resolve_table('intermediate.int_lead_current')}"
    )
    pairs = context.fetchdf(
        f"SELECT left_lead_key, right_lead_key FROM {context.resolve_table('facts.fact_match_pair')} WHERE is_match"
    )
    if leads.empty:
        yield from ()
        return
    leads["component"] = label_components(leads["lead_key"], pairs["left_lead_key"], pairs["right_lead_key"])
    oldest = leads.sort_values(["born", "lead_key"]).groupby("component", sort=False)["lead_key"].first()
    leads["entity_key"] = "entity:" + leads["component"].map(oldest)
    leads["entity_size"] = leads.groupby("component")["lead_key"].transform("size")
    yield leads[["lead_key", "entity_key", "entity_size"]]
