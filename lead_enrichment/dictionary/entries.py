"""What the dictionary knows of the models, as it is kept in a file; reading it needs no SQLMesh."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

# In the order in which data flow.
LAYERS = ("bronze", "seeds", "staging", "intermediate", "dims", "facts", "quality", "marts", "outbox", "ops")
# The layers that are made for people; the others prepare.
OUTER_LAYERS = ("marts", "facts", "dims", "quality", "outbox", "ops")
# Columns that the search shows at most.
MOST_COLUMNS = 200
SEPARATORS = str.maketrans("._-", "   ")


@dataclass(frozen=True)
class ColumnEntry:
    """A column.

    Args:
        name: Its name.
        type: Its type, as DuckDB spells it.
        description: What it holds; empty where nobody says.
        described_by: The column (`schema.model.column`) upstream that the description is taken from; empty where it is
            the column's own.
        copy_of: The column upstream whose values it passes through; empty where it is made here.
        origin_description: What the first column of that chain says of itself, where it says something else.
        origins: The columns upstream that its values are made from.
        is_key: Whether it belongs to the grain.
    """

    name: str
    type: str
    description: str
    described_by: str = ""
    copy_of: str = ""
    origin_description: str = ""
    origins: tuple[str, ...] = ()
    is_key: bool = False


@dataclass(frozen=True)
class AuditEntry:
    """A promise about a model that every run checks; where it is not blocking, it only warns."""

    name: str
    arguments: str
    is_blocking: bool


@dataclass(frozen=True)
class ModelEntry:
    """A model.

    Args:
        name: `schema.model`.
        kind: How it is built, as SQLMesh names it.
        owner: Who answers for it.
        description: What it holds and for whom, without the example.
        grain: What a row is, as the end of its description says.
        key: The columns that tell its rows apart.
        example: A query that shows what it is good for; empty where it has none.
        tags: Its tags.
        cron: How often it is built.
        file: Its file, from the project's folder.
        code: The text of that file.
        query: Its query in DuckDB's SQL, without macros; empty where it has none.
        parents: The models that it reads, in order.
        columns: Its columns, in order.
        audits: What is checked of it.
    """

    name: str
    kind: str
    owner: str
    description: str
    grain: str
    key: tuple[str, ...]
    example: str
    tags: tuple[str, ...]
    cron: str
    file: str
    code: str
    query: str
    parents: tuple[str, ...]
    columns: tuple[ColumnEntry, ...]
    audits: tuple[AuditEntry, ...]

    @property
    def layer(self) -> str:
        """Its schema."""
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        """Its name without the schema."""
        return self.name.partition(".")[2]

    def column(self, name: str) -> ColumnEntry | None:
        """Return one of its columns."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Term:
    """A term of the glossary.

    Args:
        name: The term.
        meaning: What it means here.
        also: Other words for it.
        see: Models, columns or pages that show it.
        field_term: What the field of record linkage calls it; empty where that is the same.
    """

    name: str
    meaning: str
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    field_term: str = ""


@dataclass(frozen=True)
class Dictionary:
    """All models and terms.

    Args:
        version: What the project's files were when it was written.
        models: The models, in the order in which they are built.
        terms: The glossary.
    """

    version: str
    models: tuple[ModelEntry, ...]
    terms: tuple[Term, ...]

    @cached_property
    def by_name(self) -> dict[str, ModelEntry]:
        """The models by name."""
        return {model.name: model for model in self.models}

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        """The models that read each model, in the order in which they are built."""
        found: dict[str, list[str]] = {model.name: [] for model in self.models}
        for model in self.models:
            for parent in model.parents:
                found.setdefault(parent, []).append(model.name)
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def column_readers(self) -> dict[str, tuple[str, ...]]:
        """The columns that are made from each column, both as `schema.model.column`."""
        found: dict[str, list[str]] = {}
        for model in self.models:
            for column in model.columns:
                for origin in column.origins:
                    found.setdefault(origin, []).append(f"{model.name}.{column.name}")
        return {name: tuple(names) for name, names in found.items()}

    def column(self, name: str) -> tuple[ModelEntry, ColumnEntry] | None:
        """Return a column by `schema.model.column`, with its model."""
        model_name, _, column_name = name.rpartition(".")
        model = self.by_name.get(model_name)
        column = model.column(column_name) if model else None
        return (model, column) if model and column else None

    def column_origins(self, name: str) -> tuple[str, ...]:
        """Return the columns that a column (`schema.model.column`) is made from directly."""
        found = self.column(name)
        return found[1].origins if found else ()

    def search(self, text: str) -> tuple[list[ModelEntry], list[tuple[ModelEntry, ColumnEntry]], list[Term]]:
        """Return models, columns and terms in whose name or meaning every word of a text stands.

        What bears the words in its name comes first, then what is made for people, then what prepares.
        """
        words = _plain(text).split()
        if not words:
            return [], [], []

        def rank(name: str, meaning: str) -> int | None:
            plain = f" {_plain(name)} "
            if all(word in plain for word in words):
                return 0 if all(f" {word} " in plain for word in words) else 1
            return 2 if all(word in plain or word in _plain(meaning) for word in words) else None

        def layer(model: ModelEntry) -> int:
            return OUTER_LAYERS.index(model.layer) if model.layer in OUTER_LAYERS else len(OUTER_LAYERS)

        models = [
            (found, layer(model), model)
            for model in self.models
            if (found := rank(model.name, model.description)) is not None
        ]
        columns = [
            (found, layer(model), (model, column))
            for model in self.models
            for column in model.columns
            if (found := rank(column.name, f"{column.description} {model.short_name}")) is not None
        ]
        terms = [
            (found, 0, term)
            for term in self.terms
            if (found := rank(" ".join((term.name, *term.also)), term.meaning)) is not None
        ]
        return _sorted(models), _sorted(columns)[:MOST_COLUMNS], _sorted(terms)


def _plain(text: str) -> str:
    """Return a text in which net-new, net_new and Net new are the same."""
    return text.lower().translate(SEPARATORS)


def _sorted(found: Iterable[tuple[int, int, Any]]) -> list[Any]:
    return [item for _, _, item in sorted(found, key=lambda entry: entry[:2])]


def reachable(start: str, steps: Callable[[str], Iterable[str]], depth: int | None = None) -> dict[str, int]:
    """Return what is reached from a name, each with the number of steps to it; the start is not among them.

    Args:
        start: Where to begin.
        steps: What is one step away from a name.
        depth: How many steps to go at most; None for all.
    """
    found, waiting = {start: 0}, deque([start])
    while waiting:
        name = waiting.popleft()
        if depth is not None and found[name] >= depth:
            continue
        for other in steps(name):
            if other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    del found[start]
    return found


def to_json(dictionary: Dictionary) -> str:
    """Return a dictionary as the text of its file."""
    return json.dumps(asdict(dictionary), ensure_ascii=False, separators=(",", ":"))


def read_dictionary(file: Path) -> Dictionary:
    """Read a dictionary from its file.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is not one that this version of the project wrote.
    """
    document = json.loads(file.read_text(encoding="utf-8"))
    try:
        return Dictionary(
            document["version"],
            tuple(_model(model) for model in document["models"]),
            tuple(
                Term(**{**term, "also": tuple(term["also"]), "see": tuple(term["see"])}) for term in document["terms"]
            ),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file} is no dictionary of this version") from error


def _model(document: dict[str, Any]) -> ModelEntry:
    columns = tuple(ColumnEntry(**{**column, "origins": tuple(column["origins"])}) for column in document["columns"])
    audits = tuple(AuditEntry(**audit) for audit in document["audits"])
    lists = {name: tuple(document[name]) for name in ("key", "tags", "parents")}
    return ModelEntry(**{**document, **lists, "columns": columns, "audits": audits})
