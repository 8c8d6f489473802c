"""Entities: the leads that match each other, directly or by way of others."""

from __future__ import annotations

import typing as t
from datetime import datetime

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csgraph
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName


def label_components(size: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Number the connected components of the leads 0 to size - 1; the edges are pairs of these.

    Returns:
        For each lead the number of its component.
    """
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    return csgraph.connected_components(graph, directed=False)[1]


def edges_within_limits(edges: pd.DataFrame, license_of: np.ndarray, apart: pd.DataFrame) -> np.ndarray:
    """Say which edges may join, the strongest first, so that no entity contradicts itself.

    An entity holds at most one licence of a state, and no two leads that cannot be one facility. What a steward decided
    comes first and yields to nothing but another decision. Only components that would contradict themselves are walked
    edge by edge; all others keep all their edges.

    Args:
        edges: `left`, `right` (numbers of leads), `weight` (bits), and `is_decided` where a steward joined the two.
        license_of: For each lead the number of the state that licensed it, or -1.
        apart: `left` and `right` of the pairs that cannot be one facility, and `is_decided` where a steward says so.

    Returns:
        A truth value an edge.
    """
    left = edges["left"].to_numpy(dtype=np.int64)
    labels = label_components(len(license_of), left, edges["right"].to_numpy(dtype=np.int64))
    licensed = np.flatnonzero(license_of >= 0)
    held = pd.DataFrame({"label": labels[licensed], "license": license_of[licensed]})
    crowded = held.loc[held.duplicated(), "label"].unique()
    apart_labels = labels[apart["left"].to_numpy(dtype=np.int64)]
    is_torn = apart_labels == labels[apart["right"].to_numpy(dtype=np.int64)]
    torn = apart[is_torn]
    in_doubt = np.isin(labels, np.union1d(crowded, apart_labels[is_torn]))
    keep = np.ones(len(edges), dtype=bool)
    doubtful = edges.assign(at=np.arange(len(edges)))[in_doubt[left]]
    doubtful = doubtful.sort_values(["is_decided", "weight", "left", "right"], ascending=[False, False, True, True])

    group = {lead: lead for lead in np.flatnonzero(in_doubt).tolist()}
    members = {lead: [lead] for lead in group}
    licenses = {lead: {int(license_of[lead])} - {-1} for lead in group}
    # Of each group the leads that it must not join, and those of them that a steward named.
    enemies: dict[int, set[int]] = {lead: set() for lead in group}
    decided_enemies: dict[int, set[int]] = {lead: set() for lead in group}
    for a, b, is_decided in torn[["left", "right", "is_decided"]].itertuples(index=False):
        for lead, other in ((a, b), (b, a)):
            enemies[lead].add(other)
            if is_decided:
                decided_enemies[lead].add(other)
    for one, other, is_decided, at in doubtful[["left", "right", "is_decided", "at"]].itertuples(index=False):
        a, b = group[one], group[other]
        if a == b:
            continue
        if len(members[a]) + len(enemies[a]) < len(members[b]) + len(enemies[b]):
            a, b = b, a
        forbidden = decided_enemies[b] if is_decided else enemies[b]
        if any(group.get(enemy) == a for enemy in forbidden) or (not is_decided and licenses[a] & licenses[b]):
            keep[at] = False
            continue
        group.update(dict.fromkeys(members[b], a))
        members[a] += members.pop(b)
        for known in (licenses, enemies, decided_enemies):
            known[a] |= known.pop(b)
    return keep


def fetch(context: ExecutionContext, query: str) -> pd.DataFrame:
    """Run a query in DuckDB's dialect on whatever engine runs the model."""
    return context.fetchdf(parse_one(query, dialect="duckdb"))


@model(
    "intermediate.int_entity",
    kind={"name": ModelKindName.FULL},
    owner="lead_enrichment",
    cron="@daily",
    grains=["lead_key"],
    description=(
        "The facility that each lead is about: the connected components of the accepted matches, none with two "
        "licences of one state unless a steward says so. The key comes from the entity's oldest lead, so a merge keeps "
        "the older key and a split leaves it with the oldest lead. One row per lead."
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
        ("one_license_of_a_state_per_entity", {}),
        ("warn_large_entities", {}),
        ("warn_entities_that_hang_on_single_pairs", {}),
    ],
    depends_on=[
        "intermediate.int_lead_current",
        "intermediate.int_match_lead",
        "intermediate.int_match_edge",
        "intermediate.int_match_score",
        # Read by an audit
        "intermediate.int_match_decision",
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Join the leads by the kept edges, the strongest first, and name each entity after its oldest lead."""
    leads = fetch(
        context,
        "SELECT c.lead_key, c.source_key, m.lead_number, "
        "COALESCE(c.source_created_at, CAST(c.license_issued_on AS TIMESTAMPTZ), c.first_received_at) AS born "
        f"FROM {context.resolve_table('intermediate.int_lead_current')} AS c "
        f"LEFT JOIN {context.resolve_table('intermediate.int_match_lead')} AS m ON m.lead_key = c.lead_key "
        # The oldest first; the engine sorts faster than pandas.
        "ORDER BY born, c.lead_key",
    )
    if leads.empty:
        yield from ()
        return
    edges = fetch(
        context,
        'SELECT left_lead_number AS "left", right_lead_number AS "right", match_weight AS weight, is_decided '
        f"FROM {context.resolve_table('intermediate.int_match_edge')} WHERE standing = 'kept'",
    )
    apart = fetch(
        context,
        'SELECT left_lead_number AS "left", right_lead_number AS "right", NOT decision IS NULL AS is_decided '
        f"FROM {context.resolve_table('intermediate.int_match_score')} WHERE is_kept_apart",
    )
    # Leads that are not live take no part: they get numbers of their own behind the others.
    is_live = leads["lead_number"].notna().to_numpy()
    number = np.empty(len(leads), dtype=np.int64)
    number[is_live] = leads.loc[is_live, "lead_number"].astype(np.int64)
    number[~is_live] = number[is_live].max(initial=0) + 1 + np.arange((~is_live).sum())
    license_of = np.full(int(number.max()) + 1, -1, dtype=np.int64)
    states = leads["source_key"].where(leads["source_key"] != "salesforce")
    license_of[number] = pd.factorize(states)[0]

    edges = edges.loc[edges_within_limits(edges, license_of, apart)]
    labels = label_components(
        len(license_of), edges["left"].to_numpy(dtype=np.int64), edges["right"].to_numpy(dtype=np.int64)
    )
    leads["component"] = labels[number]
    oldest = leads.groupby("component", sort=False)["lead_key"].first()
    leads["entity_key"] = "entity:" + leads["component"].map(oldest)
    leads["entity_size"] = leads.groupby("component")["lead_key"].transform("size")
    yield leads[["lead_key", "entity_key", "entity_size"]]
