"""Clusters: the leads that match each other, directly or by way of others."""

from __future__ import annotations

import typing as t
from datetime import datetime

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csgraph
from sqlglot import exp, parse_one
from sqlmesh import ExecutionContext, model
from sqlmesh.core.model import ModelKindName

# Parts of a table of pairs, one after the other in memory.
Pairs = t.Iterator[pd.DataFrame]
# Some 200 MB. Fewer leads than have so many pairs are joined in one part.
PAIRS_AT_ONCE = 5_000_000


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
        edges: `left`, `right` (places of leads), `weight` (bits), and `is_decided` where a steward joined the two.
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


def places_of(numbers: np.ndarray, leads: np.ndarray) -> np.ndarray:
    """Return the places of numbers among those of the leads, -1 for one that is not there."""
    order = np.argsort(leads)
    at = np.minimum(np.searchsorted(leads, numbers, sorter=order), len(leads) - 1)
    return np.where(leads[order[at]] == numbers, order[at], -1)


def join_in_parts(license_of: np.ndarray, edges: t.Callable[[], Pairs], apart: t.Callable[[], Pairs]) -> np.ndarray:
    """Number the entities, with no more than a part of the pairs in memory.

    Only of components that would contradict themselves all edges are needed at once; see edges_within_limits.

    Args:
        license_of: For each lead the number of the state that licensed it, or -1.
        edges: Returns the edges in parts, as edges_within_limits takes them.
        apart: Returns the pairs that cannot be one facility, likewise.

    Returns:
        For each lead the number of its entity.
    """
    size = len(license_of)
    labels = np.arange(size)
    for part in edges():
        labels = label_components(size, labels[part["left"]], labels[part["right"]])[labels]
    licensed = np.flatnonzero(license_of >= 0)
    held = pd.DataFrame({"label": labels[licensed], "license": license_of[licensed]})
    torn = pd.concat([part[labels[part["left"]] == labels[part["right"]]] for part in apart()])
    crowded = held.loc[held.duplicated(), "label"]
    in_doubt = np.isin(labels, np.union1d(crowded, labels[torn["left"]]))
    doubtful = pd.concat([part[in_doubt[part["left"]]] for part in edges()], ignore_index=True)
    kept = doubtful.loc[edges_within_limits(doubtful, license_of, torn)]
    return np.where(in_doubt, size + label_components(size, kept["left"], kept["right"]), labels)


def fetch(context: ExecutionContext, query: str) -> pd.DataFrame:
    """Run a query in DuckDB's dialect on whatever engine runs the model."""
    return context.fetchdf(parse_one(query, dialect="duckdb"))


def pairs_in_parts(context: ExecutionContext, query: str, leads: np.ndarray) -> Pairs:
    """Return the pairs of a query in parts, with the places of the leads instead of their numbers.

    Args:
        context: What runs the query.
        query: Of `left` and `right`, numbers of leads, and what else is told of a pair.
        leads: The numbers of the leads, by place. A pair of which one is none of these is left out.
    """
    count = int(fetch(context, f"SELECT COUNT(*) AS pairs FROM ({query}) AS p")["pairs"].iloc[0])
    parts = count // PAIRS_AT_ONCE + 1
    for part in range(parts):
        pairs = fetch(context, f'SELECT p.* FROM ({query}) AS p WHERE p."left" % {parts} = {part}')
        placed = {side: places_of(pairs[side].to_numpy(dtype=np.int64), leads) for side in ("left", "right")}
        yield pairs.assign(**placed)[(placed["left"] >= 0) & (placed["right"] >= 0)]


@model(
    "intermediate.int_match_cluster",
    kind={"name": ModelKindName.FULL},
    owner="lead_enrichment",
    cron="@daily",
    grains=["lead_number"],
    description=(
        "The leads that are joined to others: the connected components of the accepted matches, none with two licences "
        "of one state unless a steward says so. Numbers only: intermediate.int_entity names the facility. One row per "
        "lead that is joined to another."
    ),
    columns={"lead_number": "bigint", "cluster_number": "bigint"},
    column_descriptions={
        "lead_number": "Number of the lead, made from its key",
        "cluster_number": "Number of the lead whose key sorts first among those that are joined",
    },
    audits=[
        ("not_null", {"columns": [exp.column("lead_number"), exp.column("cluster_number")]}),
        ("unique_values", {"columns": [exp.column("lead_number")]}),
    ],
    depends_on=[
        "intermediate.int_match_lead",
        "intermediate.int_match_edge",
        "intermediate.int_match_score",
    ],
)
def execute(
    context: ExecutionContext, start: datetime, end: datetime, execution_time: datetime, **kwargs: t.Any
) -> t.Iterator[pd.DataFrame]:
    """Join the leads by the kept edges, the strongest first."""
    edge, score, lead = (context.resolve_table(f"intermediate.int_match_{name}") for name in ("edge", "score", "lead"))
    kept = (
        'SELECT left_lead_number AS "left", right_lead_number AS "right", match_weight AS weight, is_decided '
        f"FROM {edge} WHERE outcome = 'kept'"
    )
    # A lead that fits two rivals about as well joins neither, and so not by way of others.
    kept_apart = (
        'SELECT left_lead_number AS "left", right_lead_number AS "right", NOT decision IS NULL AS is_decided '
        f"FROM {score} WHERE is_kept_apart UNION ALL "
        f"SELECT left_lead_number, right_lead_number, FALSE FROM {edge} WHERE outcome = 'contested'"
    )
    # Each lead of an edge by its place in the order of the keys, which a number is not.
    leads = fetch(
        context,
        f"SELECT l.lead_number, COALESCE(s.state, -1) AS state FROM {lead} AS l LEFT JOIN ("
        f"SELECT source_key, ROW_NUMBER() OVER (ORDER BY source_key) AS state FROM {lead} WHERE NOT is_crm "
        "GROUP BY source_key) AS s ON s.source_key = l.source_key WHERE l.lead_number IN ("
        f"SELECT left_lead_number FROM {edge} WHERE outcome = 'kept' UNION "
        f"SELECT right_lead_number FROM {edge} WHERE outcome = 'kept') ORDER BY l.lead_key",
    ).astype(np.int64)
    if leads.empty:
        yield from ()
        return
    numbers = leads["lead_number"].to_numpy()
    labels = join_in_parts(
        leads["state"].to_numpy(),
        lambda: pairs_in_parts(context, kept, numbers),
        lambda: pairs_in_parts(context, kept_apart, numbers),
    )
    _, first, cluster, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    is_joined = size[cluster] > 1
    clusters = pd.DataFrame({"lead_number": numbers, "cluster_number": numbers[first][cluster]})[is_joined]
    if clusters.empty:
        yield from ()
    else:
        yield clusters
