"""Whether the rules can be evaluated: read, bound to their table, tried on awkward rows, and timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from lead_enrichment.errors import UsageError
from lead_enrichment.quality.compiled import BROKEN, CompiledRule, compile_rule
from lead_enrichment.quality.rules import (
    QualityRule,
    contract_documents,
    placed,
    read_yaml,
    rule_files,
    schema_faults,
)
from lead_enrichment.warehouse.connection import connect, literal

# Rows on which each rule is tried, how often, and the processor seconds that it may take for a million of them.
TRIED_ROWS, TRIALS, SLOWEST = 20_000, 3, 2.0
# What a column may hold, by its type: what is missing, empty, zero, extreme, or not what it seems.
AWKWARD = {
    "TEXT": (
        "NULL",
        "''",
        "'a'",
        "'A b'",
        "'0'",
        "'12'",
        "'1.5'",
        "'2026-02-30'",
        "'O''Neil'",
        "'é漢'",
        f"'{'x y' * 60}'",
    ),
    "INT": ("NULL", "0", "1", "-1", "12", "2147483647"),
    "BIGINT": ("NULL", "0", "1", "2", "9007199254740993"),
    "BOOLEAN": ("NULL", "TRUE", "FALSE"),
    "DATE": ("NULL", "'0001-01-01'", "'2000-02-29'", "'2026-10-31'", "'9999-12-31'"),
    "TIMESTAMPTZ": ("NULL", "'1970-01-01 00:00:00+00'", "'2026-10-31 23:59:59.999+00'", "'2200-01-01 00:00:00+00'"),
}
# Days that the project itself sets are neither missing nor far away.
KNOWN_DAYS = ("'2000-02-29'", "'2026-10-31'", "'2026-11-12'")
DAYS = ("as_of", "received_on", "file_date")


@dataclass(frozen=True)
class RuleFault:
    """Why a rule cannot be used.

    Args:
        file: The file in which it stands.
        rule: Its name; empty where the file as a whole cannot be read.
        reason: What is wrong, and what to do about it.
    """

    file: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}{f', rule {self.rule}' if self.rule else ''}: {self.reason}"


@dataclass(frozen=True)
class RuleCheck:
    """What a check found: the rules that can be read, and all faults."""

    rules: tuple[QualityRule, ...]
    faults: tuple[RuleFault, ...]


def check_rules() -> RuleCheck:
    """Check every rule of the project; each fault is found, not only the first."""
    found: list[QualityRule] = []
    wrong: list[RuleFault] = []
    for file, document in _documents(wrong):
        faults = [RuleFault(file, name, f"{fault}. See docs/quality.md.") for name, fault in schema_faults(document)]
        wrong += faults
        refused = {fault.rule for fault in faults}
        for number, item in enumerate(document if isinstance(document, list) else [], 1):
            name = str(item.get("rule") or f"number {number}") if isinstance(item, dict) else ""
            if name and name not in refused and "" not in refused:
                try:
                    found.append(placed(item, file))
                except UsageError as error:
                    wrong.append(RuleFault(file, name, f"{error.what}. {error.remedy}"))
    places: dict[str, str] = {}
    with connect() as connection:
        connection.execute("SET threads = 1")
        for rule in found:
            if rule.rule in places:
                wrong.append(
                    RuleFault(rule.file, rule.rule, f"{places[rule.rule]} has a rule of this name. Rename one.")
                )
            places.setdefault(rule.rule, rule.file)
            if reason := rule_fault(rule, connection):
                wrong.append(RuleFault(rule.file, rule.rule, reason))
    return RuleCheck(tuple(found), tuple(wrong))


def _documents(wrong: list[RuleFault]) -> Iterator[tuple[str, Any]]:
    """Return the documents with rules; one that cannot be read becomes a fault."""
    yield from contract_documents()
    for path in rule_files():
        file = f"quality/rules/{path.name}"
        try:
            document = read_yaml(path, file)
        except UsageError as error:
            wrong.append(RuleFault(file, "", f"{error.what}. {error.remedy}"))
        else:
            yield file, document


def rule_fault(rule: QualityRule, connection: duckdb.DuckDBPyConnection) -> str:
    """Return why a rule cannot be used, or an empty text.

    Args:
        rule: The rule.
        connection: A database with a single thread, in which a table is made.
    """
    try:
        compiled = compile_rule(rule)
    except UsageError as error:
        return f"{error.what}. {error.remedy}"
    if "[/" in rule.expression + rule.applies_when:
        return "it has [/ in it, at which a plan stops. Write the characters in another order."
    try:
        sqlglot.transpile(
            f"SELECT {compiled.outcome}", read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
        )
    except UnsupportedError as error:
        return f"Spark cannot evaluate it ({' '.join(str(error).split())}). Write it otherwise."
    _make_rows(rule, compiled, connection)
    try:
        for part in ("applies_when", "expression"):
            kind = connection.execute(f"DESCRIBE SELECT {getattr(rule, part)} FROM d").fetchall()[0][1]
            if kind not in ("BOOLEAN", '"NULL"'):
                return f"{part} is no condition, but a value of type {kind}. Compare it with something."
        seconds = min(_seconds(compiled, connection) for _ in range(TRIALS))
        broken = connection.execute(
            f"SELECT {compiled.values} FROM d WHERE ({compiled.outcome}) = '{BROKEN}' LIMIT 1"
        ).fetchone()
    except duckdb.Error as error:
        problem = " ".join(str(error).partition("LINE 1")[0].partition("Candidate functions")[0].split())
        return f"it cannot be evaluated ({problem}). Correct it."
    if broken:
        return (
            f"it divides by zero, or casts what cannot be cast, for example where {broken[0]}. "
            "Leave such rows out by applies_when, or divide by NULLIF(…, 0)."
        )
    if seconds > SLOWEST:
        return (
            f"it takes {seconds:.1f} s of a processor for a million rows, and {SLOWEST:.0f} s are allowed. Simplify it."
        )
    return ""


def _make_rows(rule: QualityRule, compiled: CompiledRule, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table d, in which the columns that the rule reads hold all kinds of values, those of the rule too."""
    named = sqlglot.parse_one(f"SELECT {rule.applies_when}, {rule.expression}", read="duckdb").find_all(exp.Literal)
    texts = (literal(rule.source_key), *(text.sql(dialect="duckdb") for text in named if text.is_string))
    types = rule.columns_to_types
    columns = []
    for number, name in enumerate(compiled.reads or ("row_number",)):
        values = KNOWN_DAYS if name in DAYS else AWKWARD[types[name]] + (texts if types[name] == "TEXT" else ())
        listed = ", ".join(f"{value}::{types[name]}" for value in values)
        columns.append(f"([{listed}])[1 + (HASH(i * 64 + {number}) % {len(values)})::INT] AS {name}")
    connection.execute(f"CREATE OR REPLACE TABLE d AS SELECT {', '.join(columns)} FROM RANGE({TRIED_ROWS}) AS r(i)")


def _seconds(compiled: CompiledRule, connection: duckdb.DuckDBPyConnection) -> float:
    """Return the processor seconds that a rule takes for a million rows."""
    started = time.process_time()
    connection.execute(f"SELECT MAX({compiled.outcome}) FROM d").fetchall()
    return (time.process_time() - started) * 1_000_000 / TRIED_ROWS
