"""Rules about a model's query: typed and described columns, a filter on time, portable replacement."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model, SqlModel

from lead_enrichment.sqlmesh_internals import LOADED_DAYS


def _query(model: Model) -> exp.Query | None:
    """Return a SQL model's query with its macros expanded, or None for any other kind of model."""
    return model.render_query() if isinstance(model, SqlModel) else None


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    """Return the outermost SELECT of a query, or each of them where they are joined by UNION."""
    if isinstance(query, exp.Subquery):
        yield from _branches(query.this)
    elif isinstance(query, exp.SetOperation):
        yield from _branches(query.left)
        yield from _branches(query.right)
    elif isinstance(query, exp.Select):
        yield query


class ProjectionsAreCast(Rule):
    """Every column of the outermost SELECT has its type written out."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return one violation that names the columns without a cast."""
        query = _query(model)
        if query is None:
            return None
        uncast = [
            projection.output_name or projection.sql(dialect=model.dialect)
            for branch in _branches(query)
            for projection in branch.selects
            if not isinstance(projection.unalias(), exp.Cast) or isinstance(projection.unalias(), exp.TryCast)
        ]
        if not uncast:
            return None
        return self.violation(f"{model.name} leaves without a cast: {', '.join(dict.fromkeys(uncast))}.")


class ProjectionsAreDescribed(Rule):
    """Every column of the outermost SELECT carries a comment, which SQLMesh hands on to the database and the UI."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return one violation that names the columns without a description."""
        query = _query(model)
        if query is None:
            return None
        described = {name for name, text in (model.column_descriptions or {}).items() if text.strip()}
        bare = [name for name in query.named_selects if name not in described]
        if not bare:
            return None
        return self.violation(f"{model.name} leaves without a description: {', '.join(bare)}.")


class IncrementalFiltersOnTime(Rule):
    """An incremental model reads its interval only: somewhere it compares its time column with the interval's start."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation where no condition holds both the time column's name and the start of the interval."""
        if not model.kind.is_incremental_by_time_range or model.time_column is None:
            return None
        query = _query(model)
        if query is None:
            return None
        # Queries are loaded for an interval that no model mentions: where its first day turns up, the start was used.
        first_day = LOADED_DAYS[0]
        time_column = model.time_column.column.output_name
        for condition in query.find_all(exp.Between, exp.GTE, exp.GT, exp.LTE, exp.LT, exp.EQ):
            names = {column.name for column in condition.find_all(exp.Column)}
            days = (literal.this for literal in condition.find_all(exp.Literal) if literal.is_string)
            if time_column in names and any(first_day in day for day in days):
                return None
        return self.violation(
            f"{model.name} never compares {time_column} with @start_date, and so reads all of history each time."
        )


class RegexpReplaceIsGlobal(Rule):
    """REGEXP_REPLACE says 'g': without it DuckDB replaces the first match and Spark all of them."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return a violation that shows the first replacement without 'g'."""
        query = _query(model)
        if query is None:
            return None
        for call in query.find_all(exp.RegexpReplace):
            modifiers = call.args.get("modifiers")
            if modifiers is None or "g" not in modifiers.name:
                return self.violation(f"{model.name}: write 'g' in {call.sql(dialect=model.dialect)}.")
        return None
