"""How good the matching is, measured against known answers: precision, recall and F1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.matching.evidence import charts, save_chart
from lead_enrichment.warehouse.connection import literal
from lead_enrichment.warehouse.reading import Row, rows

# The known facility of each live lead, and every pair that is predicted (in one entity) or actual (one facility).
SETUP = """
    CREATE OR REPLACE TEMP TABLE truth AS
        SELECT e.lead_key, e.entity_key, t.facility_id, l.source_key
        FROM intermediate.int_entity AS e
        JOIN intermediate.int_match_lead AS l USING (lead_key)
        JOIN READ_CSV({truth}, all_varchar = TRUE) AS t USING (lead_key);
    CREATE OR REPLACE TEMP TABLE scored AS
        SELECT p.*, a.facility_id = b.facility_id AS is_true
        FROM facts.fact_match_pair AS p
        JOIN truth AS a ON a.lead_key = p.left_lead_key
        JOIN truth AS b ON b.lead_key = p.right_lead_key;
    CREATE OR REPLACE TEMP TABLE pair AS
        SELECT a.entity_key = b.entity_key AS is_predicted, a.facility_id = b.facility_id AS is_true
        FROM truth AS a
        JOIN truth AS b ON a.lead_key < b.lead_key AND a.entity_key = b.entity_key
        UNION ALL
        SELECT FALSE, TRUE
        FROM truth AS a
        JOIN truth AS b ON a.lead_key < b.lead_key AND a.facility_id = b.facility_id AND a.entity_key <> b.entity_key;
"""
# The rule that came before the scores: a phone or e-mail in common, and no conflict of address or licence.
DETERMINISTIC = """
    (phone_level = 'exact' OR email_level = 'exact')
    AND COALESCE(veto, '') NOT IN ('two_licenses', 'two_licenses_one_address')
    AND COALESCE(address_level, '') NOT IN (
        'other_state', 'other_street', 'elsewhere', 'same_house', 'nearly_same', 'other_unit', 'other_zip'
    )
"""
BEFORE = f"SELECT 'rule before' AS name, ({DETERMINISTIC}) AS is_predicted, is_true FROM scored"
GROUPS = {
    "verdict": "SELECT verdict AS name, TRUE AS is_predicted, is_true FROM scored",
    "band, which is of the score alone": "SELECT band AS name, TRUE AS is_predicted, is_true FROM scored",
    "band, where no veto applies": "SELECT band AS name, TRUE AS is_predicted, is_true FROM scored WHERE veto IS NULL",
    "pass": "SELECT UNNEST(STRING_SPLIT(blocking_keys, ', ')) AS name, TRUE AS is_predicted, is_true FROM scored",
}
COUNTS = """
    SELECT
        name,
        COUNT(*) FILTER (is_predicted) AS predicted,
        COUNT(*) FILTER (is_predicted AND is_true) AS true_positives
    FROM ({}) GROUP BY name ORDER BY predicted DESC, name
"""
ENTITIES = """
    WITH predicted AS (SELECT entity_key, COUNT(DISTINCT facility_id) AS facilities FROM truth GROUP BY ALL),
    real AS (SELECT facility_id, COUNT(DISTINCT entity_key) AS entities FROM truth GROUP BY ALL),
    exact AS (
        SELECT COUNT(*) AS n FROM (
            SELECT entity_key FROM truth JOIN real USING (facility_id) JOIN predicted USING (entity_key)
            GROUP BY entity_key HAVING MAX(entities) = 1 AND MAX(facilities) = 1
        )
    )
    SELECT
        (SELECT COUNT(*) FROM predicted) AS predicted,
        (SELECT COUNT(*) FROM real) AS actual,
        (SELECT n FROM exact) AS true_positives
"""
WRONG = """
    SELECT left_lead_key, right_lead_key, name_left, name_right, ROUND(match_weight, 1) AS match_weight, reason
    FROM scored WHERE verdict = 'match' AND NOT is_true
    ORDER BY match_weight DESC, left_lead_key, right_lead_key LIMIT ?
"""
MISSED = """
    SELECT
        a.lead_key AS left_lead_key, b.lead_key AS right_lead_key, l.name AS name_left, r.name AS name_right,
        ROUND(p.match_weight, 1) AS match_weight, COALESCE(p.verdict || ': ' || p.reason, 'never compared') AS reason
    FROM truth AS a
    JOIN truth AS b ON a.lead_key < b.lead_key AND a.facility_id = b.facility_id AND a.entity_key <> b.entity_key
    JOIN intermediate.int_match_lead AS l ON l.lead_key = a.lead_key
    JOIN intermediate.int_match_lead AS r ON r.lead_key = b.lead_key
    LEFT JOIN scored AS p ON p.left_lead_key = a.lead_key AND p.right_lead_key = b.lead_key
    ORDER BY p.match_weight NULLS FIRST, 1, 2 LIMIT ?
"""
# Of all scored pairs, a row for each tenth of the probability.
BINS = """
    SELECT
        LEAST(FLOOR(probability * 10), 9)::INT AS tenth,
        COUNT(*) AS pairs,
        AVG(probability) AS said,
        AVG(is_true::INT) AS true_share
    FROM ({}) GROUP BY tenth ORDER BY tenth
"""
PROBABILITIES = "SELECT match_probability AS probability, is_true FROM scored"
CURVE = """
    SELECT
        FLOOR(match_weight * 2) / 2 AS threshold,
        COUNT(*) AS predicted,
        COUNT(*) FILTER (is_true) AS true_positives
    FROM scored WHERE veto IS NULL GROUP BY threshold ORDER BY threshold DESC
"""


@dataclass(frozen=True)
class Score:
    """How many are predicted, how many there are, and how many are predicted rightly."""

    predicted: int
    actual: int
    true_positives: int

    @property
    def precision(self) -> float:
        """The share of the predicted that is true; 1 where nothing is predicted."""
        return self.true_positives / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        """The share of the actual that is predicted; 1 where there is nothing to predict."""
        return self.true_positives / self.actual if self.actual else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.predicted + self.actual
        return 2 * self.true_positives / both if both else 1.0


@dataclass(frozen=True)
class Reliability:
    """What the probabilities of pairs are worth: of those said to be 0.9 sure, nine in ten should be true.

    Args:
        bins: By tenth of the probability: the pairs, their mean probability (`said`), and the share that is true.
    """

    bins: list[Row]

    @property
    def error(self) -> float:
        """The expected calibration error: how far what is said is from the truth, on average over the pairs."""
        pairs = sum(row["pairs"] for row in self.bins)
        apart = sum(row["pairs"] * abs(row["said"] - row["true_share"]) for row in self.bins)
        return float(apart / pairs) if pairs else 0.0


def reliability(connection: duckdb.DuckDBPyConnection, query: str) -> Reliability:
    """Hold probabilities against the truth.

    Args:
        connection: Where the query runs.
        query: Gives `probability` and `is_true`, a row a pair.
    """
    return Reliability(rows(connection, BINS.format(query)))


@dataclass(frozen=True)
class Evaluation:
    """The matching measured against known answers.

    Args:
        leads: Live leads that the truth knows.
        pairs: Pairs of leads in one entity.
        entities: Entities that hold exactly the leads of a facility.
        rule_before: Pairs, by the deterministic rule that came before, of those that were compared.
        groups: By verdict, band and pass: the compared pairs, and how many of them are true.
        wrong: The surest pairs that were joined and are not true.
        missed: True pairs that were not joined, those never compared first.
        reliability: What the probabilities of the compared pairs are worth.
        curve: Pairs without veto by their weight, the highest first, and how many of them are true.
    """

    leads: int
    pairs: Score
    entities: Score
    rule_before: Score
    groups: dict[str, list[Row]]
    wrong: list[Row]
    missed: list[Row]
    reliability: Reliability
    curve: list[Row]


def evaluate(connection: duckdb.DuckDBPyConnection, truth: Path, errors: int) -> Evaluation:
    """Measure production against known answers.

    Args:
        connection: The warehouse.
        truth: CSV with the columns lead_key and facility_id; leads of one facility bear one id.
        errors: How many of the worst errors to list.

    Raises:
        UsageError: The truth is not there or lacks a column, or knows none of the leads.
    """
    if not truth.is_file():
        raise UsageError("there is no truth to hold the matching against", str(truth), "Name one: --truth FILE")
    try:
        connection.execute(SETUP.format(truth=literal(truth)))
    except duckdb.BinderException as error:
        remedy = "It needs the columns lead_key and facility_id."
        raise UsageError(f"the truth cannot be read ({error})", str(truth), remedy) from error
    (counts,) = rows(
        connection,
        "SELECT COUNT(*) FILTER (is_predicted) AS predicted, COUNT(*) FILTER (is_true) AS actual, "
        "COUNT(*) FILTER (is_predicted AND is_true) AS true_positives, (SELECT COUNT(*) FROM truth) AS leads FROM pair",
    )
    leads = counts.pop("leads")
    if not leads:
        raise UsageError("the truth knows none of the live leads", str(truth), "Give the truth of these deliveries.")
    pairs = Score(**counts)
    groups = {name: rows(connection, COUNTS.format(query)) for name, query in GROUPS.items()}
    (before,) = rows(connection, COUNTS.format(BEFORE)) or [{"predicted": 0, "true_positives": 0}]
    (entities,) = rows(connection, ENTITIES)
    return Evaluation(
        leads=leads,
        pairs=pairs,
        entities=Score(**entities),
        rule_before=Score(before["predicted"], pairs.actual, before["true_positives"]),
        groups=groups,
        wrong=rows(connection, WRONG, errors),
        missed=rows(connection, MISSED, errors),
        reliability=reliability(connection, PROBABILITIES),
        curve=rows(connection, CURVE),
    )


def draw_thresholds(evaluation: Evaluation, path: Path) -> None:
    """Draw precision and recall by the threshold of the score, and what its probabilities are worth.

    The thresholds are those of the score, before rivals and entities are considered.
    """
    alt = charts()
    points, predicted, true_positives = [], 0, 0
    for row in evaluation.curve:
        predicted, true_positives = predicted + row["predicted"], true_positives + row["true_positives"]
        score = Score(predicted, evaluation.pairs.actual, true_positives)
        for name, value in (("precision", score.precision), ("recall", score.recall), ("F1", score.f1)):
            points.append({"threshold": row["threshold"], "measure": name, "value": round(value, 4)})
    thresholds = (
        alt.Chart(alt.Data(values=points), title="Pairs joined from a threshold on")
        .mark_line(point=True)
        .encode(
            x=alt.X("threshold:Q", title="threshold in bits (0 is even odds)"),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("measure:N", title=None),
            tooltip=["threshold:Q", "measure:N", "value:Q"],
        )
        .properties(width=640, height=320)
    )
    found = evaluation.reliability
    bins = [{key: round(float(row[key]), 4) for key in ("said", "true_share", "pairs")} for row in found.bins]
    share = {"scale": alt.Scale(domain=[0, 1])}
    worth = (
        alt.Chart(alt.Data(values=bins), title=f"What a probability is worth (calibration error {found.error:.3f})")
        .mark_circle()
        .encode(
            x=alt.X("said:Q", title="probability that is said", **share),
            y=alt.Y("true_share:Q", title="share that is true", **share),
            size=alt.Size("pairs:Q", title="pairs"),
            tooltip=["said:Q", "true_share:Q", "pairs:Q"],
        )
        .properties(width=320, height=320)
    )
    even = (
        alt.Chart(alt.Data(values=[{"said": 0, "true_share": 0}, {"said": 1, "true_share": 1}]))
        .mark_line(strokeDash=[4, 4], color="gray")
        .encode(x="said:Q", y="true_share:Q")
    )
    save_chart(alt.vconcat(thresholds, even + worth), path)
