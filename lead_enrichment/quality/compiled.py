"""What the rules are compiled to: SQL that judges all rules of a table in one pass over its rows.

Each rule gives one letter for a row: p passed, f failed, - not applicable, e could not be evaluated. The letters of a
row make up one text, in the order of the rules, so that equal rows are counted and scored together. What failed is
listed beside it with the values that it read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lead_enrichment.contracts import lead_contracts
from lead_enrichment.errors import UsageError
from lead_enrichment.quality.rules import DAY, FINAL_EXTRA, QualityRule
from lead_enrichment.warehouse.connection import literal

PASSED, FAILED, INAPPLICABLE, BROKEN = "p", "f", "-", "e"
# Between two failures, and between the name of a rule and the values: signs that no file of text holds.
BETWEEN_FAILURES, BEFORE_VALUES = 30, 31
# Columns whose values are shown of a row that fails, and how much of them in all.
SHOWN_COLUMNS, SHOWN_LENGTH = 5, 300
# What a row that is judged has of its own, whatever is judged.
ROW = "d"
NUMBERS = {"INT", "BIGINT", "DOUBLE"}
# A rule judges one row by itself: these would read others, or the moment of the run.
FORBIDDEN = (
    (exp.Query, "reads another table"),
    (exp.AggFunc, "adds up rows"),
    (exp.Window, "reads other rows"),
    (exp.Parameter, "has an @: macros are no part of a rule"),
    (exp.Placeholder, "has a parameter"),
    (exp.CurrentDate, "depends on the moment of the run: read as_of, or received_on"),
    (exp.CurrentTimestamp, "depends on the moment of the run: read as_of, or received_on"),
    (exp.Rand, "is not the same twice"),
    (exp.JarowinklerSimilarity, "calls JARO_WINKLER_SIMILARITY, which Spark lacks"),
)


@dataclass(frozen=True)
class CompiledRule:
    """A rule as SQL over a row d.

    Args:
        name: Its name.
        outcome: The letter that it gives for a row.
        values: Of a row that fails, what the rule read, as text.
        reads: The columns that its SQL reads.
    """

    name: str
    outcome: str
    values: str
    reads: tuple[str, ...]


def compile_rule(rule: QualityRule) -> CompiledRule:
    """Return a rule as SQL.

    What may fail at run time is made safe, so that one rule stops no other: a cast that is not possible and a division
    by zero give the letter e.

    Raises:
        UsageError: The SQL cannot be read, reads a column that the table lacks, or more than the row itself.
    """
    applies, expression = (_parsed(rule, part) for part in ("applies_when", "expression"))
    # What the rule is about comes first.
    reads = [column.name for part in (expression, applies) for column in _in_order(part)]
    types = rule.columns_to_types
    broken = [hazard for part in (applies, expression) for hazard in _hazards(part, types)]
    applies, expression = (_safe(part, types) for part in (applies, expression))
    if rule.source_key and rule.level != "source":
        applies = exp.and_(exp.column("source_key", table=ROW).eq(rule.source_key), applies)
        reads.append("source_key")
    must, when = expression.sql(dialect="duckdb"), applies.sql(dialect="duckdb")
    outcome = f"CASE WHEN {must} THEN '{PASSED}' WHEN NOT ({must}) THEN '{FAILED}' ELSE '{INAPPLICABLE}' END"
    if broken:
        outcome = f"CASE WHEN {' OR '.join(dict.fromkeys(broken))} THEN '{BROKEN}' ELSE {outcome} END"
    if not isinstance(applies, exp.Boolean):
        outcome = f"CASE WHEN {when} THEN {outcome} ELSE '{INAPPLICABLE}' END"
    # The day is that of all leads, and beside each failure: in its text, all texts would change with every day.
    shown = [name for name in dict.fromkeys(reads) if name not in ("source_key", DAY)][:SHOWN_COLUMNS]
    return CompiledRule(rule.rule, outcome, _values(shown, types), tuple(dict.fromkeys(reads)))


def _parsed(rule: QualityRule, part: str) -> exp.Expr:
    """Return one part of a rule as an expression over the row d."""
    text = getattr(rule, part)
    try:
        found = sqlglot.parse(f"SELECT {text}", read="duckdb")
    except SqlglotError as error:
        problem = " ".join(str(error).split("\n")[0].split())
        raise UsageError(f"{part} is no SQL ({problem})", rule.where, "Correct it.") from error
    query = found[0]
    if len(found) != 1 or not isinstance(query, exp.Select) or _has_more(query):
        raise UsageError(f"{part} is more than one expression", rule.where, "Write a condition, without FROM or WHERE.")
    if len(query.expressions) != 1 or isinstance(query.expressions[0], exp.Alias | exp.Star):
        raise UsageError(f"{part} is more than one expression", rule.where, "Join conditions by AND.")
    expression: exp.Expr = query.expressions[0]
    for kind, problem in FORBIDDEN:
        if next(expression.find_all(kind), None) is not None:
            raise UsageError(f"{part} {problem}", rule.where, "A rule is a condition on the columns of one row.")
    unknown = next(expression.find_all(exp.Anonymous), None)
    if unknown is not None:
        raise UsageError(f"{part} calls {unknown.name}, which not every engine has", rule.where, "Write it otherwise.")
    known = rule.columns_to_types
    for column in expression.find_all(exp.Column):
        if column.name not in known:
            near = get_close_matches(column.name, known, n=2)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"{rule.table} has none of this name."
            raise UsageError(f"{part} reads the unknown column {column.name}", rule.where, hint)
        column.set("table", exp.to_identifier(ROW))
    return expression


def _has_more(query: exp.Select) -> bool:
    return any(value for name, value in query.args.items() if name not in ("expressions", "kind"))


def _in_order(expression: exp.Expr) -> list[exp.Column]:
    """Return the columns of an expression as they stand in its text."""
    return [node for node in expression.dfs() if isinstance(node, exp.Column)]


def _may_fail(node: exp.Expr) -> bool:
    """Whether a node is a cast that does not hold for every value, or a division by what may be zero."""
    if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
        divisor = node.expression.unnest()
        is_number = isinstance(divisor, exp.Literal) and not divisor.is_string
        return not isinstance(divisor, exp.Nullif) and not (is_number and float(divisor.name))
    if not isinstance(node, exp.Cast) or isinstance(node, exp.TryCast):
        return False
    return not isinstance(node.this, exp.Literal) and not node.to.is_type(*exp.DataType.TEXT_TYPES)


def _hazards(expression: exp.Expr, types: dict[str, str]) -> list[str]:
    """Return the conditions on which an expression cannot be evaluated: a divisor is zero, or a cast does not hold."""
    found = []
    for node in filter(_may_fail, expression.walk()):
        if isinstance(node, exp.Cast):
            value, tried = (_safe(part, types).sql(dialect="duckdb") for part in (node.this, node))
            found.append(f"(NOT ({value}) IS NULL AND {tried} IS NULL)")
        else:
            found.append(f"({_safe(node.expression.unnest(), types).sql(dialect='duckdb')}) = 0")
    return found


def _safe(expression: exp.Expr, types: dict[str, str]) -> exp.Expr:
    """Return an expression that is NULL where it would stop the run."""

    def safe(node: exp.Expr) -> exp.Expr:
        if _may_fail(node):
            if isinstance(node, exp.Cast):
                return exp.TryCast(this=_safe(node.this, types), to=node.to.copy())
            node.set("expression", exp.Nullif(this=node.expression.unnest(), expression=exp.Literal.number(0)))
        elif isinstance(node, exp.Mul | exp.Add | exp.Sub):
            # The product of two whole numbers may not fit into one.
            columns = [*node.find_all(exp.Column)]
            if all(types.get(column.name) in NUMBERS for column in columns):
                for name in ("this", "expression"):
                    if isinstance(node.args[name], exp.Column):
                        node.set(name, exp.cast(node.args[name], "DOUBLE"))
        return node

    return expression.transform(safe)


def _values(columns: Iterable[str], types: dict[str, str]) -> str:
    """Return the SQL of the values of a row, as `capacity 10; license_type center`."""
    pieces: list[str] = []
    for name in columns:
        # DuckDB writes the zone behind a time that has one, Spark does not.
        cast = "::TIMESTAMP::TEXT" if types[name] == "TIMESTAMPTZ" else "" if types[name] == "TEXT" else "::TEXT"
        pieces.append(f"'{'; ' if pieces else ''}{name} ', COALESCE({ROW}.{name}{cast}, 'missing')")
    # Foreign text must not hold the signs that part failures.
    separators = f"CONCAT(CHR({BETWEEN_FAILURES}), CHR({BEFORE_VALUES}))"
    return f"LEFT(TRANSLATE(CONCAT({', '.join(pieces)}), {separators}, '  '), {SHOWN_LENGTH})" if pieces else "''"


def judged(rules: Sequence[CompiledRule], relation: str, passed_on: Sequence[str]) -> str:
    """Return a query that judges each row of a relation by all rules.

    Args:
        rules: The rules; at least one.
        relation: The rows, as what stands behind FROM, with the alias d.
        passed_on: The columns that it returns beside `outcomes` and `failures`.
    """
    reads = [*dict.fromkeys([*passed_on, *(name for rule in rules for name in rule.reads)])]
    letters = ", ".join(f"{rule.outcome} AS r{number}" for number, rule in enumerate(rules))
    columns = ", ".join(f"{ROW}.{name}" for name in reads)
    failures = ", ".join(
        f"CASE WHEN d.r{number} = '{FAILED}' THEN CONCAT(CHR({BETWEEN_FAILURES}), '{rule.name}', CHR({BEFORE_VALUES}), "
        f"{rule.values}) END"
        for number, rule in enumerate(rules)
    )
    outcomes = ", ".join(f"d.r{number}" for number in range(len(rules)))
    returned = ", ".join(f"{ROW}.{name}" for name in passed_on)
    return (
        f"SELECT {returned}, CONCAT({outcomes}) AS outcomes, CONCAT({failures}) AS failures "
        f"FROM (SELECT {columns}, {letters} FROM {relation}) AS d"
    )


def unjudged(relation: str, passed_on: Sequence[str]) -> str:
    """Return the same query where there is no rule."""
    returned = ", ".join(f"{ROW}.{name}" for name in passed_on)
    return f"SELECT {returned}, '' AS outcomes, '' AS failures FROM {relation}"


def query_of(rules: Sequence[CompiledRule], relation: str, passed_on: Sequence[str]) -> str:
    """Return the query that judges a relation, whether there are rules or none."""
    return judged(rules, relation, passed_on) if rules else unjudged(relation, passed_on)


def of_level(rules: Iterable[QualityRule], level: str, source_key: str = "") -> tuple[CompiledRule, ...]:
    """Return the compiled rules of a level; of the level source those of one source."""
    chosen = [rule for rule in rules if rule.level == level and (level != "source" or rule.source_key == source_key)]
    return tuple(compile_rule(rule) for rule in chosen)


def day_outcomes(rules: Iterable[CompiledRule]) -> tuple[tuple[str, bool], ...]:
    """Return of each rule of the level final that reads the day how it judges a row.

    Returns:
        The SQL of the letter, and whether it follows from the day and the columns of the lead alone.
    """
    known = {name for name, _, _ in FINAL_EXTRA} - {DAY}
    return tuple((rule.outcome, known.isdisjoint(rule.reads)) for rule in rules if DAY in rule.reads)


def positions(rules: Sequence[QualityRule]) -> dict[str, int]:
    """Return where the letter of each rule stands in the outcomes of a lead, from 1.

    First the rules of the level source, from the same place on for each source, then those of staging and of the final
    level.
    """
    found: dict[str, int] = {}
    for source_key in lead_contracts():
        own = [rule.rule for rule in rules if rule.level == "source" and rule.source_key == source_key]
        found |= {name: number for number, name in enumerate(own, 1)}
    begin = source_width(rules)
    for level in ("staging", "final"):
        own = [rule.rule for rule in rules if rule.level == level]
        found |= {name: begin + number for number, name in enumerate(own, 1)}
        begin += len(own)
    return found


def source_width(rules: Iterable[QualityRule]) -> int:
    """Return how many letters the rules of the level source have: as many as the source with most of them."""
    counted = dict.fromkeys(lead_contracts(), 0)
    for rule in rules:
        if rule.level == "source":
            counted[rule.source_key] += 1
    return max(counted.values(), default=0)


def rule_row(rule: QualityRule, position: int) -> str:
    """Return the values of a rule in quality.rule, as SQL."""
    reads = [name for name in compile_rule(rule).reads if name != "source_key"][:SHOWN_COLUMNS]
    texts = (
        rule.rule, rule.level, rule.table, rule.source_key, rule.dimension, rule.severity, rule.owner, rule.description,
        rule.remedy, rule.applies_when, rule.expression, ", ".join(reads), rule.file, rule.rule_hash,
    )  # fmt: skip
    least = f"{rule.minimum_effect:.6f}, {rule.minimum_rows}"
    return f"({', '.join(map(literal, texts))}, {rule.weight:.4f}, {least}, {position})"
