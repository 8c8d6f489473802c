"""Estimates the weight of each agreement of two leads from the current leads, by expectation maximisation."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import groupby, permutations
from pathlib import Path
from typing import Any

import duckdb

from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.matching.models import MatchingModels
from lead_enrichment.matching.weights import PRIOR, Weight
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, literal
from lead_enrichment.warehouse.reading import errors_of_reading, one_row

# A level that fewer candidate pairs are at keeps its weight.
FEWEST_SEEN = 20
# What comes about in fewer pairs than this is taken to come about in this many: that it never does cannot be known.
LEAST_COUNT = 5
# A round of training with fewer pairs than this is left out.
FEWEST_IN_ROUND = 100
# Levels that stand as far apart as this, in bits, do not change places for good reasons.
CLEARLY_APART = 4.0
# Of the pairs that production joins, the share that new weights may lose, and the share that they may add. Beyond that
# it is a different matching, which a person should set up and not a command.
MOST_LOST, MOST_GAINED = 0.05, 0.25
# Each round trains on the pairs that agree in one attribute, and so learns of all others. Splink takes the median.
ROUNDS = {
    "phone": ("exact",),
    "email": ("exact",),
    "name": ("exact",),
    "address": ("same_unit", "same_building", "nearly_same"),
}


@dataclass(frozen=True)
class Trained:
    """A weight before and after training, and why it stayed where it did."""

    old: Weight
    new: Weight
    kept_because: str | None = None


@dataclass(frozen=True)
class Effect:
    """What the new weights would do to the pairs in production, by score and rules alone.

    Args:
        joined: Pairs that the present weights join.
        gained: Pairs that the new ones would join besides.
        lost: Pairs that the new ones would join no more.
        contradicted: Pairs that a steward decided against the present score: `same` and not joined, or the reverse.
        contradicted_after: The same with the new weights.
    """

    joined: int
    gained: int
    lost: int
    contradicted: int
    contradicted_after: int


@dataclass(frozen=True)
class Training:
    """What training found.

    Args:
        weights: Each row of the seed, in its order.
        candidates: Candidate pairs of which m was learned, without those that a rule or a person keeps apart.
        random_pairs: Pairs of any leads of which u was counted.
        rounds: Pairs of each round, by the attribute in which they agree.
        effect: What the new weights would do to the pairs in production.
    """

    weights: tuple[Trained, ...]
    candidates: int
    random_pairs: int
    rounds: dict[str, int]
    effect: Effect


def train(paths: DataPaths, project: Path, weights: Sequence[Weight], random_pairs: int) -> Training:
    """Estimate the weights from the leads in production.

    The levels are those of intermediate.int_match_comparison. How often each comes about by chance (u) is counted among
    pairs of any two leads, without those that production joins or puts before a person. How often one facility agrees
    so (m) is what Splink's expectation maximisation makes of the candidate pairs, without those that a rule or a
    decision keeps apart. The prior is the share of all pairs that production joins.

    Args:
        paths: The data directory; its warehouse is only read.
        project: The project's folder.
        weights: The present weights, from which the estimate starts.
        random_pairs: Pairs of any two leads to draw.

    Raises:
        UsageError: Splink is not installed, or production has not been planned.
        DataError: There are too few pairs, or what comes out contradicts what the levels mean, or would do harm.
    """
    if find_spec("splink") is None:
        raise UsageError("training needs Splink, which is not installed", "", "Run: pip install -e '.[match]'")
    models = MatchingModels(project)
    with errors_of_reading(paths.warehouse), connect() as connection:
        connection.execute(f"ATTACH {literal(paths.warehouse)} AS leads (READ_ONLY)")
        random = _random_shares(connection, models, weights, random_pairs)
        candidates = _load_candidates(connection, weights)
        joined = _level_counts(connection, "(FROM candidate WHERE is_joined)", weights)
        agreed = _agreement_of_matches(connection, _started(weights, joined, random))
        prior = _prior(connection)
        trained = tuple(_trained(weight, prior, random, candidates, agreed.shares) for weight in weights)
        refuse_contradictions(trained)
        auto = float(models.context.config.variables["match_auto_probability"])
        effect = _effect(connection, trained, auto)
    refuse_harm(effect)
    return Training(trained, candidates.pairs, random.pairs, agreed.rounds, effect)


@dataclass(frozen=True)
class _Counts:
    """Pairs, and of them those at each attribute and level."""

    pairs: int
    levels: dict[tuple[str, str], int]

    def share(self, attribute: str, level: str) -> float:
        """Return the share of a level among the pairs in which both leads have a value."""
        compared = self._compared(attribute)
        return self.levels.get((attribute, level), 0) / compared if compared else 0.0

    def least_share(self, attribute: str) -> float:
        """Return the smallest share that so many pairs can show."""
        return LEAST_COUNT / max(self._compared(attribute), 2 * LEAST_COUNT)

    def _compared(self, attribute: str) -> int:
        return sum(count for (other, _), count in self.levels.items() if other == attribute)


@dataclass(frozen=True)
class _Agreement:
    """What the rounds found: the share of each level among the matches, and the pairs of each round."""

    shares: dict[tuple[str, str], float]
    rounds: dict[str, int]


def _random_shares(
    connection: duckdb.DuckDBPyConnection, models: MatchingModels, weights: Sequence[Weight], pairs: int
) -> _Counts:
    """Compare pairs of any two leads by the very models that compare candidates, and count their levels."""
    leads = _count(connection, "FROM leads.intermediate.int_match_lead")
    # By a hash and not by chance, so that the same leads yield the same weights.
    connection.execute(
        f"""
        CREATE TABLE random_pair AS
        WITH drawn AS (
            SELECT 1 + HASH(range, 'a') % {max(leads, 1)} AS a, 1 + HASH(range, 'b') % {max(leads, 1)} AS b
            FROM RANGE({min(pairs, leads * (leads - 1) // 2)})
        ),
        placed AS (
            SELECT lead_key, ROW_NUMBER() OVER (ORDER BY lead_key) AS place FROM leads.intermediate.int_match_lead
        )
        SELECT DISTINCT l.lead_key AS left_lead_key, r.lead_key AS right_lead_key
        FROM drawn AS d
        JOIN placed AS l ON l.place = LEAST(d.a, d.b)
        JOIN placed AS r ON r.place = GREATEST(d.a, d.b)
        ANTI JOIN (
            SELECT left_lead_key, right_lead_key FROM leads.facts.fact_match_pair WHERE verdict IN ('match', 'review')
        ) AS k ON k.left_lead_key = l.lead_key AND k.right_lead_key = r.lead_key
        WHERE d.a <> d.b
        """
    )
    # The models compare what a person judged, whatever key finds it: so they take the drawn pairs.
    candidate = models.query("intermediate.int_match_candidate", {"intermediate.int_match_decision": "random_pair"})
    connection.execute(
        f"CREATE TABLE random_candidate AS SELECT * FROM ({candidate}) WHERE CONTAINS(blocking_keys, 'decision')"
    )
    comparison = models.query(
        "intermediate.int_match_comparison", {"intermediate.int_match_candidate": "random_candidate"}
    )
    levels = ", ".join(f"{attribute}_level" for attribute in _attributes(weights))
    connection.execute(f"CREATE TABLE random_level AS SELECT {levels} FROM ({comparison})")
    return _level_counts(connection, "random_level", weights)


def _load_candidates(connection: duckdb.DuckDBPyConnection, weights: Sequence[Weight]) -> _Counts:
    """Take the scored pairs that nobody and no rule keeps apart, and count their levels.

    Raises:
        DataError: There are too few to learn from.
    """
    levels = ", ".join(f"{attribute}_level" for attribute in _attributes(weights))
    connection.execute(
        f"""
        CREATE TABLE candidate AS
        SELECT
            ROW_NUMBER() OVER (ORDER BY left_lead_number, right_lead_number) AS pair_number,
            proposal = 'match' AS is_joined,
            {levels}
        FROM leads.intermediate.int_match_score
        WHERE NOT is_kept_apart
        """
    )
    counts = _level_counts(connection, "candidate", weights)
    if counts.pairs < FEWEST_IN_ROUND:
        raise DataError(
            f"{counts.pairs:,} pairs of leads are too few to learn weights from; {FEWEST_IN_ROUND:,} would do",
            "",
            "Keep the weights as they are until more leads are in.",
        )
    return counts


def _agreement_of_matches(connection: duckdb.DuckDBPyConnection, weights: Sequence[Weight]) -> _Agreement:
    """Return how often matches are at each level, as Splink's expectation maximisation estimates it.

    Splink compares records; here the pairs have been compared already. So each pair is its own record on both sides,
    and a level of Splink's is the text of a level.

    Raises:
        DataError: No round has enough pairs.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink.comparison_level_library import CustomLevel, NullLevel
    from splink.comparison_library import CustomComparison

    logging.getLogger("splink").setLevel(logging.ERROR)
    levels = {
        attribute: found for attribute, found in _levels(weights).items() if len(found) > 1
    }  # With a single level there is nothing to learn.
    comparisons: list[Any] = [
        CustomComparison(
            output_column_name=attribute,
            comparison_levels=[
                NullLevel(f"{attribute}_level"),
                *(
                    CustomLevel(
                        f"{attribute}_level_l = '{weight.level}' AND {attribute}_level_r = '{weight.level}'",
                        label_for_charts=weight.level,
                    ).configure(m_probability=weight.m_probability, u_probability=weight.u_probability)
                    for weight in found
                ),
            ],
        )
        for attribute, found in levels.items()
    ]
    rounds: dict[str, int] = {}
    api = DuckDBAPI(connection)
    linker = Linker(
        [api.register("candidate", table_name=side) for side in ("one_side", "other_side")],
        SettingsCreator(link_type="link_only", unique_id_column_name="pair_number", comparisons=comparisons),
        log_level=None,
    )
    for attribute, agreeing in ROUNDS.items():
        values = ", ".join(f"'{level}'" for level in agreeing)
        pairs = _count(connection, f"FROM candidate WHERE {attribute}_level IN ({values})")
        if pairs < FEWEST_IN_ROUND:
            continue
        linker.training.estimate_parameters_using_expectation_maximisation(
            f"l.pair_number = r.pair_number AND l.{attribute}_level IN ({values})"
        )
        rounds[attribute] = pairs
    if not rounds:
        raise DataError(
            f"fewer than {FEWEST_IN_ROUND:,} pairs agree in each of {', '.join(ROUNDS)}: too few to learn weights from",
            "",
            "Keep the weights as they are until more leads are in.",
        )
    shares = {
        (comparison["output_column_name"], level["label_for_charts"]): _seen_share(level.get("m_probability"))
        for comparison in linker.misc.save_model_to_json()["comparisons"]
        for level in comparison["comparison_levels"]
        # What the only round agrees in has not been learned.
        if not level.get("is_null_level") and set(rounds) != {comparison["output_column_name"]}
    }
    return _Agreement(shares, rounds)


def _trained(
    weight: Weight, prior: float, random: _Counts, candidates: _Counts, agreed: dict[tuple[str, str], float]
) -> Trained:
    """Return a weight's new figures, or say why it keeps the old ones."""
    if weight.attribute == PRIOR:
        return Trained(weight, replace(weight, match_weight=round(prior, 2)))
    key = (weight.attribute, weight.level)
    seen = candidates.levels.get(key, 0)
    if key not in agreed:
        return Trained(weight, weight, "nothing to tell it from")
    if seen < FEWEST_SEEN:
        return Trained(weight, weight, f"seen in {seen:,} candidate pairs only")
    m = _rounded(max(agreed[key], candidates.least_share(weight.attribute)))
    u = _rounded(max(random.share(*key), random.least_share(weight.attribute)))
    new = replace(weight, m_probability=m, u_probability=u, match_weight=round(math.log2(m / u), 2))
    if abs(weight.match_weight) < CLEARLY_APART and weight.match_weight * new.match_weight < 0:
        said, says = ("for", "against") if weight.match_weight > 0 else ("against", "for")
        return Trained(weight, weight, f"would speak {says} one facility and not {said} it ({new.match_weight:+.2f})")
    return Trained(weight, new)


def refuse_contradictions(trained: Sequence[Trained]) -> None:
    """Refuse weights that contradict what their levels mean.

    Raises:
        DataError: Of two levels that stood clearly apart, the lower now weighs more; so it is, too, when the estimate
            took the matches for the others.
    """
    for _, levels in groupby(trained, key=lambda item: item.old.attribute):
        for higher, lower in permutations(levels, 2):
            if (
                higher.old.match_weight - lower.old.match_weight >= CLEARLY_APART
                and higher.new.match_weight <= lower.new.match_weight
            ):
                raise DataError(
                    f"the estimate contradicts the levels: '{higher.old.description}' would weigh "
                    f"{higher.new.match_weight:+.2f} and '{lower.old.description}' {lower.new.match_weight:+.2f}",
                    "",
                    "Nothing is written. The leads hardly tell matches from others: correct the weights by hand.",
                )


def refuse_harm(effect: Effect) -> None:
    """Refuse weights that would undo what production joins, join far more, or go against what stewards decided.

    Raises:
        DataError: They would; nothing is written.
    """
    reasons = []
    if effect.lost > MOST_LOST * effect.joined:
        reasons.append(f"{effect.lost:,} of {effect.joined:,} joined pairs would no longer be joined")
    if effect.gained > MOST_GAINED * effect.joined:
        reasons.append(f"{effect.gained:,} pairs would be joined besides the {effect.joined:,} that are")
    if effect.contradicted_after > effect.contradicted:
        reasons.append(
            f"{effect.contradicted_after:,} decisions of stewards would be contradicted and not {effect.contradicted:,}"
        )
    if reasons:
        raise DataError(
            f"the new weights would do harm: {'; '.join(reasons)}",
            "",
            "Nothing is written. Train again when more leads are in, or correct single weights by hand.",
        )


def _effect(connection: duckdb.DuckDBPyConnection, trained: Sequence[Trained], auto_probability: float) -> Effect:
    """Score production's pairs by the new weights; what is taken off or added for single values stays as it is."""
    connection.execute("CREATE TABLE new_weight (attribute TEXT, level TEXT, match_weight DOUBLE)")
    connection.executemany(
        "INSERT INTO new_weight VALUES (?, ?, ?)",
        [(item.new.attribute, item.new.level, item.new.match_weight) for item in trained],
    )
    attributes = _attributes([item.new for item in trained])
    change = " + ".join(f"COALESCE({name}_new.match_weight - s.{name}_weight, 0)" for name in attributes)
    joins = " ".join(
        f"LEFT JOIN new_weight AS {name}_new ON {name}_new.attribute = '{name}' AND {name}_new.level = s.{name}_level"
        for name in attributes
    )
    least = math.log2(auto_probability / (1 - auto_probability))
    counts = one_row(
        connection,
        f"""
        WITH scored AS (
            SELECT
                s.decision,
                s.veto IS NULL AND s.match_weight >= {least} AS is_joined,
                s.veto IS NULL
                AND s.match_weight + prior.match_weight - s.prior_weight + {change} >= {least} AS will_be_joined
            FROM leads.intermediate.int_match_score AS s
            JOIN new_weight AS prior ON prior.attribute = '{PRIOR}'
            {joins}
        ), judged AS (
            SELECT
                *,
                CASE WHEN decision = 'same' THEN TRUE WHEN decision IN ('different', 'sister_site') THEN FALSE END
                AS is_same
            FROM scored
        )
        SELECT
            COUNT(*) FILTER (is_joined),
            COUNT(*) FILTER (will_be_joined AND NOT is_joined),
            COUNT(*) FILTER (is_joined AND NOT will_be_joined),
            COUNT(*) FILTER (is_same <> is_joined),
            COUNT(*) FILTER (is_same <> will_be_joined)
        FROM judged
        """,
    )
    return Effect(*map(int, counts))


def _started(weights: Sequence[Weight], joined: _Counts, random: _Counts) -> list[Weight]:
    """Return the weights from which the rounds start: m as among the pairs that production joins, u as counted."""
    return [
        weight
        if weight.attribute == PRIOR
        else replace(
            weight,
            m_probability=max(joined.share(*key), joined.least_share(weight.attribute)),
            u_probability=max(random.share(*key), random.least_share(weight.attribute)),
        )
        for weight in weights
        for key in [(weight.attribute, weight.level)]
    ]


def _prior(connection: duckdb.DuckDBPyConnection) -> float:
    """Return the odds, in bits, that two leads of all are one facility, as production has it.

    Raises:
        DataError: Production joins no two leads.
    """
    joined, pairs = one_row(
        connection,
        """
        SELECT SUM(leads * (leads - 1) / 2), SUM(leads) * (SUM(leads) - 1) / 2
        FROM (
            SELECT COUNT(*) AS leads
            FROM leads.intermediate.int_entity
            JOIN leads.intermediate.int_match_lead USING (lead_key)
            GROUP BY entity_key
        )
        """,
    )
    if not joined:
        raise DataError("production joins no two leads: there is nothing to learn from", "", "")
    return math.log2(joined / (pairs - joined))


def _level_counts(connection: duckdb.DuckDBPyConnection, table: str, weights: Sequence[Weight]) -> _Counts:
    levels: dict[tuple[str, str], int] = {}
    for attribute in _attributes(weights):
        found = connection.execute(
            f"SELECT {attribute}_level, COUNT(*) FROM {table} WHERE {attribute}_level IS NOT NULL GROUP BY ALL"
        ).fetchall()
        levels |= {(attribute, level): count for level, count in found}
    return _Counts(_count(connection, f"FROM {table}"), levels)


def _levels(weights: Sequence[Weight]) -> dict[str, list[Weight]]:
    levels: dict[str, list[Weight]] = {}
    for weight in weights:
        if weight.attribute != PRIOR:
            levels.setdefault(weight.attribute, []).append(weight)
    return levels


def _attributes(weights: Sequence[Weight]) -> list[str]:
    return list(_levels(weights))


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(one_row(connection, f"SELECT COUNT(*) {source}")[0])


def _seen_share(share: object) -> float:
    """Return a share of Splink's; of a level that it did not see it has words or nothing."""
    return share if isinstance(share, float) else 0.0


def _rounded(share: float) -> float:
    return float(f"{share:.3g}")
