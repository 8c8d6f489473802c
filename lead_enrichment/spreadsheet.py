"""CSV files that a spreadsheet may open: no value of theirs is run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import TextIO

# A spreadsheet takes a value for a formula that begins with one of these, as OWASP lists them under "CSV injection".
FORMULA = r"^[=+@\t\r\n-]"
# Numbers and phones begin so too, and compute nothing: -3.5, +1 (512) 474-4571.
HARMLESS = r"^[+-][0-9 ().]+(?:-[0-9]+)*$"


def guarded(value: object) -> object:
    """Return a value with an apostrophe in front where a spreadsheet would take it for a formula."""
    is_formula = isinstance(value, str) and re.search(FORMULA, value) and not re.search(HARMLESS, value)
    return f"'{value}" if is_formula else value


class GuardedWriter:
    """Writes the rows of a CSV file, each value guarded, lines ended by LF.

    Args:
        stream: The file, opened with `newline=""`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream, lineterminator="\n")
        # Where lines end by LF, the module does not quote a CR, which would end the line for a reader.
        self._quoting_writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def writerow(self, row: Iterable[object]) -> None:
        """Write a row."""
        values = [guarded(value) for value in row]
        has_return = any(isinstance(value, str) and "\r" in value for value in values)
        (self._quoting_writer if has_return else self._writer).writerow(values)

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows."""
        for row in rows:
            self.writerow(row)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Return lines of a CSV file, the last line end included; each value guarded."""
    text = io.StringIO()
    GuardedWriter(text).writerows(rows)
    return text.getvalue()
