"""Sends to Salesforce in processes of their own that are killed in the middle; test_salesforce_kills.py starts it.

Each line of standard input is a number that seeds one process, or a word: `whole` lets it come to its end. The answer
is whether it was killed or came to its end. Imported once, then forked: importing takes longer than sending.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from lead_enrichment.outbox import ledger
from lead_enrichment.outbox.changes import open_outbox
from lead_enrichment.outbox.ledger import only_sender
from lead_enrichment.paths import DataPaths
from lead_enrichment.salesforce import sender
from lead_enrichment.salesforce.sender import SalesforceTarget
from salesforce_org import quick_client

# A sender of these tests takes about so many requests and files.
MOST_STEPS = 25


def send_and_die(paths: DataPaths, address: str, seed: int | None) -> None:
    """Send what there is, and die before or after a random request, or a random writing to the ledger."""
    dice = random.Random(seed)
    client = quick_client(address)
    # Jobs as well as small requests, and several of them.
    sender.FEW = dice.choice((0, 10_000))
    sender.IN_COLLECTION = sender.IN_COMPOSITE = sender.IN_JOB = 10
    left = -1 if seed is None else dice.randrange(MOST_STEPS)
    is_after = dice.random() < 0.5

    def step(work: Any, *given: Any, **named: Any) -> Any:
        nonlocal left
        is_last = left == 0
        left -= 1
        if is_last and not is_after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = work(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    request, submit = client.request, ledger.submit
    client.request = lambda *given, **named: step(request, *given, **named)  # type: ignore[method-assign]
    sender.submit = lambda *given: step(submit, *given)
    with only_sender(paths, sender.NAME), open_outbox(paths) as outbox:
        SalesforceTarget(client).send(outbox, paths, is_dry_run=False, limit=None, progress=lambda *_: None)


def main() -> None:
    """Fork a process for each line."""
    paths, address = DataPaths(Path(sys.argv[1])), sys.argv[2]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                send_and_die(paths, address, None if line.strip() == "whole" else int(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
