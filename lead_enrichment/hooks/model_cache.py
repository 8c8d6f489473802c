"""SQLMesh's cache of models, kept in step with what macros read outside the macro folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from lead_enrichment.contracts import contracts_dir
from lead_enrichment.quality.rules import rule_files, rules_dir

PACKAGE = Path(__file__).parents[1]


def renew_cached_models(macro_file: Path) -> None:
    """Date a macro file as new as the newest contract or module of the package, where it is older.

    SQLMesh 0.236.4 takes a model from its cache unless the model's file, a macro file, an audit or the configuration
    is newer than the entry, by modification time. Macros also read the contracts, the quality rules and the lead
    shape, which it does not watch: a changed contract was not seen until something else changed.

    Args:
        macro_file: A file of the macro folder that is being imported; SQLMesh reads its time after the import.
    """
    read = [contracts_dir(), *contracts_dir().glob("*.yaml"), rules_dir(), *rule_files(), *PACKAGE.rglob("*.py")]
    newest = max(path.stat().st_mtime_ns for path in read if path.exists())
    if macro_file.stat().st_mtime_ns < newest:
        # Where the project cannot be written, neither can SQLMesh's cache in it.
        with suppress(OSError):
            os.utime(macro_file, ns=(newest, newest))
