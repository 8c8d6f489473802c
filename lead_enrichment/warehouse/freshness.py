"""Whether production already shows all that was delivered, so that a refresh has nothing to build.

`leads refresh` leaves a note beside the warehouse when it has built everything; any plan or run of production removes
it as it begins. So a note that is there says that nothing but time and new files can have made production outdated.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lead_enrichment.ingest.ledger import LOADED, QUARANTINED
from lead_enrichment.paths import DataPaths, write_text_whole


@dataclass(frozen=True)
class Freshness:
    """What a refresh has to build for.

    Args:
        day: The day, UTC, as ISO text: the models' intervals end with it.
        newest_attempt: The newest attempt on a file that loaded or refused it; empty before the first.
    """

    day: str
    newest_attempt: str


def freshness(attempts: list[dict[str, Any]]) -> Freshness:
    """Return what production would have to show now.

    Args:
        attempts: The ledger's attempts, oldest first. One on bytes that are loaded already brings nothing.
    """
    newest = next((row["attempt_id"] for row in reversed(attempts) if row["status"] in (LOADED, QUARANTINED)), "")
    return Freshness(datetime.now(UTC).date().isoformat(), newest)


def is_built(paths: DataPaths, wanted: Freshness) -> bool:
    """Whether the last refresh built production for just this, and nothing has built it since."""
    try:
        return bool(json.loads(_note(paths).read_text(encoding="utf-8")) == asdict(wanted)) and paths.published.exists()
    except (FileNotFoundError, ValueError):
        return False


def note_built(paths: DataPaths, built: Freshness) -> None:
    """Write down what production was built for."""
    write_text_whole(_note(paths), json.dumps(asdict(built)))


def forget_built(paths: DataPaths) -> None:
    """Forget it, since a plan or run begins to change production."""
    _note(paths).unlink(missing_ok=True)


def _note(paths: DataPaths) -> Path:
    return paths.warehouse.with_name("refreshed.json")
