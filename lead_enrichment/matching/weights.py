"""The weights of seeds/match_weight.csv: what each agreement of two leads tells, in bits."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import write_text_whole
from lead_enrichment.spreadsheet import GuardedWriter

PRIOR = "prior"
COLUMNS = ("attribute", "level", "m_probability", "u_probability", "match_weight", "description")
# A weight is told in hundredths of a bit.
ROUNDING = 0.0101


@dataclass(frozen=True)
class Weight:
    """A row of seeds/match_weight.csv.

    Args:
        attribute: What is compared, or `prior`.
        level: How the two leads agree in it.
        m_probability: Share of the pairs about one facility that agree so; None where the weight stands alone.
        u_probability: The same of the pairs about two facilities.
        match_weight: Evidence in bits; where m and u are given it follows from them.
        description: The agreement in words.
    """

    attribute: str
    level: str
    m_probability: float | None
    u_probability: float | None
    match_weight: float
    description: str


def weight_in_bits(m: float | None, u: float | None, weight: float | None) -> float:
    """Return what a row weighs: the binary logarithm of m over u where they are given, else the weight itself.

    Raises:
        ValueError: Neither is given, one of m and u is missing or no probability, or the weight contradicts them.
    """
    if m is None and u is None:
        if weight is None:
            raise ValueError("it has no match_weight: enter one, or m_probability and u_probability")
        return weight
    if m is None or u is None:
        missing, given = ("m_probability", "u_probability") if m is None else ("u_probability", "m_probability")
        raise ValueError(f"{missing} is missing: enter it, or empty {given} and enter a match_weight")
    if not (0 < m <= 1 and 0 < u <= 1):
        raise ValueError(
            f"m_probability ({m:g}) and u_probability ({u:g}) must be above 0 and at most 1: correct them, or empty "
            "both and enter a match_weight"
        )
    follows = round(math.log2(m / u), 2)
    if weight is not None and abs(weight - follows) > ROUNDING:
        raise ValueError(
            f"match_weight is {weight:g}, but m_probability {m:g} and u_probability {u:g} give {follows:g}: empty "
            "match_weight to go by the two, or empty the two to go by match_weight"
        )
    return follows


def read_weights(seed: Path) -> list[Weight]:
    """Read the weights of the seed.

    Raises:
        UsageError: The file is not there, a weight is no number, or contradicts its probabilities.
    """
    try:
        with seed.open(newline="", encoding="utf-8") as file:
            return [_weight(row) for row in csv.DictReader(file)]
    except FileNotFoundError as error:
        raise UsageError("here are no weights", str(seed), "Run it from the project's folder.") from error
    except (ValueError, KeyError) as error:
        raise UsageError(f"a weight cannot be read ({error})", str(seed), "Correct the file.") from error


def _weight(row: dict[str, str]) -> Weight:
    m, u, weight = (float(row[column]) if row[column] else None for column in COLUMNS[2:5])
    try:
        bits = weight_in_bits(m, u, weight)
    except ValueError as error:
        raise ValueError(f"of '{row['attribute']}, {row['level']}' {error}") from error
    return Weight(row["attribute"], row["level"], m, u, bits, row["description"])


def write_weights(seed: Path, weights: Iterable[Weight]) -> None:
    """Write the seed anew, each row with its two probabilities or else with its weight.

    So a person may change any one number of it. An equal file is written byte for byte alike.
    """
    text = io.StringIO()
    writer = GuardedWriter(text)
    writer.writerow(COLUMNS)
    for weight in weights:
        shares = (_plain(weight.m_probability), _plain(weight.u_probability))
        bits = "" if all(shares) else f"{weight.match_weight:.2f}"
        writer.writerow((weight.attribute, weight.level, *shares, bits, weight.description))
    write_text_whole(seed, text.getvalue())


def _plain(share: float | None) -> str:
    """Write a share without an exponent, with no more digits than it has."""
    return "" if share is None else f"{share:.12f}".rstrip("0").rstrip(".")
