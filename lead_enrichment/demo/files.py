"""Writes delivered files: CSV as the sources write it, in pieces, and under its name only when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from lead_enrichment.demo.text import Text
from lead_enrichment.paths import whole
from lead_enrichment.spreadsheet import FORMULA, HARMLESS


class CsvFile:
    """One CSV file in UTF-8 without a mark, lines ended by LF, only those values quoted that need it.

    A file without a row is not kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._opened = ExitStack()
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> CsvFile:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, columns: dict[str, Text]) -> None:
        """Add rows; the columns of the first call make the header."""
        if self._stream is None:
            unfinished = self._opened.enter_context(whole(self.path))
            self._stream = self._opened.enter_context(unfinished.open("wb"))
            self._stream.write((",".join(columns) + "\n").encode())
        lines = pc.binary_join_element_wise(*[_quoted(_guarded(column)) for column in columns.values()], ",")
        ended = pc.binary_join_element_wise(lines, "\n", "")
        chunks = ended.chunks if isinstance(ended, pa.ChunkedArray) else [ended]
        for chunk in chunks:
            _, offsets, text = chunk.buffers()
            bounds = memoryview(offsets).cast("i")
            first, last = bounds[chunk.offset], bounds[chunk.offset + len(chunk)]
            self._stream.write(memoryview(text)[first:last])
            self.rows += len(chunk)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)


@contextmanager
def written_or_not(path: Path, is_wanted: bool) -> Iterator[CsvFile | None]:
    """Open a file to write, or yield None where only what follows from it is wanted."""
    if not is_wanted:
        yield None
        return
    with CsvFile(path) as file:
        yield file


def _guarded(column: Text) -> Text:
    is_formula = pc.match_substring_regex(column, FORMULA)
    if not pc.any(is_formula).as_py():
        return column
    is_formula = pc.and_not(is_formula, pc.match_substring_regex(column, HARMLESS))
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)


def _quoted(column: Text) -> Text:
    needs = pc.match_substring_regex(column, '[",\r\n]')
    if not pc.any(needs).as_py():
        return column
    doubled = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(needs, doubled, column)
