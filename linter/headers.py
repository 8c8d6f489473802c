"""Rules about what a model says of itself: owner, description, grain, name and place."""

from __future__ import annotations

import re
from pathlib import Path

from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import ExternalModel, Model

_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class NoMissingOwner(Rule):
    """A model names its owner, or takes the one of model_defaults."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation where the owner is empty."""
        if isinstance(model, ExternalModel) or model.owner:
            return None
        return self.violation(f"{model.name} has no owner: set `owner` in its header or in model_defaults.")


class NoMissingGrain(Rule):
    """A model names the columns of which each combination occurs once."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation where the header has no grain."""
        if isinstance(model, ExternalModel) or model.grains:
            return None
        return self.violation(f"{model.name} has no grain: name the columns that tell its rows apart.")


class DescriptionTellsGrain(Rule):
    """A model's description ends with the sentence that says what one row is."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation where the last sentence of the description does not begin with "One row per"."""
        if isinstance(model, ExternalModel):
            return None
        sentences = _END_OF_SENTENCE.split((model.description or "").strip())
        if sentences[-1].startswith("One row per "):
            return None
        return self.violation(f'{model.name}: the last sentence of the description must begin with "One row per".')


class FileNamedAsModel(Rule):
    """A model stands alone in <schema>/<model>.sql or .py, so that its name tells where it is."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation where the file is not named as the model, or its folder not as the schema."""
        if isinstance(model, ExternalModel) or model._path is None:
            return None
        path = Path(model._path)
        if path.stem == model.view_name and path.parent.name == model.schema_name:
            return None
        return self.violation(
            f"{model.name} stands in {path.parent.name}/{path.name}; "
            f"its place is {model.schema_name}/{model.view_name}{path.suffix}."
        )
