"""What commands print alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

# A column of text that is narrower than its content has this width at least: words in fewer characters are no sentence.
NARROWEST_TEXT = 22
UNLIMITED = 9999


class Listing(Table):
    """A table that stays readable on a narrow terminal.

    Numbers, keys and dates are never cut and words never broken. Where the columns do not fit, their frame goes; where
    that is not enough, each row is printed as a block: its first cell, then the others under it with their headings.
    """

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> RenderResult:
        """Render the table, or its rows as blocks where it does not fit."""
        widths = [self._narrowest(column, console, options) for column in self.columns]
        longest = [self._longest(column, console, options) for column in self.columns]
        wide, close = sum(widths) + 3 * len(self.columns) + 1, sum(widths) + 2 * (len(self.columns) - 1)
        if close > options.max_width:
            yield from self._blocks(console)
            return
        if wide > options.max_width:
            self.box, self.pad_edge, self.padding = None, False, (0, 2, 0, 0)
        frame = (wide if wide <= options.max_width else close) - sum(widths)
        room = options.max_width - frame - sum(widths)
        # Rich would take room from every column alike, and cut what must not be cut.
        for column, width, wanted in zip(self.columns, widths, longest, strict=True):
            more = min(room, max(wanted - width, 0))
            column.width, room = width + more, room - more
        yield from super().__rich_console__(console, options)

    def _narrowest(self, column: Column, console: RichConsole, options: ConsoleOptions) -> int:
        """Return the width from which a column is readable."""
        unlimited = options.update(width=UNLIMITED)
        words = [Measurement.get(console, unlimited, cell).minimum for cell in (column.header, *column._cells)]
        longest = max((Measurement.get(console, unlimited, cell).maximum for cell in column._cells), default=0)
        is_whole = column.no_wrap or column.justify == "right"
        if column.no_wrap:
            words.append(Measurement.get(console, unlimited, column.header).maximum)
        return max(*words, longest if is_whole else min(longest, NARROWEST_TEXT))

    def _longest(self, column: Column, console: RichConsole, options: ConsoleOptions) -> int:
        """Return the width at which no cell of a column is broken."""
        unlimited = options.update(width=UNLIMITED)
        return max(Measurement.get(console, unlimited, cell).maximum for cell in (column.header, *column._cells))

    def _blocks(self, console: RichConsole) -> Iterator[Any]:
        if self.title:
            yield Text(str(self.title), style="italic")
        headings = [_text(console, column.header).plain for column in self.columns]
        for number, cells in enumerate(zip(*(column._cells for column in self.columns), strict=True)):
            if number:
                yield Text("")
            first, *others = (_text(console, cell) for cell in cells)
            yield Text.assemble(f"{headings[0]}: " if headings[0] else "", first, style="bold")
            short = Text()
            for heading, cell in zip(headings[1:], others, strict=True):
                if not cell.plain.strip():
                    continue
                named = Text.assemble(f"{heading}: " if heading else "", cell)
                if len(named.plain) <= NARROWEST_TEXT * 2 and "\n" not in cell.plain:
                    short = Text("; ").join([short, named]) if short.plain else named
                else:
                    yield Padding(named, (0, 0, 0, 2))
            if short.plain:
                yield Padding(short, (0, 0, 0, 2))


def numbers(*headings: str) -> list[Column]:
    """Return the columns of a table under these headings, aligned to the right as numbers are."""
    return [Column(heading, justify="right") for heading in headings]


def keys(*headings: str) -> list[Column]:
    """Return columns of a table whose values, such as lead keys to copy or dates, are not broken into lines."""
    return [Column(heading, no_wrap=True) for heading in headings]


def print_json(document: object) -> None:
    """Print a document as JSON; what JSON has no form for, such as a date, as text."""
    typer.echo(json.dumps(document, indent=2, default=str))


def _text(console: RichConsole, cell: Any) -> Text:
    return console.render_str(cell, highlight=False) if isinstance(cell, str) else cell or Text()
