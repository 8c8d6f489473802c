"""The file ledger."""

from __future__ import annotations

from pathlib import Path

from lead_enrichment.ingest.ledger import Ledger


def test_a_ledger_that_nobody_has_written_yet_holds_no_attempt(tmp_path: Path) -> None:
    assert Ledger(tmp_path).attempts() == []
