"""Finding a lead by what people know of it, and all that the project knows of its facility."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from lead_enrichment.errors import UsageError
from lead_enrichment.warehouse.connection import literal
from lead_enrichment.warehouse.lookups import POSITION, rows_of_key, rows_of_keys
from lead_enrichment.warehouse.reading import Row, rows
from lead_enrichment.wording import status_words

# How a lead may be found, the surest way first; $text is what was typed, $digits its digits.
WAYS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("lead_key = TRIM($text)", lambda text: ":" in text),
    ("LOWER(email) = LOWER(TRIM($text))", lambda text: "@" in text),
    ("natural_id = TRIM($text) OR license_number = TRIM($text)", lambda text: True),
    ("ENDS_WITH(phone_e164, $digits) OR ENDS_WITH(mobile_e164, $digits)", lambda text: len(_digits(text)) >= 7),
    (
        "LIST_BOOL_AND(LIST_TRANSFORM($words, word -> CONTAINS(UPPER(CONCAT_WS(' ', name, legal_name)), word)))",
        lambda text: bool(text.split()),
    ),
)
FOUND = """
    SELECT l.lead_key, l.name, l.city, l.state, l.phone_e164, l.email, m.match_status, m.entity_key
    FROM intermediate.int_lead_current AS l
    JOIN facts.fact_lead_match AS m USING (lead_key)
    WHERE {}
    ORDER BY m.is_live DESC, l.name, l.lead_key
"""
NEAR = """
    SELECT name FROM intermediate.int_lead_current WHERE NOT name IS NULL
    GROUP BY name ORDER BY JARO_WINKLER_SIMILARITY(UPPER(name), UPPER(?)) DESC, name LIMIT 3
"""
# The file that brought what a source said at a moment.
DELIVERIES = """
    SELECT source_key, received_at, MIN(file_name) AS file_name FROM bronze.file_ledger
    WHERE status = 'loaded' GROUP BY ALL
"""
# Columns of a state that say nothing about the facility, or only how another column was written.
UNTOLD = re.compile(r"_raw$|_normal$|_reason$|^(valid_|received_|last_|source_(key|created|modified))|_updated_on$")
UNTOLD_COLUMNS = {
    "lead_key", "natural_id", "content_hash", "lead_version_key", "file_id", "file_name", "file_date", "row_number",
    "is_current", "unparsed", "rescued",
}  # fmt: skip
# What a history is made of, and what is told of the first state alone: DuckDB looks for a row in each column that it is
# asked for, which of a hundred takes most of a page's time.
FIRST_STATE = "lead_key, source_key, received_at, name"
STATE = f"""
    COLUMNS(
        name -> name IN ('source_key', 'received_at')
        OR NOT REGEXP_MATCHES(name, {literal(UNTOLD.pattern)}) AND name <> {literal(POSITION)}
    )
"""


@dataclass(frozen=True)
class Change:
    """One thing that changed about a lead.

    Args:
        at: When it became known.
        lead_key: The lead.
        attribute: What changed; empty where only the spelling did.
        before: The value before; None where there was none.
        after: The value after.
        file: Name of the file that brought it, or what caused it.
    """

    at: datetime
    lead_key: str
    attribute: str
    before: str | None
    after: str | None
    file: str


@dataclass(frozen=True)
class LeadProfile:
    """All that is known of a facility.

    Args:
        golden: Its row of facts.fact_enriched_lead; None where no lead of it counts any more.
        leads: Its leads with status, confidence and reason, those that count first.
        changes: What changed about them, the oldest first.
    """

    golden: Row | None
    leads: list[Row]
    changes: list[Change]


def find(connection: duckdb.DuckDBPyConnection, text: str) -> list[Row]:
    """Return the leads that a name, phone number, e-mail address, licence number or key stands for.

    Raises:
        UsageError: There is none; names that come near are told.
    """
    values = {"text": text, "digits": _digits(text)[-10:], "words": [word.upper() for word in text.split()]}
    for condition, may_be in WAYS:
        if may_be(text):
            used = {name: value for name, value in values.items() if f"${name}" in condition}
            if found := rows(connection, FOUND.format(condition), **used):
                return found
    near = [row["name"] for row in rows(connection, NEAR, text)]
    hint = f"Did you mean {' or '.join(near)}?" if near else "No lead has come yet."
    raise UsageError(f"no lead is known by {text!r}", "", hint)


def profile(connection: duckdb.DuckDBPyConnection, entity_key: str, columns: str = "*") -> LeadProfile:
    """Return all that is known of a facility.

    Args:
        connection: An open connection.
        entity_key: The facility.
        columns: What is told of its leads, of intermediate.int_lead_current; lead_key at least.
    """
    golden = rows_of_key(connection, "facts.fact_enriched_lead", "entity_key", entity_key)
    matches = rows_of_key(connection, "facts.fact_lead_match", "entity_key", entity_key)
    matches.sort(key=lambda row: (not row["is_live"], not row["is_crm"], row["lead_key"]))
    leads = [
        Row(
            lead, match_status=match["match_status"], confidence=match["confidence"], reason=match["reason"],
            counts=match["is_live"],
        )
        for match in matches
        for lead in rows_of_key(connection, "intermediate.int_lead_current", "lead_key", match["lead_key"], columns)
    ]  # fmt: skip
    if not leads:
        return LeadProfile(golden[0] if golden else None, [], [])
    keys = [lead["lead_key"] for lead in leads]
    files = {(row["source_key"], row["received_at"]): row["file_name"] for row in rows(connection, DELIVERIES)}
    changes = _changes([version for key in keys for version in _versions(connection, key)], files)
    statuses = rows_of_keys(connection, "facts.fact_match_status_change", "lead_key", keys)
    for row in sorted(statuses, key=lambda row: (row["changed_at"], row["lead_key"])):
        changes.append(
            Change(
                row["changed_at"], row["lead_key"], "status",
                status_words(row["previous_status"]) if row["previous_status"] else None,
                status_words(row["match_status"]), row["cause"],
            )
        )  # fmt: skip
    return LeadProfile(golden[0] if golden else None, leads, sorted(changes, key=lambda change: change.at))


def _versions(connection: duckdb.DuckDBPyConnection, lead_key: str) -> list[Row]:
    """Return the states that a lead was in, in their order, as dims.dim_lead has them."""
    begun = [row["valid_from"] for row in rows_of_key(connection, "dims.dim_lead_validity", "lead_key", lead_key)]
    columns = STATE if len(begun) > 1 else FIRST_STATE
    states = {
        row["received_at"]: row
        for row in rows_of_key(connection, "intermediate.int_lead_version", "lead_key", lead_key, columns)
    }
    return [Row(states[moment], valid_from=moment) for moment in sorted(begun) if moment in states]


def _changes(versions: list[Row], files: dict[tuple[str, datetime], str]) -> list[Change]:
    """Return what differs from version to version of each lead; files are by source and moment."""
    found = []
    before: Row | None = None
    for row in versions:
        at, key, file = row["valid_from"], row["lead_key"], files.get((row["source_key"], row["valid_from"]), "")
        if before is None or before["lead_key"] != key:
            found.append(Change(at, key, "first delivered", None, row["name"], file))
        else:
            differing = [
                name for name in row
                if name not in UNTOLD_COLUMNS and not UNTOLD.search(name) and row[name] != before[name]
            ]  # fmt: skip
            found += [Change(at, key, name, _shown(before[name]), _shown(row[name]), file) for name in differing]
            if not differing:
                found.append(Change(at, key, "", None, None, file))
        before = row
    return found


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
