"""Tables that people take along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from fastapi import Request
from starlette.responses import StreamingResponse

from lead_enrichment.app.published import CopyReader
from lead_enrichment.spreadsheet import csv_lines
from lead_enrichment.warehouse.reading import Row


def csv_file(
    request: Request, name: str, exported: str, batches: Callable[[CopyReader], Iterable[list[Row]]]
) -> StreamingResponse:
    """Send a CSV file batch by batch, so that a million rows take little memory.

    What may go wrong has to be asked before: once the first line is sent, no page can tell.

    Args:
        request: The request that it answers.
        name: How the file's name begins; the day follows.
        exported: The columns, separated by commas.
        batches: Returns the rows, some at a time.
    """
    columns = exported.replace(",", " ").split()

    def lines() -> Iterator[str]:
        yield csv_lines([columns])
        with request.app.state.published.reading(is_export=True) as reader:
            for rows in batches(reader):
                yield csv_lines([row[column] for column in columns] for row in rows)

    file = f"{name}_{datetime.now(UTC):%Y-%m-%d}.csv"
    return StreamingResponse(
        lines(), media_type="text/csv; charset=utf-8", headers={"content-disposition": f'attachment; filename="{file}"'}
    )
