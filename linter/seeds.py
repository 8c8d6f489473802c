"""Rules about the values of a seed."""

from __future__ import annotations

import csv
import io
import math

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model, SeedModel

from lead_enrichment.matching.weights import COLUMNS, PRIOR, weight_in_bits

_TRUTH_VALUES = ("true", "false")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


class SeedValuesAreOfTheirType(Rule):
    """Numbers and truth values of a seed can be read as such; reported with the line, before anything is built."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation for the first value that is not of its column's type; nothing at all is fine."""
        if not isinstance(model, SeedModel):
            return None
        numbers, truths = (
            {name for name, kind in (model.columns_to_types or {}).items() if kind.is_type(*kinds)}
            for kinds in (exp.DataType.NUMERIC_TYPES, (exp.DataType.Type.BOOLEAN,))
        )
        rows = csv.DictReader(io.StringIO(model.seed.content))
        for row in rows:
            for column, value in row.items():
                if not value:
                    continue
                if column in numbers and not _is_number(value):
                    kind = "no number"
                elif column in truths and value.lower() not in _TRUTH_VALUES:
                    kind = "neither true nor false"
                else:
                    continue
                return self.violation(
                    f"{model.name}, line {rows.line_num} of its file: {column} is '{value}', which is {kind}. "
                    "Correct it; production stays as it is."
                )
        return None


class WeightsFollowFromProbabilities(Rule):
    """A weight stands alone or follows from its two probabilities; reported with the line, before anything is built."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation for the first row of match weights that tells no weight, or two."""
        if not isinstance(model, SeedModel) or not {*COLUMNS} <= {*(model.columns_to_types or {})}:
            return None
        rows = csv.DictReader(io.StringIO(model.seed.content))
        for row in rows:
            told = [row.get(column) or None for column in COLUMNS[2:5]]
            if any(value and not _is_number(value) for value in told):
                continue  # The rule above tells it.
            m, u, weight = (float(value) if value else None for value in told)
            try:
                if row["attribute"] == PRIOR and not (m is None and u is None):
                    raise ValueError("the prior has a match_weight alone: empty m_probability and u_probability")
                weight_in_bits(m, u, weight)
            except ValueError as error:
                return self.violation(
                    f"{model.name}, line {rows.line_num} of its file: of '{row['attribute']}, {row['level']}' {error}. "
                    "Nothing is built, production stays as it is."
                )
        return None
