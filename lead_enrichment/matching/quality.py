"""How good the matching is, measured against known answers: precision, recall and F1."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from lead_enrichment.charts import charts, save_chart
from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.connection import exactly, literal
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
# What is claimed of each live lead, how sure, and whether it is so. A facility is net-new where no live Salesforce lead
# is about it, and of its leads one is to be claimed: a second claim is wrong. A Salesforce lead is a duplicate where an
# older live one is about its facility, and the claim is right where it names one of that facility.
CLAIMS = """
    CREATE OR REPLACE TEMP TABLE judged AS
        SELECT
            m.lead_key, m.is_crm, m.match_status, m.confidence, m.duplicate_of_lead_key, t.facility_id, c.name,
            m.reason,
            COUNT(*) FILTER (m.is_crm) OVER (PARTITION BY t.facility_id) AS crm_leads,
            ROW_NUMBER() OVER (PARTITION BY t.facility_id, m.is_crm ORDER BY c.born_at, m.lead_key) AS age,
            ROW_NUMBER() OVER (PARTITION BY t.facility_id, m.match_status ORDER BY m.lead_key) AS claim_number
        FROM facts.fact_lead_match AS m
        JOIN truth AS t USING (lead_key)
        JOIN intermediate.int_lead_current AS c USING (lead_key);
    CREATE OR REPLACE TEMP TABLE claim AS
        SELECT
            'net_new' AS claim, lead_key, name, reason,
            match_status = 'net_new' AS is_predicted,
            crm_leads = 0 AS is_true,
            match_status = 'net_new' AND crm_leads = 0 AND claim_number = 1 AS is_right,
            confidence AS probability
        FROM judged WHERE match_status IN ('net_new', 'to_review')
        UNION ALL
        SELECT
            'duplicate', j.lead_key, j.name, j.reason,
            j.match_status = 'duplicate',
            j.age > 1,
            j.match_status = 'duplicate' AND k.facility_id = j.facility_id AND j.age > 1,
            CASE j.match_status WHEN 'duplicate' THEN j.confidence ELSE 1 - j.confidence END
        FROM judged AS j
        LEFT JOIN judged AS k ON k.lead_key = j.duplicate_of_lead_key
        WHERE j.is_crm;
"""
CLAIM_COUNTS = """
    SELECT
        COUNT(*) FILTER (is_predicted) AS predicted,
        CASE ?
            WHEN 'net_new' THEN (SELECT COUNT(DISTINCT facility_id) FROM judged WHERE crm_leads = 0)
            ELSE COUNT(*) FILTER (is_true)
        END AS actual,
        COUNT(*) FILTER (is_right) AS true_positives
    FROM claim WHERE claim = ?
"""
# Leads in tenths of their probability; a certainty of 0 or 1 is in the outermost.
CALIBRATION = """
    SELECT
        LEAST(FLOOR(probability * 10), 9) / 10 AS probability_from,
        COUNT(*) AS leads,
        ROUND(AVG(probability), 4) AS predicted_share,
        ROUND(AVG(is_true::INT), 4) AS actual_share
    FROM claim WHERE claim = ? GROUP BY probability_from ORDER BY probability_from
"""
FALSE_CLAIMS = """
    SELECT lead_key, name, probability, reason FROM claim
    WHERE claim = ? AND is_predicted AND NOT is_right ORDER BY probability DESC, lead_key LIMIT ?
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
    "blocking key": (
        "SELECT UNNEST(STRING_SPLIT(blocking_keys, ', ')) AS name, TRUE AS is_predicted, is_true FROM scored"
    ),
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
class ClaimQuality:
    """How right a claim about leads is: net-new or duplicate.

    Args:
        score: Leads of which it is claimed, of which it is true, and both. Of a facility unknown to sales one lead is
            to be claimed.
        calibration: Leads in tenths of the claim's probability: how many, what was predicted, and what is true.
        wrong: The surest of the wrong claims.
    """

    score: Score
    calibration: list[Row]
    wrong: list[Row]

    @property
    def calibration_error(self) -> float:
        """By how much the predicted share is off, on the average of leads (expected calibration error)."""
        leads = sum(row["leads"] for row in self.calibration)
        off = sum(row["leads"] * abs(row["predicted_share"] - row["actual_share"]) for row in self.calibration)
        return off / leads if leads else 0.0


@dataclass(frozen=True)
class Evaluation:
    """The matching measured against known answers.

    Args:
        leads: Live leads that the truth knows.
        net_new: Leads claimed as net-new.
        duplicates: Salesforce leads claimed as duplicates to merge away.
        pairs: Pairs of leads in one entity.
        entities: Entities that hold exactly the leads of a facility.
        rule_before: Pairs, by the deterministic rule that came before, of those that were compared.
        groups: By verdict, band and blocking key: the compared pairs, and how many of them are true.
        wrong: The surest pairs that were joined and are not true.
        missed: True pairs that were not joined, those never compared first.
        reliability: What the probabilities of the compared pairs are worth.
        curve: Pairs without veto by their weight, the highest first, and how many of them are true.
    """

    leads: int
    net_new: ClaimQuality
    duplicates: ClaimQuality
    pairs: Score
    entities: Score
    rule_before: Score
    groups: dict[str, list[Row]]
    wrong: list[Row]
    missed: list[Row]
    reliability: Reliability
    curve: list[Row]


def measure(connection: duckdb.DuckDBPyConnection, truth: Path) -> None:
    """Put the live leads, compared pairs and claims beside known answers, as temporary tables.

    Raises:
        UsageError: The truth is not there or lacks a column, or knows none of the leads.
    """
    if not truth.is_file():
        raise UsageError("there is no truth to hold the matching against", str(truth), "Name one: --truth FILE")
    try:
        connection.execute(SETUP.format(truth=literal(exactly(truth))))
    except duckdb.BinderException as error:
        remedy = "It needs the columns lead_key and facility_id."
        raise UsageError(f"the truth cannot be read ({error})", str(truth), remedy) from error
    if not rows(connection, "SELECT 1 FROM truth LIMIT 1"):
        raise UsageError("the truth knows none of the live leads", str(truth), "Give the truth of these deliveries.")
    connection.execute(CLAIMS)


def evaluate(connection: duckdb.DuckDBPyConnection, truth: Path, errors: int) -> Evaluation:
    """Measure production against known answers.

    Args:
        connection: The warehouse.
        truth: CSV with the columns lead_key and facility_id; leads of one facility bear one id.
        errors: How many of the worst errors to list.

    Raises:
        UsageError: The truth is not there or lacks a column, or knows none of the leads.
    """
    measure(connection, truth)
    (counts,) = rows(
        connection,
        "SELECT COUNT(*) FILTER (is_predicted) AS predicted, COUNT(*) FILTER (is_true) AS actual, "
        "COUNT(*) FILTER (is_predicted AND is_true) AS true_positives, (SELECT COUNT(*) FROM truth) AS leads FROM pair",
    )
    leads = counts.pop("leads")
    pairs = Score(**counts)
    groups = {name: rows(connection, COUNTS.format(query)) for name, query in GROUPS.items()}
    (before,) = rows(connection, COUNTS.format(BEFORE)) or [Row(predicted=0, true_positives=0)]
    (entities,) = rows(connection, ENTITIES)
    net_new, duplicates = (
        ClaimQuality(
            Score(**rows(connection, CLAIM_COUNTS, claim, claim)[0]),
            rows(connection, CALIBRATION, claim),
            rows(connection, FALSE_CLAIMS, claim, errors),
        )
        for claim in ("net_new", "duplicate")
    )
    return Evaluation(
        leads=leads,
        net_new=net_new,
        duplicates=duplicates,
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
