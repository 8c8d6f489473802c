"""Feedback: what people say about leads, values and definitions, and what came of it, on its way into landing.

Feedback is received when a run has taken it in; a steward accepts it (somebody sees to it), declines it, or says that
it was applied. Each of these is a row of landing/feedback/, kept for ever; the newest answer counts.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths
from lead_enrichment.submission import one_line, rows_on_their_way, submit_rows
from lead_enrichment.warehouse.lookups import find_lead
from lead_enrichment.warehouse.reading import Row, find_by_key, rows

SOURCE, MODEL = "feedback", "staging.stg_feedback"
HEADER = (
    "acted_by", "comment", "lead_key", "term", "value_seen", "suggested_value", "action", "feedback_key", "led_to",
    "acted_at",
)  # fmt: skip
GIVE = "give"
# The states in which each answer has an effect.
ANSWERS = {
    "accept": ("received", "declined"),
    "decline": ("received", "accepted"),
    "apply": ("received", "accepted", "declined"),
}
RESULT = {GIVE: "received", "accept": "accepted", "decline": "declined", "apply": "applied"}
STATES = tuple(RESULT.values())
OPEN = ("received", "accepted")
# A text is one cell of a file, and a sentence or two on a page.
LONGEST = 2_000

# What waits longest comes first; what is done, the newest first.
FEEDBACK = """
    SELECT * FROM ops.feedback
    ORDER BY
        LIST_POSITION(['received', 'accepted', 'applied', 'declined'], state),
        CASE WHEN state IN ('received', 'accepted') THEN given_at END,
        answered_at DESC,
        feedback_key
"""
ANSWERED = """
    SELECT acted_at, action, acted_by, comment, led_to, outcome, remark FROM ops.feedback_statement
    WHERE feedback_key = ? AND action <> 'give' ORDER BY acted_at, file_id, row_number
"""
WITHOUT_EFFECT = """
    SELECT file_name, row_number, outcome, remark FROM ops.feedback_statement
    WHERE NOT remark IS NULL ORDER BY acted_at DESC, file_name, row_number
"""


@dataclass(frozen=True)
class FeedbackStatement:
    """Feedback, or an answer to it: one row of a delivery."""

    acted_by: str
    comment: str
    action: str
    feedback_key: str
    acted_at: datetime
    lead_key: str = ""
    term: str = ""
    value_seen: str = ""
    suggested_value: str = ""
    led_to: str = ""


def _text(text: str, what: str, is_needed: bool = False) -> str:
    """Return a text as one line.

    Raises:
        UsageError: It is too long, or empty where it is needed.
    """
    line = one_line(text, what) if is_needed else " ".join(text.split())
    if len(line) > LONGEST:
        raise UsageError(f"the {what} has {len(line):,} characters", "", f"Say it in {LONGEST:,}.")
    return line


def give(
    connection: duckdb.DuckDBPyConnection,
    by: str,
    comment: str,
    lead_key: str = "",
    term: str = "",
    suggested_value: str = "",
    value_seen: str = "",
) -> FeedbackStatement:
    """Return feedback on a lead, on a value of one (a lead and a term), or on a definition (a term alone).

    Args:
        connection: Production; the lead must have come.
        by: Who gives it.
        comment: What is wrong.
        lead_key: The lead.
        term: The value, such as phone, or what is defined, such as net-new.
        suggested_value: What it should be.
        value_seen: What it was when it was seen; left out, what the lead says where the term is a column of it.

    Raises:
        UsageError: It is about nothing, says nothing, is nobody's, or no such lead ever came.
    """
    lead_key, term = lead_key.strip(), _text(term, "term")
    if not lead_key and not term:
        raise UsageError("it is about nothing", "", "Name a lead, a value of a lead, or a definition.")
    lead = find_lead(connection, lead_key) if lead_key else {}
    # People name the value; the lead holds it as read, or as delivered where it could not be read.
    names = (term, f"{term}_e164", f"{term}_raw")
    seen = value_seen or next((str(lead[name]) for name in names if lead.get(name) is not None), "")
    return FeedbackStatement(
        _text(by, "name of who gives it", True), _text(comment, "comment", True), GIVE, secrets.token_hex(6),
        datetime.now(UTC), lead_key, term, _text(seen, "value"), _text(suggested_value, "suggested value"),
    )  # fmt: skip


def answer(feedback: Row, action: str, by: str, reason: str, led_to: str = "") -> FeedbackStatement:
    """Return what somebody answers to feedback.

    Args:
        feedback: A row of ops.feedback, in the state in which it will be when all that waits is taken in.
        action: accept, decline or apply.
        by: Who answers.
        reason: Why, or what was changed.
        led_to: The file, line, rule or change that it led to.

    Raises:
        UsageError: It has no effect in the state of the feedback, or is nobody's or for no reason.
    """
    if action not in ANSWERS:
        raise UsageError(f"{action!r} is no answer", "", f"Say one of {', '.join(ANSWERS)}.")
    if feedback["state"] not in ANSWERS[action]:
        remedy = f"What is {' or '.join(ANSWERS[action])} takes the answer {action}."
        raise UsageError(f"the feedback is {feedback['state']} already", feedback["feedback_key"], remedy)
    return FeedbackStatement(
        _text(by, "name of who answers", True), _text(reason, "reason", True), action, feedback["feedback_key"],
        datetime.now(UTC), led_to=_text(led_to, "place that it led to"),
    )  # fmt: skip


def submit(paths: DataPaths, statement: FeedbackStatement) -> Path:
    """Write feedback or an answer as a file into landing, whole or not at all, and return its path."""
    row = [
        statement.acted_at.isoformat() if name == "acted_at" else getattr(statement, name) or None for name in HEADER
    ]
    return submit_rows(paths, SOURCE, statement.acted_at, HEADER, [row], f"{statement.feedback_key}_{statement.action}")


def feedback_on_its_way(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> list[dict[str, str]]:
    """Return the rows of HEADER that no model has seen, the oldest first."""
    return list(rows_on_their_way(connection, paths, SOURCE, HEADER, MODEL))


def feedback(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return all feedback as the last run left it: what waits for an answer first, the oldest of it on top."""
    return rows(connection, FEEDBACK)


def answers_to(connection: duckdb.DuckDBPyConnection, feedback_key: str) -> list[Row]:
    """Return what was answered to feedback, oldest first, also what does not count any more."""
    return rows(connection, ANSWERED, feedback_key)


def without_effect(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the delivered statements that change nothing and that somebody should look at, the newest first."""
    return rows(connection, WITHOUT_EFFECT)


def with_waiting(found: Sequence[Row], waiting: Sequence[dict[str, str]]) -> list[Row]:
    """Return feedback in the state in which the next run will leave it, what is new on top.

    Each row has `is_waiting` beside the columns of ops.feedback: whether something of it waits for the next run.

    Args:
        found: Rows of ops.feedback.
        waiting: What is on its way, as `feedback_on_its_way` returns it.
    """
    known = {row["feedback_key"]: Row(row, is_waiting=False) for row in found}
    new: dict[str, Row] = {}
    for said in waiting:
        key, action = said["feedback_key"].lower(), said["action"].lower() or GIVE
        # A file of others may hold feedback without a key, which gets one when it is taken in.
        if action == GIVE and key and key not in known:
            new.setdefault(key, _new_row(key, said))
    known = {**new, **known}
    for said in waiting:
        key, action = said["feedback_key"].lower(), said["action"].lower()
        if action in ANSWERS and key in known:
            known[key].update(
                state=RESULT[action], answered_by=_plain(said["acted_by"]), answer=_plain(said["comment"]),
                led_to=_plain(said["led_to"]) or None, answered_at=_instant(said["acted_at"]), is_waiting=True,
            )  # fmt: skip
    return list(known.values())


def _new_row(key: str, said: dict[str, str]) -> Row:
    subject = "value" if said["lead_key"] and said["term"] else "lead" if said["lead_key"] else "definition"
    names = ("lead_key", "term", "value_seen", "suggested_value", "comment")
    return Row(
        {name: _plain(said[name]) or None for name in names},
        feedback_key=key, subject=subject, lead_name=None, given_by=_plain(said["acted_by"]),
        given_at=_instant(said["acted_at"]), state=RESULT[GIVE], answered_by=None, answered_at=None, answer=None,
        led_to=None, about_file_name=None, about_row_number=None, is_waiting=True,
    )  # fmt: skip


def _plain(text: str) -> str:
    """Return a text of a CSV file without the apostrophe that guards it, as macros/parse/unguarded.py does in SQL."""
    return text[1:] if text[:1] == "'" and text[1:2] in set("=+@-") else text


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def find_feedback(found: Sequence[Row], wanted: str) -> Row:
    """Return the feedback of a key, or of the beginning of one.

    Raises:
        UsageError: None has it, or several have.
    """
    return find_by_key(found, "feedback_key", wanted, "feedback", "pieces of feedback", "leads feedback list --all")


def place_of(term: str, project: Path = Path()) -> str | None:
    """Return where a definition stands, as file and line of the project; None where no file is named so.

    Args:
        term: A table, a column as `schema.table.column`, a source, a rule of quality/rules, or a metric.
        project: The project's folder.
    """
    parts = term.strip().split(".")
    if not all(part.replace("_", "").isalnum() for part in parts):
        return None
    if len(parts) in (2, 3):
        schema, table, *column = parts
        found = [path for path in project.glob(f"models/{schema}/{table}.*") if path.suffix in (".sql", ".py")]
        if schema == "bronze":
            found = list(project.glob(f"contracts/{table}.yaml"))
        word = rf"\bAS {column[0]}\b" if column else ""
    elif len(parts) == 1:
        word = rf"^- rule: {term.strip()}$"
        found = list(project.glob(f"metrics/{term.strip()}.yaml"))
        found = found or [
            path
            for path in sorted(project.glob("quality/rules/*.yaml"))
            if re.search(word, path.read_text("utf-8"), re.M)
        ]
    else:
        return None
    if not found:
        return None
    lines = found[0].read_text(encoding="utf-8").splitlines()
    place = found[0].relative_to(project)
    number = next((at for at, line in enumerate(lines, 1) if word and re.search(word, line)), None)
    return f"{place}, line {number}" if number else str(place)


def pointed_at(row: Row, project: Path = Path()) -> str | None:
    """Return what feedback is about as a place: row and file of the lead, or file and line of the definition."""
    if row["about_file_name"]:
        return f"{row['about_file_name']}, row {row['about_row_number']:,}"
    return place_of(row["term"], project) if row["subject"] == "definition" and row["term"] else None
