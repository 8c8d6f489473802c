"""How much a delivered file may take: one set of limits for every format, each widened by a variable."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lead_enrichment.errors import DataError, UsageError

# What a text, an archive, a workbook or a Parquet file may come to as text, in bytes; a full extract of ten million
# leads takes a third of it.
MOST_BYTES = 8 << 30
MOST_ROWS = 20_000_000
MOST_COLUMNS = 1_000
# A longer line is no row of a table; DuckDB's reader takes no longer one.
MOST_LINE_BYTES = 10_000_000
# Longest field that the csv module takes; a longer one is an unclosed quote that swallows the file.
MOST_CELL_CHARACTERS = 1 << 20
# What the reader of a workbook or a Parquet file may take, in a process of its own.
READER_BYTES = 900_000_000
READER_SECONDS = 600
ASK_SMALLER = "Ask the sender for it in parts, or raise {}."


@dataclass(frozen=True)
class Limits:
    """The limits as the environment sets them; see the constants of this module."""

    bytes: int
    rows: int
    columns: int
    reader_bytes: int
    reader_seconds: int

    def check_bytes(self, count: int, name: str) -> None:
        """Refuse a file that holds too much, unpacked and as text.

        Raises:
            DataError: It does.
        """
        if count > self.bytes:
            raise DataError(
                f"it unpacks to more than {self.bytes:,} bytes",
                name,
                ASK_SMALLER.format("LEADS_MOST_BYTES"),
            )

    def check_rows(self, count: int, name: str) -> None:
        """Refuse a file of too many rows; see check_bytes."""
        if count > self.rows:
            raise DataError(
                f"it has {count:,} rows; {self.rows:,} are taken", name, ASK_SMALLER.format("LEADS_MOST_ROWS")
            )

    def check_columns(self, count: int, name: str) -> None:
        """Refuse a file of too many columns; see check_bytes."""
        if count > self.columns:
            raise DataError(
                f"it has {count:,} columns; {self.columns:,} are taken", name, ASK_SMALLER.format("LEADS_MOST_COLUMNS")
            )


def limits() -> Limits:
    """Return the limits that hold now.

    Raises:
        UsageError: A variable is no whole number above 0.
    """
    return Limits(
        bytes=whole_number("LEADS_MOST_BYTES", MOST_BYTES),
        rows=whole_number("LEADS_MOST_ROWS", MOST_ROWS),
        columns=whole_number("LEADS_MOST_COLUMNS", MOST_COLUMNS),
        reader_bytes=whole_number("LEADS_READER_BYTES", READER_BYTES),
        reader_seconds=whole_number("LEADS_READER_SECONDS", READER_SECONDS),
    )


def whole_number(variable: str, default: int) -> int:
    """Return a whole number above 0 from the environment.

    Raises:
        UsageError: It is none.
    """
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{text!r} is no whole number above 0", variable, f"Write it like {default}.")
    return int(text)
