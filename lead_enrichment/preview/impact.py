"""What reads a delivered column: SQLMesh's column lineage, followed downstream from bronze."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pandas as pd
from sqlglot import exp, parse_one
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as query_lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, find_all_in_scope
from sqlmesh import Context
from sqlmesh.core.dialect import normalize_mapping_schema, normalize_model_name
from sqlmesh.core.lineage import lineage
from sqlmesh.core.model import Model

from lead_enrichment.bronze import PARTITION, PIPELINE_COLUMNS
from lead_enrichment.contracts import Contract, contracts, fold
from lead_enrichment.errors import UsageError
from lead_enrichment.sqlmesh_internals import EngineLessContext, qualified_scope

# Clauses that decide which rows a query returns; ORDER BY is one only beside a LIMIT.
ROW_CLAUSES = frozenset({"where", "joins", "group", "having", "qualify", "distinct"})
# Layers that prepare, and the one that judges: a rule that reads a column is shown, and is not what the column is for.
INNER_LAYERS = ("bronze", "seeds", "staging", "intermediate", "quality")
# The tag of models that hold values of columns with different meanings, such as cities beside statuses.
MIXED_COLUMNS = "mixed_columns"
# The tag of models that watch every column, whatever it is for: a column that only they read is one that nothing needs.
WATCHED_COLUMNS = "watches_all_columns"
HASHES = (exp.MD5, exp.MD5Digest, exp.SHA, exp.SHA2)
PIPELINE_DESCRIPTIONS = {name: description for name, _, description in (*PIPELINE_COLUMNS, PARTITION)}


@dataclass(frozen=True, order=True)
class Field:
    """A column of a model; without a column, the rows of the model as a whole."""

    model: str
    column: str | None

    @property
    def layer(self) -> str:
        """The schema of the model."""
        return self.model.split(".")[0]

    def __str__(self) -> str:
        return f"{self.model}.{self.column}" if self.column else f"{self.model} (rows)"


@dataclass(frozen=True)
class Reader:
    """A field that is made from a column; `by_hash` where only from a hash of which the column is one of many parts."""

    field: Field
    by_hash: bool = False


@dataclass(frozen=True)
class Origin:
    """A column of another model from which a column is made; `is_copy` where its value comes over as it is."""

    field: Field
    is_copy: bool


@dataclass(frozen=True)
class Lineage:
    """Which fields are made from each column, over all models; models in the order in which they are built."""

    readers: dict[Field, tuple[Reader, ...]]
    children: dict[str, tuple[str, ...]]
    python_models: frozenset[str]
    order: tuple[str, ...]
    mixed_tables: frozenset[str]


@dataclass(frozen=True)
class Delivered:
    """A column of a bronze table, as its contract knows it."""

    field: Field
    header: str
    description: str
    required: bool


@dataclass(frozen=True)
class Reached:
    """A field that reads a delivered column, with the path from the column to the field.

    Where `by_hash` is set, every path leads through a hash: the field shows that something changed, but not what.
    """

    field: Field
    path: tuple[Field, ...]
    by_hash: bool


@dataclass(frozen=True)
class Impact:
    """Everything downstream of a delivered column, models in the order in which they are built."""

    delivered: Delivered
    reached: tuple[Reached, ...]
    built_on_rows: tuple[str, ...]
    python_models: frozenset[str]

    @property
    def readers(self) -> tuple[str, ...]:
        """Every model that reads the column itself, directly or by way of others."""
        return tuple(dict.fromkeys(item.field.model for item in self.reached if not item.by_hash))

    @property
    def outer_readers(self) -> tuple[str, ...]:
        """The dims, facts, marts and feeds among the readers."""
        return tuple(model for model in self.readers if model.split(".")[0] not in INNER_LAYERS)

    @property
    def hash_readers(self) -> tuple[str, ...]:
        """Models that read the column only as a part of a hash."""
        return tuple(m for m in dict.fromkeys(item.field.model for item in self.reached) if m not in self.readers)

    @property
    def severity(self) -> str:
        """What removing the column would be: `breaking` where anything reads it, otherwise `not breaking`."""
        return "breaking" if self.reached else "not breaking"


def delivered_column(name: str) -> Delivered:
    """Find a delivered column by `<source>.<column>`; the column by canonical name, header or alias.

    Raises:
        UsageError: There is no such source or column; the message names what comes near.
    """
    source_key, _, text = name.removeprefix("bronze.").partition(".")
    known = contracts()
    contract = known.get(source_key.strip().lower())
    if not text.strip():
        raise UsageError(f"'{name}' names no column", "", "Write it as <source>.<column>, such as texas.phone.")
    if contract is None:
        near = get_close_matches(source_key, known, n=1)
        hint = f"Did you mean {near[0]}.{text}?" if near else f"The sources are {', '.join(known)}."
        raise UsageError(f"there is no source '{source_key}'", "", hint)
    table = f"bronze.{contract.source_key}"
    for column in contract.map_header([text]).values():
        return Delivered(Field(table, column.name), column.header, column.description, column.required)
    for pipeline_name, description in PIPELINE_DESCRIPTIONS.items():
        if fold(pipeline_name) == fold(text):
            return Delivered(Field(table, pipeline_name), "", description, required=True)
    raise UsageError(f"{contract.source_key} has no column '{text}'", "", _near_columns(contract, text))


def _near_columns(contract: Contract, text: str) -> str:
    by_spelling = {spelling: column.name for column in contract.columns for spelling in column.spellings}
    by_spelling |= {fold(name): name for name in PIPELINE_DESCRIPTIONS}
    near = dict.fromkeys(by_spelling[match] for match in get_close_matches(fold(text), by_spelling, n=6, cutoff=0.6))
    # A word of the name, such as `zip` of `zip_code`, is near too.
    near |= {
        name: None for spelling, name in by_spelling.items() if min(len(spelling), len(fold(text))) > 2
        and (spelling in fold(text) or fold(text) in spelling)
    }  # fmt: skip
    if near:
        return f"Did you mean {' or '.join(list(near)[:3])}?"
    return f"Its columns are {', '.join(column.name for column in contract.columns)}."


def read_lineage(context: Context) -> Lineage:
    """Compute the column lineage of every model of a project, each query rendered once."""
    readers: dict[Field, dict[Field, bool]] = defaultdict(dict)
    children: dict[str, dict[str, None]] = defaultdict(dict)
    python_models, order = set(), []

    def note(source: Field, by_hash: bool, reader: Field) -> None:
        readers[source][reader] = by_hash and readers[source].get(reader, True)

    for fqn in context.dag.sorted:
        model = context.get_model(fqn)
        if model is None:
            continue
        name = _short(fqn)
        order.append(name)
        for parent in model.depends_on or ():
            children[_short(parent)][name] = None
        if WATCHED_COLUMNS in model.tags:
            continue
        if model.is_python and model.depends_on:
            python_models.add(name)
            for source in _python_reads(context, model):
                for column in model.columns_to_types_or_raise:
                    note(source, False, Field(name, column))
        elif model.is_sql:
            # The columns that come from each table, by its model and its alias: a model may be joined several times.
            from_table: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
            for column in model.columns_to_types_or_raise:
                for source, by_hash, alias in _ends(lineage(column, model, trim_selects=False), context, model):
                    note(source, by_hash, Field(name, column))
                    columns = from_table[source.model, alias]
                    columns[column] = by_hash and columns.get(column, True)
            for source, by_hash, target in _clause_reads(context, model):
                if target is None:
                    note(source, by_hash, Field(name, None))
                    continue
                for (joined, alias), columns in from_table.items():
                    if joined == target[0] and target[1] in (alias, ""):
                        for column, hashed in columns.items():
                            note(source, by_hash or hashed, Field(name, column))
    return Lineage(
        {
            source: tuple(Reader(field, by_hash) for field, by_hash in found.items())
            for source, found in readers.items()
        },
        {parent: tuple(found) for parent, found in children.items()},
        frozenset(python_models),
        tuple(order),
        frozenset(_short(fqn) for fqn, model in context.models.items() if MIXED_COLUMNS in model.tags),
    )


def column_origins(context: Context, model: Model) -> dict[str, tuple[Origin, ...]]:
    """Return from which columns of other models each column of a model takes its values; filters and joins apart.

    Of a Python model, every column that it reads counts for every column that it gives.
    """
    columns = [*(model.columns_to_types or ())]
    if model.is_python and model.depends_on:
        read = tuple(Origin(field, is_copy=False) for field in sorted(_python_reads(context, model), key=str))
        return dict.fromkeys(columns, read)
    if not model.is_sql:
        return dict.fromkeys(columns, ())
    found = {}
    for column in columns:
        origins: dict[Field, bool] = {}
        for field, is_copy in _values(lineage(column, model, trim_selects=False), context, model):
            origins[field] = origins.get(field, True) and is_copy
        # What is put together from several columns is a copy of none of them.
        copies = all(origins.values()) or len(origins) == 1
        found[column] = tuple(Origin(field, is_copy and copies) for field, is_copy in origins.items())
    return found


def _values(root: Node, context: Context, model: Model) -> Iterator[tuple[Field, bool]]:
    """Return the columns of other models at the ends of a lineage, each with whether all steps to it are copies."""
    seen: set[tuple[int, bool]] = set()
    waiting = [(root, True)]
    while waiting:
        node, is_copy = waiting.pop()
        if isinstance(node.expression, exp.Table):
            yield _field(node.expression, exp.to_column(node.name).name, context, model), is_copy
            continue
        # The branches of a UNION stand below a node of its own.
        is_copy = is_copy and (node.name == "UNION" or isinstance(_bare(node.expression), exp.Column))
        if (id(node), is_copy) not in seen:
            seen.add((id(node), is_copy))
            waiting.extend((below, is_copy) for below in node.downstream)


def impact_of(delivered: Delivered, lineage: Lineage) -> Impact:
    """Follow a delivered column to every field that reads it, by the shortest path; one without a hash is preferred.

    Where the column filters, joins or groups the rows of a model, the path ends with the rows of that model, since all
    later models would follow. Models that are built on such rows and read the column in no other way are listed apart.
    """
    paths: dict[Field, tuple[Field, ...]] = {delivered.field: (delivered.field,)}
    plain: set[Field] = set()
    looked_up = {reader.field for reader in lineage.readers.get(delivered.field, ())}
    for with_hashes in (False, True):
        waiting = deque(paths)
        while waiting:
            source = waiting.popleft()
            for reader in lineage.readers.get(source, ()):
                # Of what reads such a table, only that goes on which looks this column up in it.
                is_mixed = source.model in lineage.mixed_tables and reader.field.model not in lineage.mixed_tables
                is_of_another = is_mixed and reader.field not in looked_up
                if reader.field not in paths and not is_of_another and (with_hashes or not reader.by_hash):
                    paths[reader.field] = (*paths[source], reader.field)
                    waiting.append(reader.field)
        plain = plain or set(paths)
    del paths[delivered.field]
    position = {model: index for index, model in enumerate(lineage.order)}
    reached = tuple(
        Reached(field, paths[field], field not in plain) for field in sorted(paths, key=lambda f: position[f.model])
    )
    read = {field.model for field in paths}
    built = {model for field in paths if not field.column and field in plain for model in _below(field.model, lineage)}
    return Impact(delivered, reached, tuple(m for m in lineage.order if m in built - read), lineage.python_models)


def _below(model: str, lineage: Lineage) -> set[str]:
    """Return every model that depends on a model."""
    found: set[str] = set()
    waiting = [model]
    while waiting:
        for child in lineage.children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def _short(fqn: str) -> str:
    """Return `schema.model` for a full name."""
    table = exp.to_table(fqn)
    return f"{table.db}.{table.name}"


def _clause_reads(context: Context, model: Model) -> Iterator[tuple[Field, bool, tuple[str, str] | None]]:
    """Return each column of another model that a clause reads, whether by a hash, and what the clause decides.

    A filter, an inner join or a group decides the rows of the model: the third item is None. The key of an outer join
    decides only the columns that come from the joined model: the third item is its name.
    """
    for scope in qualified_scope(model).traverse():
        for column in find_all_in_scope(scope.expression, exp.Column):
            clause = _row_clause(column)
            if clause is None:
                continue
            targets: set[tuple[str, str] | None] = {None}
            if isinstance(clause, exp.Join) and clause.side == "LEFT":
                joined = scope.sources.get(clause.alias_or_name)
                alias = clause.alias_or_name if isinstance(joined, exp.Table) else ""
                targets = {(table, alias) for table in _tables(joined, context, model)}
            for field, by_hash in _column_origins(column, scope, context, model):
                yield from ((field, by_hash, target) for target in targets)


def _row_clause(column: exp.Column) -> exp.Expr | None:
    """Return the clause by which a column helps to choose the rows; None where it only makes a column of the query."""
    node: exp.Expr = column
    while node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.Select):
            if node.arg_key in ROW_CLAUSES or (node.arg_key == "order" and parent.args.get("limit")):
                return node
        elif isinstance(parent, exp.Join) and node.arg_key == "this":
            # A column of a joined subquery.
            return None
        node = parent
    return None


def _tables(source: exp.Expr | Scope | None, context: Context, model: Model) -> Iterator[str]:
    """Return the models that a table or a subquery reads."""
    if isinstance(source, exp.Table):
        yield _field(source, "", context, model).model
    elif isinstance(source, Scope):
        for inner in source.traverse():
            for below in inner.sources.values():
                if isinstance(below, exp.Table):
                    yield _field(below, "", context, model).model


def _column_origins(column: exp.Column, scope: Scope, context: Context, model: Model) -> Iterator[tuple[Field, bool]]:
    """Return the columns of other models from which a column inside of a query comes; see _origins."""
    holder: Scope | None = scope
    # A subquery may name a table of the query around it.
    while holder is not None and column.table not in holder.sources:
        holder = holder.parent
    source = holder.sources[column.table] if holder is not None else None
    if isinstance(source, exp.Table):
        yield _field(source, column.name, context, model), False
    elif isinstance(source, Scope) and isinstance(source.expression, exp.Query):
        root = query_lineage(
            exp.column(column.name, quoted=True), source.expression, scope=source, dialect=model.dialect,
            trim_selects=False, copy=False,
        )  # fmt: skip
        yield from _origins(root, context, model)


def _origins(root: Node, context: Context, model: Model) -> Iterator[tuple[Field, bool]]:
    """Return the columns of other models at the ends of a lineage, each with whether its path leads through a hash."""
    for field, by_hash, _ in _ends(root, context, model):
        yield field, by_hash


def _ends(root: Node, context: Context, model: Model) -> Iterator[tuple[Field, bool, str]]:
    """Return what `_origins` does, and the alias of the table that each column is read from."""
    seen: set[tuple[int, bool]] = set()
    waiting = [(root, False)]
    while waiting:
        node, by_hash = waiting.pop()
        by_hash = by_hash or isinstance(_bare(node.expression), HASHES)
        if (id(node), by_hash) in seen:
            continue
        seen.add((id(node), by_hash))
        waiting.extend((below, by_hash) for below in node.downstream)
        if isinstance(node.expression, exp.Table):
            yield (
                _field(node.expression, exp.to_column(node.name).name, context, model),
                by_hash,
                node.expression.alias_or_name,
            )


def _bare(expression: exp.Expr) -> exp.Expr:
    """Return an expression without its alias and casts."""
    while isinstance(expression, exp.Alias | exp.Cast | exp.Paren):
        expression = expression.this
    return expression


def _field(table: exp.Table, column: str, context: Context, model: Model) -> Field:
    fqn = normalize_model_name(table, default_catalog=context.default_catalog, dialect=model.dialect)
    return Field(_short(fqn), column)


def _python_reads(context: Context, model: Model) -> set[Field]:
    """Return the columns that a Python model reads, found in the queries that it sends when every result is empty.

    A parent that it does not query counts as read in full: better a column too many than one too few.
    """
    recorder = _Recorder(context, model)
    try:
        for _ in model.render(context=recorder):  # type: ignore[arg-type]
            pass
    except Exception:
        # The model fails on an empty result, or queries in a way that the recorder does not know.
        recorder.fields.clear()
    asked = {field.model for field in recorder.fields}
    unknown = {
        Field(_short(parent), column)
        for parent in model.depends_on or ()
        if _short(parent) not in asked
        for column in context.get_model(parent, raise_if_missing=True).columns_to_types or ()
    }
    return recorder.fields | unknown


class _Recorder(EngineLessContext):
    """Answers every query of a Python model with no rows, and records the columns that it read."""

    def __init__(self, context: Context, model: Model) -> None:
        super().__init__(context, model)
        self.fields: set[Field] = set()

    def fetchdf(self, query: exp.Expr | str, *_: Any, **__: Any) -> pd.DataFrame:
        dialect = self._model.dialect
        parsed = parse_one(query, dialect=dialect) if isinstance(query, str) else query.copy()
        schema = normalize_mapping_schema(self._model.mapping_schema, dialect=dialect)
        qualified: Any = qualify(
            parsed, dialect=dialect, schema=schema, validate_qualify_columns=False, infer_schema=True
        )
        root = build_scope(qualified)
        for scope in root.traverse() if root else ():
            for column in find_all_in_scope(scope.expression, exp.Column):
                source = scope.sources.get(column.table)
                if isinstance(source, exp.Table):
                    self.fields.add(_field(source, column.name, self._context, self._model))
        return pd.DataFrame(columns=qualified.named_selects)
