"""Lineage: which models each model is built from, and which columns of a lead the flags, marts and feeds read.

`python -m lead_enrichment.quality.lineage` writes seeds/model_lineage.csv from the project's models; a test keeps the
two the same.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from lead_enrichment.lead_shape import LEAD_COLUMNS
from lead_enrichment.paths import whole

SEED = Path("seeds/model_lineage.csv")
HEADER = ("model_name", "upstream")
# Where the values of a lead go that somebody acts on: the matching, from which the flags follow, marts and feeds.
READERS = ("intermediate/int_match_lead.sql", "intermediate/int_match_contact.sql", "marts/*.sql", "outbox/*.sql")
# Columns of one value, such as phone_raw, phone_e164 and phone_reason, are one column here: one is made from the other.
FORM = re.compile("_(raw|e164|reason|normal|type)$")


def stem(column: str) -> str:
    """Return what a column is about: phone of phone_raw and of phone_e164."""
    return FORM.sub("", column)


def columns_in_use(models: Path) -> tuple[str, ...]:
    """Return what the flags, marts and feeds read of a lead, by the stems of the columns.

    Args:
        models: The folder of the models.
    """
    known = {stem(name) for name, _, _ in LEAD_COLUMNS} - {"lead_key", "source_key"}
    words = {
        stem(word)
        for pattern in READERS
        for path in models.glob(pattern)
        for word in re.findall("[a-z_0-9]+", path.read_text(encoding="utf-8").partition(");")[2])
    }
    return tuple(sorted(known & words))


def model_lineage() -> list[tuple[str, str]]:
    """Return every model of the project in the current directory, and the names of all that it is built from."""
    from sqlmesh import Context

    def short(name: str) -> str:
        return ".".join(part.strip('"') for part in name.split(".")[-2:])

    graph = Context(paths=".").dag
    found = [(short(node), sorted(map(short, graph.upstream(node)))) for node in graph.graph]
    # Blanks around each name, so that one is found by itself.
    return [
        (name, f" {' '.join(above)} " if above else "")
        for name, above in sorted(found)
        if not name.startswith("seeds.")
    ]


def write_lineage(target: Path = SEED) -> None:
    """Write the lineage as the seed."""
    with whole(target) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(model_lineage())


if __name__ == "__main__":
    write_lineage()
