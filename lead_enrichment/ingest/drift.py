"""Drift: which delivered columns most likely are those that a contract misses.

A header is a hint. The values decide, above all whether they are those of the last delivery for the
same natural keys. Where there are no common keys, header and form of the values have to agree.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import duckdb
import numpy as np

from lead_enrichment.contracts import VALUE_TAGS, Column, Contract, fold, fold_word
from lead_enrichment.header_words import has_word_of_tag, is_theirs, words_of
from lead_enrichment.ingest.completeness import FEWEST_ROWS
from lead_enrichment.ingest.delivery import csv_columns
from lead_enrichment.ingest.formats import Text
from lead_enrichment.ingest.ledger import Advice, Suggestion
from lead_enrichment.warehouse.connection import connect, exactly, literal

# Rows of the file that are compared, its first ones.
SAMPLE_ROWS = 50_000
# Rows of which the kinds of values are compared; see _kinds.
KIND_ROWS = 20_000
# Rows of which words are compared to find a column that was split or merged.
WORD_ROWS = 500
# With fewer natural keys in both deliveries, values are compared without keys.
FEWEST_KEYS = 5
# Weight of each kind of evidence. A kind that is not available is left out, and the others are scaled up to 1.
WEIGHTS = {"overlap": 0.5, "shape": 0.2, "form": 0.2, "filled": 0.1, "distinct": 0.1, "name": 0.1}
# Without values for the same natural keys a header weighs more.
NAME_WEIGHT_WITHOUT_KEYS = 0.3
# What is less likely is not proposed.
LEAST_SCORE = 0.5
# The form of what a tag means, and how much it tells: many columns hold words.
FORMS = {
    "name": (r"^\W*[A-Za-z]", 0.6),
    "contact": (r"^\W*[A-Za-z][^0-9]*$", 0.6),
    "phone": (r"^(\D*[0-9]){10,11}\D*$", 1.0),
    "mobile": (r"^(\D*[0-9]){10,11}\D*$", 1.0),
    "email": (r"@", 1.0),
    "address": (r"^\W*([0-9]+\S* +.*[A-Za-z]|P\.? *O)", 0.9),
}
# Kinds of evidence that come from values; a header alone is worth this much of its likeness.
CONTENT, HEADER_ALONE = ("overlap", "shape", "form"), 0.55
# A column holds something else where a smaller share of its values is of the kinds of the last delivery.
LEAST_KIND = 0.2
# Values of a small file that, all of them of another form than the contract gives, are no chance.
FEWEST_MISFITS = 3
# Headers of columns that hold a part of an address in one line.
ADDRESS_PART = re.compile(r"(street|city|town|municipality|state|zip|postal)", re.IGNORECASE)
# Part A of a split column has at least this share of rows in which each word of A occurs in the whole column.
LEAST_WORDS = 0.8
# Unknown words of a vocabulary that a message lists.
MOST_WORDS = 5


@dataclass(frozen=True)
class Profile:
    """What the values of one column look like.

    Args:
        filled: Share of rows that hold a value.
        distinct: Distinct values by filled rows.
        shapes: Share of each shape among the values; words are `a`, each digit `9`.
    """

    filled: float
    distinct: float
    shapes: dict[str, float]


class DeliveryComparison:
    """A delivered file beside the last delivery of its source.

    Args:
        text: The file as text.
        header: Its header.
        contract: The contract of its source.
        last: Bronze file of the last delivery; None where there is none.
    """

    def __init__(self, text: Text, header: list[str], contract: Contract, last: Path | None) -> None:
        self._contract, self._header = contract, header
        self._mapped = contract.map_header(header)
        self._connection = connect()
        self._connection.execute(
            f"CREATE TABLE delivered AS SELECT * FROM {csv_columns(text, len(header))} LIMIT {SAMPLE_ROWS}"
        )
        self._has_last = last is not None
        self._profiles: dict[tuple[str, str], Profile] = {}
        if last is not None:
            self._connection.read_parquet(exactly(last)).create_view("last")
        key = next((at for at, column in self._mapped.items() if column.name == contract.key), None)
        self._common = 0
        if self._has_last and key is not None:
            self._connection.execute(
                f"CREATE TABLE common AS SELECT d.*, l.* FROM delivered AS d JOIN last AS l "
                f"ON TRIM(l.{contract.key}) = TRIM(d.c{key})"
            )
            (self._common,) = self._connection.execute("SELECT COUNT(*) FROM common").fetchone() or (0,)

    def __enter__(self) -> DeliveryComparison:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def advise(self, columns: Sequence[Column]) -> Advice:
        """Return which delivered columns most likely are the given columns of the contract, and why.

        Args:
            columns: Columns that are missing, or whose values stopped fitting.
        """
        # A second to import, and rarely needed.
        from scipy.optimize import linear_sum_assignment

        unknown = [at for at in range(len(self._header)) if at not in self._mapped]
        known_wrong = [at for at, column in self._mapped.items() if column in columns]
        offered = unknown + known_wrong
        judged = {(column.name, at): self._judge(column, at) for column in columns for at in offered}
        suggestions = []
        if judged:
            scores = np.array([[judged[column.name, at][0] for at in offered] for column in columns])
            for row, place in zip(*linear_sum_assignment(-scores), strict=True):
                column, at = columns[row], offered[place]
                score, evidence = judged[column.name, at]
                if score >= LEAST_SCORE and self._mapped.get(at) != column:
                    suggestions.append(Suggestion(column.name, self._header[at], round(score, 2), evidence))
        unresolved = [*self._splits_and_merges(columns, unknown), *self._address_in_parts(columns, unknown)]
        for item in [item for item in suggestions if self._header.index(item.header) in known_wrong]:
            suggestions.remove(item)
            unresolved.append(
                f"{item.header} seems to hold {item.column}, as if columns were exchanged: ask the sender"
            )
        lost = [
            column.header
            for column in columns
            if not any(item.column == column.name for item in suggestions)
            and not any(column.header in sentence for sentence in unresolved)
        ]
        if lost:
            unresolved.append(f"no column looks like {', '.join(lost)}")
        return Advice(tuple(suggestions), tuple(unresolved))

    def _judge(self, column: Column, at: int) -> tuple[float, str]:
        """Return how likely a delivered column is a column of the contract, from 0 to 1, and the evidence for it."""
        header = self._header[at]
        parts = {"name": self._name_likeness(column, header)}
        sentences = []
        overlap: tuple[float, str] | None = None
        if self._has_last:
            now, before = self._profile("delivered", f"c{at}"), self._profile("last", column.name)
            same, base, what = self._overlap(column, at)
            if base >= FEWEST_KEYS:
                overlap = same / base, f"{same:,} of {base:,} {what}"
            if before.shapes:
                parts["shape"] = max(_likeness(now.shapes, before.shapes), 0.9 * _likeness(*_loose(now, before)))
                sentences.append(f"{parts['shape']:.0%} of the values have its shapes")
                parts["distinct"] = 1 - abs(now.distinct - before.distinct)
            parts["filled"] = 1 - abs(now.filled - before.filled)
            sentences.append(f"filled in {now.filled:.0%} of the rows, before {before.filled:.0%}")
        elif column.pattern:
            parts["shape"] = self._share_fitting(at, column.pattern)
            sentences.append(f"{parts['shape']:.0%} of the values have the form that the contract gives")
        tag = next((tag for tag in column.tags if tag in FORMS), None)
        if tag and not self._has_last:
            form, weight = FORMS[tag]
            # A word that every row has names no facility.
            varied = min(1.0, 2 * self._profile("delivered", f"c{at}").distinct) if tag == "name" else 1.0
            parts["form"] = weight * varied * self._share_fitting(at, form)
            sentences.append(f"its values look {parts['form']:.0%} like {VALUE_TAGS[tag]}")
        sentences.append(f"the names are {parts['name']:.0%} alike")
        is_keyed = overlap is not None and self._common >= FEWEST_KEYS
        weights = WEIGHTS if is_keyed else {**WEIGHTS, "name": NAME_WEIGHT_WITHOUT_KEYS}

        def score_of(parts: dict[str, float]) -> float:
            return sum(weights[kind] * value for kind, value in parts.items()) / sum(weights[kind] for kind in parts)

        score = score_of(parts)
        if overlap is not None:
            with_overlap = score_of({**parts, "overlap": overlap[0]})
            # Without common keys other values are no evidence against a column: its rows may be other ones.
            if is_keyed or with_overlap > score:
                score, parts["overlap"] = with_overlap, overlap[0]
                sentences.insert(0, overlap[1])
        if not any(kind in parts for kind in CONTENT):
            score = HEADER_ALONE * parts["name"]
        if not is_keyed and not is_theirs(header):
            score *= HEADER_ALONE
            sentences.append("the header speaks of the state's office, or of a fax")
        return score, "; ".join(sentences)

    def _name_likeness(self, column: Column, header: str) -> float:
        """Return how much a header is like the names of a column, from 0 to 1; a name within it is much like it."""
        names = (column.name, column.header, *column.aliases)
        words = set(words_of(header).split("_"))
        is_within = any(
            set(words_of(name).split("_")) <= words or (len(fold(name)) > 4 and fold(name) in fold(header))
            for name in names
        )
        shares_word = any(has_word_of_tag(header, tag) for tag in column.tags)
        return max(*(_resemblance(header, name) for name in names), 0.9 if is_within else 0.0, 0.8 * shares_word)

    def _overlap(self, column: Column, at: int) -> tuple[int, int, str]:
        """Return how many values agree with the last delivery, how many were compared, and what, as a phrase."""
        if self._common >= FEWEST_KEYS:
            same, base = self._connection.execute(
                f"SELECT COUNT(*) FILTER (LOWER(TRIM(c{at})) = LOWER(TRIM({column.name}))), COUNT(*) FROM common "
                f"WHERE TRIM(c{at}) <> '' AND TRIM({column.name}) <> ''"
            ).fetchone() or (0, 0)
            return same, base, f"values are those of {column.header} for the same {self._contract.key_column.header}"
        same, base = self._connection.execute(
            f"SELECT COUNT(*) FILTER (value IN (SELECT LOWER(TRIM({column.name})) FROM last)), COUNT(*) "
            f"FROM (SELECT DISTINCT LOWER(TRIM(c{at})) AS value FROM delivered WHERE TRIM(c{at}) <> '')"
        ).fetchone() or (0, 0)
        return same, base, f"distinct values were in {column.header} of the last delivery"

    def _share_fitting(self, at: int, pattern: str) -> float:
        (share,) = self._connection.execute(
            f"SELECT COUNT(*) FILTER (REGEXP_MATCHES(c{at}, ?)) / GREATEST(COUNT(*), 1) FROM delivered "
            f"WHERE TRIM(c{at}) <> ''",
            [pattern],
        ).fetchone() or (0.0,)
        return float(share)

    def _profile(self, table: str, column: str) -> Profile:
        """Return the profile of a column. Each column is read once, however many it is compared with."""
        known = self._profiles.get((table, column))
        if known is not None:
            return known
        filled, distinct = self._connection.execute(
            f"SELECT COUNT(*) FILTER (TRIM({column}) <> '') / GREATEST(COUNT(*), 1), "
            f"COUNT(DISTINCT {column}) / GREATEST(COUNT({column}), 1) FROM {table}"
        ).fetchone() or (0.0, 0.0)
        shapes = _shares(self._connection, table, column, f"REGEXP_REPLACE({_words(column)}, '[0-9]', '9', 'g')")
        profile = self._profiles[table, column] = Profile(filled, distinct, shapes)
        return profile

    def _splits_and_merges(self, columns: Sequence[Column], unknown: Sequence[int]) -> Iterable[str]:
        """Name a column that seems to be split into several, or several that seem to be merged into one."""
        if self._common < FEWEST_KEYS or not unknown:
            return
        for column in columns:
            rows = self._words(unknown, [column])
            parts = [
                at
                for place, at in enumerate(unknown)
                if _share((row[place], row[-1]) for row in rows) >= LEAST_WORDS
                and _share((row[-1], row[place]) for row in rows) < LEAST_WORDS
            ]
            places = [unknown.index(at) for at in parts]
            together = ((row[-1], set().union(*(row[place] for place in places))) for row in rows)
            if len(parts) > 1 and _share(together, by_word=True) >= 0.5:
                names = ", ".join(self._header[at] for at in parts)
                yield f"{column.header} seems to be split into {names}: ask the sender for one column"
        if len(columns) > 1:
            for at in unknown:
                rows = self._words([at], columns)
                merged = [
                    column
                    for place, column in enumerate(columns, start=1)
                    if _share((row[place], row[0]) for row in rows) >= LEAST_WORDS
                    and _share((row[0], row[place]) for row in rows) < LEAST_WORDS
                ]
                if len(merged) > 1:
                    names = ", ".join(column.header for column in merged)
                    yield f"{names} seem to be merged into {self._header[at]}: ask the sender for the columns"

    def _address_in_parts(self, columns: Sequence[Column], unknown: Sequence[int]) -> Iterable[str]:
        """Name the columns that hold the parts of an address which the contract has in one line."""
        for column in (column for column in columns if "one_line_address" in column.tags):
            parts = [self._header[at] for at in unknown if ADDRESS_PART.search(self._header[at])]
            is_there = column in self._mapped.values()
            if parts and (is_there or self._common < FEWEST_KEYS):
                street = [text for at, text in enumerate(self._header) if self._mapped.get(at) == column]
                names = ", ".join([*street, *(part for part in parts if part not in street)])
                yield f"{column.header} seems to be split into {names}: ask the sender for one column"

    def _words(self, positions: Sequence[int], columns: Sequence[Column]) -> list[list[set[str]]]:
        """Return, row by row, the words of delivered columns, then those of columns of the last delivery, by key."""
        fields = ", ".join([*(f"c{at}" for at in positions), *(column.name for column in columns)])
        rows = self._connection.execute(f"SELECT {fields} FROM common LIMIT {WORD_ROWS}").fetchall()
        return [[set(re.findall(r"\w+", (value or "").lower())) for value in row] for row in rows]


def misfits(contract: Contract, columns: Collection[Column], rows: Path, last: Path | None) -> dict[Column, str]:
    """Return the required columns whose values stopped fitting, each with what is wrong.

    Args:
        contract: The contract of the source.
        columns: The columns that came.
        rows: Bronze file of the delivery.
        last: Bronze file of the last delivery; None where there is none.
    """
    judged = [column for column in columns if column.required and column.name != contract.key]
    found = {}
    with connect() as connection:
        now = _filled(connection, "now", rows, judged)
        before = _filled(connection, "before", last, judged) if last else None
        for column in judged:
            if now.rows < FEWEST_ROWS:
                # Of a few rows some may be odd, but not all of them.
                if now.filled[column.name] >= FEWEST_MISFITS and not now.fitting[column.name]:
                    found[column] = "none of its values is of the form that the contract gives"
                continue
            limit = column.limits.get("null_rate_change", contract.limits.get("null_rate_change", 1.0))
            filled, fitting = now.filled[column.name], now.fitting[column.name]
            if filled and 1 - fitting / filled > column.limits.get("misfit_share", 0.1):
                problem = f"{1 - fitting / filled:.0%} of its values are not of the form that the contract gives"
            elif before is None or not before.rows:
                continue
            elif abs(filled / now.rows - before.filled[column.name] / before.rows) > limit:
                problem = (
                    f"{filled / now.rows:.0%} of the rows have a value, "
                    f"{before.filled[column.name] / before.rows:.0%} had one in the last delivery"
                )
            elif filled and before.filled[column.name] >= FEWEST_ROWS:
                kinds, kinds_before = (_kinds(connection, table, column.name) for table in ("now", "before"))
                if _likeness(kinds, kinds_before) >= LEAST_KIND:
                    continue
                old = _examples(kinds_before)
                problem = f"its values look like {_examples(kinds)}, those of the last delivery like {old}"
            else:
                continue
            found[column] = problem
    return found


def unknown_words(columns: Collection[Column], rows: Path) -> tuple[str, ...]:
    """Return a sentence for each column with words that the contract's vocabulary lacks, with how often they occur.

    Args:
        columns: The columns that came.
        rows: Bronze file of the delivery.
    """
    sentences = []
    with connect() as connection:
        for column in (column for column in columns if column.vocabulary):
            known = {fold_word(word) for words in column.vocabulary.values() for word in words}
            delivered = connection.execute(
                f"SELECT TRIM({column.name}), COUNT(*) FROM READ_PARQUET(?) WHERE TRIM({column.name}) <> '' "
                "GROUP BY ALL ORDER BY 2 DESC, 1",
                [exactly(rows)],
            ).fetchall()
            unknown = [(word, count) for word, count in delivered if fold_word(word) not in known]
            if unknown:
                listed = ", ".join(f"'{word}' ({count:,})" for word, count in unknown[:MOST_WORDS])
                more = f" and {len(unknown) - MOST_WORDS:,} more" if len(unknown) > MOST_WORDS else ""
                total = sum(count for _, count in unknown)
                sentences.append(f"{column.header}: {total:,} rows with words that the contract lacks: {listed}{more}")
    return tuple(sentences)


@dataclass(frozen=True)
class _Filled:
    """Rows of a bronze file, and how many of them have a value, and one of the contract's form, by column."""

    rows: int
    filled: dict[str, int]
    fitting: dict[str, int]


def _filled(connection: duckdb.DuckDBPyConnection, name: str, path: Path, columns: Sequence[Column]) -> _Filled:
    """Show a bronze file as a view, and count its rows."""
    connection.read_parquet(exactly(path)).create_view(name)
    counts = ["COUNT(*)"]
    for column in columns:
        filled = f"TRIM({column.name}) <> ''"
        form = f" AND REGEXP_MATCHES({column.name}, {literal(column.pattern)})" if column.pattern else ""
        counts += [f"COUNT(*) FILTER ({filled})", f"COUNT(*) FILTER ({filled}{form})"]
    rows, *found = connection.execute(f"SELECT {', '.join(counts)} FROM {name}").fetchone() or (0,)
    names = [column.name for column in columns]
    return _Filled(rows, dict(zip(names, found[::2], strict=True)), dict(zip(names, found[1::2], strict=True)))


def _kinds(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, float]:
    """Return the share of each kind of value: words (`a`), digits (`9`), a mixture of both, with an @ or without.

    Punctuation does not count, so that a phone is of one kind however it is written.
    """
    signs = f"REGEXP_REPLACE({_words(column)}, '[^a0-9@]+', '', 'g')"
    sample = f"(SELECT {column} FROM {table} LIMIT {KIND_ROWS})"
    return _shares(connection, sample, column, f"REGEXP_REPLACE({signs}, '[0-9]+', '9', 'g')")


def _words(column: str) -> str:
    """Return the SQL of a value whose words are each an `a`."""
    return f"REGEXP_REPLACE(TRIM({column}), '[\\p{{L}}'' ]+', 'a', 'g')"


def _shares(connection: duckdb.DuckDBPyConnection, table: str, column: str, expression: str) -> dict[str, float]:
    """Return the share of each value of an expression among the rows that fill a column, the largest first."""
    return dict(
        connection.execute(
            f"SELECT {expression} AS value, COUNT(*) / SUM(COUNT(*)) OVER () FROM {table} "
            f"WHERE TRIM({column}) <> '' GROUP BY value ORDER BY COUNT(*) DESC LIMIT 1000"
        ).fetchall()
    )


def summary(advice: Advice) -> str:
    """Return advice in one line."""
    likely = [f"{item.header} is {item.column} ({item.score:.2f}: {item.evidence})" for item in advice.suggestions]
    return ". ".join([*likely, *advice.unresolved])


def _share(pairs: Iterable[tuple[set[str], set[str]]], by_word: bool = False) -> float:
    """Return the share of non-empty first sets that lie within the second; with `by_word`, the share of their words."""
    filled = [(words, other) for words, other in pairs if words]
    if not filled:
        return 0.0
    if by_word:
        return sum(len(words & other) / len(words) for words, other in filled) / len(filled)
    return sum(words <= other for words, other in filled) / len(filled)


def _likeness(now: dict[str, float], before: dict[str, float]) -> float:
    """Return how much two distributions of shapes overlap, from 0 to 1."""
    return sum(min(share, before.get(shape, 0.0)) for shape, share in now.items())


def _loose(now: Profile, before: Profile) -> tuple[dict[str, float], dict[str, float]]:
    """Return the shapes of two columns without punctuation, so that a phone may be written in another way."""
    found: list[dict[str, float]] = []
    for shapes in (now.shapes, before.shapes):
        loose: dict[str, float] = {}
        for shape, share in shapes.items():
            bare = re.sub(r"[^a9@]", "", shape)
            loose[bare] = loose.get(bare, 0.0) + share
        found.append(loose)
    return found[0], found[1]


def _resemblance(one: str, other: str) -> float:
    return SequenceMatcher(None, fold(one), fold(other)).ratio()


def _examples(kinds: dict[str, float]) -> str:
    return " or ".join(f"'{kind}'" for kind in list(kinds)[:2])
