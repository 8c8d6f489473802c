"""What programs say becomes a delivery, once for each Idempotency-Key.

What is about to be submitted is kept first, with the time that it bears. A client that asks again under the same key,
since it never got an answer, gets the same answer; where the process died before the delivery was written, the same
bytes are written then, under the same name.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lead_enrichment.app.api.problems import ApiProblem
from lead_enrichment.app.deliveries import one_at_a_time
from lead_enrichment.paths import write_text_whole

# How long a key is kept.
KEPT_SECONDS = 7 * 86_400.0
PRUNED_EVERY = 100


@dataclass(frozen=True)
class Prepared:
    """What is about to be submitted.

    Args:
        statement: The dataclass that `submit` takes.
        submit: Writes it into landing, and returns the file.
    """

    statement: Any
    submit: Callable[[Any], Path]


def submit_once(
    folder: Path, client: str, key: str, asked: Any, prepare: Callable[[], Prepared], again: Callable[[Any], Prepared]
) -> dict[str, Any]:
    """Submit what a client says, once for each key, and return the answer.

    Args:
        folder: Where keys are kept.
        client: Whose key it is.
        key: The client's header Idempotency-Key.
        asked: What was asked for, JSON: the same key may not stand for something else.
        prepare: Checks it and returns what to submit.
        again: Returns what to submit from what was kept of it.

    Raises:
        ApiProblem: The key stands for something else.
    """
    file = folder / f"{hashlib.sha256(json.dumps([client, key]).encode()).hexdigest()}.json"
    mark = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    with one_at_a_time():
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            kept = None
        if kept and kept["mark"] != mark:
            raise ApiProblem(409, "This Idempotency-Key was used for another request. Take a new one.")
        if kept and kept["delivery"]:
            return _answer(kept["delivery"])
        prepared = again(kept["statement"]) if kept else prepare()
        if not kept:
            folder.mkdir(parents=True, exist_ok=True)
            _prune(folder)
            kept = {"mark": mark, "statement": asdict(prepared.statement), "delivery": ""}
            write_text_whole(file, json.dumps(kept, default=str))
        kept["delivery"] = prepared.submit(prepared.statement).name
        write_text_whole(file, json.dumps(kept, default=str))
        return _answer(str(kept["delivery"]))


def _answer(delivery: str) -> dict[str, Any]:
    return {"status": "accepted", "delivery": delivery, "taken_in": "with the next run"}


def _prune(folder: Path) -> None:
    """Forget keys that are old."""
    files = list(folder.glob("[!.]*.json"))
    if len(files) % PRUNED_EVERY == 0:
        oldest = time.time() - KEPT_SECONDS
        for file in files:
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
