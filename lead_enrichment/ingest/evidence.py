"""What archive and bronze tell of the ledger: deliveries that lie there although no entry names them."""

from __future__ import annotations

from collections.abc import Collection

from lead_enrichment.contracts import contracts
from lead_enrichment.ingest.archive import SUFFIX
from lead_enrichment.paths import DataPaths, files_below

# End of the name of the mark in bronze that says: this delivery is being loaded.
BEGUN = ".begun"


def unknown_to_ledger(paths: DataPaths, known: Collection[str]) -> set[str]:
    """Return the ids of deliveries in archive or bronze that the ledger does not know, and no killed ingest explains.

    Args:
        paths: The data directory.
        known: Ids of the deliveries that the ledger names as loaded or withdrawn.
    """
    begun = {mark.name.removeprefix(".").removesuffix(BEGUN) for mark in paths.bronze.glob(f".*{BEGUN}")}
    found = {item.name.removesuffix(SUFFIX) for item in files_below(paths.archive, SUFFIX)}
    for table in (*contracts(), "rejected_row"):
        found |= {item.name.removesuffix(".parquet") for item in files_below(paths.bronze / table, ".parquet")}
    return found - {"empty", *known, *begun}
