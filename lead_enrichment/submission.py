"""What people say, on its way into landing: a small CSV file, whole and on the disk before anybody is told so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from lead_enrichment.paths import DataPaths, whole
from lead_enrichment.spreadsheet import GuardedWriter


def submit_rows(
    paths: DataPaths,
    source: str,
    said_at: datetime,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    mark: str = "",
) -> Path:
    """Write rows as one file into the landing folder of a source, whole or not at all, and return its path.

    Args:
        paths: The data directory.
        source: The source, which names folder and file.
        said_at: When it was said; the file's name holds it to the microsecond.
        header: The columns.
        rows: A row for each thing that was said.
        mark: What the file's name ends with, such as the key that the rows are about.
    """
    folder = paths.landing / source
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source}_{said_at:%Y-%m-%d_%H%M%S_%f}{f'_{mark}' if mark else ''}.csv"
    with whole(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = GuardedWriter(stream)
        writer.writerow(header)
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
    return target
