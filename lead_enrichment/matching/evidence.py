"""Why two leads are, or are not, matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lead_enrichment.charts import charts, save_chart
from lead_enrichment.errors import UsageError
from lead_enrichment.matching.sentences import Evidence, evidence
from lead_enrichment.warehouse.lookups import find_lead, positions_of, rows_of_keys
from lead_enrichment.warehouse.reading import Row, rows

SHARED_KEYS = """
    SELECT a.key_type, a.key_value, a.leads_sharing, a.is_over_shared
    FROM intermediate.int_match_key AS a
    JOIN intermediate.int_match_key AS b USING (key_type, key_value)
    WHERE a.lead_key = ? AND b.lead_key = ?
    ORDER BY ALL
"""
# How many other live leads hold a phone number or an e-mail address; three questions of one column each, since DuckDB
# looks for one value before it reads other columns, and reads them all for one of three.
HELD = ("phone", "mobile", "email")
HOLDERS = """
    SELECT COUNT(*) AS leads
    FROM (
        SELECT lead_key FROM intermediate.int_match_lead WHERE phone = $value
        UNION SELECT lead_key FROM intermediate.int_match_lead WHERE mobile = $value
        UNION SELECT lead_key FROM intermediate.int_match_lead WHERE email = $value
    )
    WHERE lead_key NOT IN ($one, $other)
"""
KEY = re.compile(r"\b[a-z][a-z_]*:[^\s,;:()]+")
NEAREST = """
    SELECT *
    FROM (
        SELECT * FROM facts.fact_match_pair WHERE left_lead_key = $key
        UNION ALL SELECT * FROM facts.fact_match_pair WHERE right_lead_key = $key
    )
    ORDER BY is_match DESC, match_weight DESC, left_lead_key, right_lead_key
    LIMIT $nearest
"""


@dataclass(frozen=True)
class Step:
    """One step of the waterfall: the values of both leads, the level of their agreement, and its bits."""

    attribute: str
    left: str | None
    right: str | None
    level: str | None
    weight: float
    adjustment: float


@dataclass(frozen=True)
class Explanation:
    """A pair with all its evidence.

    Args:
        pair: The row of facts.fact_match_pair; None where the two were never compared.
        steps: The prior and each attribute, in bits; they add up to the pair's match_weight.
        why_not: Why they were never compared; empty where they were.
        sides: What the two leads are compared by, as rows of intermediate.int_match_lead.
        evidence: What they say alike and otherwise, in sentences.
    """

    pair: Row | None
    steps: tuple[Step, ...]
    why_not: str = ""
    sides: tuple[Row, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


def explain_pair(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> Explanation:
    """Return the evidence for and against two leads.

    Raises:
        UsageError: One of the leads never came, or the two are one.
    """
    if one == other:
        raise UsageError("the two leads are one", one, "Give two keys.")
    leads = [find_lead(connection, key) for key in (one, other)]
    query = "SELECT * FROM facts.fact_match_pair WHERE left_lead_key = ? AND right_lead_key = ?"
    found = rows(connection, query, *sorted((one, other)))
    if found:
        return explanation_of(connection, found[0])
    gone = [lead["lead_key"] for lead in leads if not lead["is_live"]]
    if gone:
        return Explanation(
            None, (), f"{' and '.join(gone)} is deleted or no longer listed, so it is compared with nobody."
        )
    shared = rows(connection, SHARED_KEYS, one, other)
    if shared:
        named = "; ".join(f"{row['key_type']} {row['key_value']} (of {row['leads_sharing']:,} leads)" for row in shared)
        return Explanation(None, (), f"All that they share is shared by too many to identify a facility: {named}.")
    return Explanation(
        None,
        (),
        "They share no key: no phone, e-mail address, street address, web domain, contact or name in one place.",
    )


def explanation_of(connection: duckdb.DuckDBPyConnection, pair: Row) -> Explanation:
    """Return a compared pair with its evidence in bits and in sentences."""
    both = (pair["left_lead_key"], pair["right_lead_key"])
    left, right = rows_of_keys(connection, "intermediate.int_match_lead", "lead_key", both)
    shared = {left["phone"], left["mobile"], left["email"]} & {right["phone"], right["mobile"], right["email"]}
    others = {value: _other_holders(connection, value, both) for value in shared - {None}}
    steps = steps_of(pair)
    weights = {step.attribute: step.weight for step in steps}
    (named,) = with_names(connection, [pair["reason"]])
    return Explanation(Row(pair, reason=named), steps, "", (left, right), evidence(left, right, weights, others))


def _other_holders(connection: duckdb.DuckDBPyConnection, value: str, pair: tuple[str, str]) -> int:
    """Return how many live leads beside a pair hold a phone number or an e-mail address."""
    held = [positions_of(connection, "intermediate.int_match_lead", column, value) for column in HELD]
    own = [positions_of(connection, "intermediate.int_match_lead", "lead_key", key) for key in pair]
    if None in held or None in own:
        return int(rows(connection, HOLDERS, value=value, one=pair[0], other=pair[1])[0]["leads"])
    return len({at for found in held for at in found or ()} - {at for found in own for at in found or ()})


def with_names(connection: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> list[str]:
    """Return texts in which each lead's key stands behind the lead's name, in brackets."""
    found = {key.rstrip(".") for text in texts for key in KEY.findall(text)}
    if not found:
        return [*texts]
    leads = rows_of_keys(connection, "intermediate.int_lead_current", "lead_key", found, "lead_key, name")
    names = {row["lead_key"]: row["name"] for row in leads}

    def named(match: re.Match[str]) -> str:
        key = match[0].rstrip(".")
        name = names.get(key)
        return f"{name} ({key}){match[0][len(key) :]}" if name else match[0]

    return [KEY.sub(named, text) for text in texts]


def steps_of(pair: Row) -> tuple[Step, ...]:
    """Return the waterfall of a pair."""
    steps = [Step("prior", None, None, None, pair["prior_weight"], 0.0)]
    for name in (column.removesuffix("_level") for column in pair if column.endswith("_level")):
        values = (pair[f"{name}_left"], pair[f"{name}_right"], pair[f"{name}_level"])
        steps.append(Step(name, *values, pair[f"{name}_weight"], pair.get(f"{name}_adjustment", 0.0)))
    return tuple(steps)


def explain_lead(connection: duckdb.DuckDBPyConnection, lead_key: str, nearest: int) -> tuple[Row, list[Row]]:
    """Return the row of facts.fact_lead_match of a lead, and its pairs: matches first, then by weight.

    Raises:
        UsageError: The lead never came.
    """
    name = find_lead(connection, lead_key)["name"]
    (fact,) = rows(connection, "SELECT * FROM facts.fact_lead_match WHERE lead_key = ?", lead_key)
    pairs = rows(connection, NEAREST, key=lead_key, nearest=nearest)
    reason, *reasons = with_names(connection, [fact["reason"], *(pair["reason"] for pair in pairs)])
    pairs = [Row(pair, reason=text) for pair, text in zip(pairs, reasons, strict=True)]
    return Row(fact, reason=reason, name=name), pairs


def draw_waterfall(pair: Row, path: Path) -> None:
    """Draw the waterfall of a pair as HTML, PNG or SVG, by the ending of the path's name.

    Raises:
        UsageError: The ending is another.
    """
    alt = charts()
    total, bars = 0.0, []
    for step in steps_of(pair):
        bits = step.weight + step.adjustment
        if bits or step.attribute == "prior":
            label = step.attribute if step.level is None else f"{step.attribute}: {step.level.replace('_', ' ')}"
            bars.append({"step": label, "from": total, "to": total + bits, "bits": round(bits, 2)})
            total += bits
    bars.append({"step": "sum", "from": 0.0, "to": total, "bits": round(total, 2)})
    chart = (
        alt.Chart(
            alt.Data(values=bars), title=f"{pair['left_lead_key']} and {pair['right_lead_key']}: {pair['verdict']}"
        )
        .mark_bar()
        .encode(
            x=alt.X("from:Q", title="bits of evidence; each doubles the odds"),
            x2="to",
            y=alt.Y("step:N", sort=None, title=None),
            color=alt.Color(
                "direction:N",
                title=None,
                scale=alt.Scale(domain=["for", "against", "sum"], range=["#2a7f62", "#b5443b", "#3b4a6b"]),
            ),
            tooltip=["step:N", "bits:Q"],
        )
        .transform_calculate(direction="datum.step === 'sum' ? 'sum' : datum.bits >= 0 ? 'for' : 'against'")
        .properties(width=560)
    )
    save_chart(chart, path)
