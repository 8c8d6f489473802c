"""The systems that changes are sent to, each by its name and loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from lead_enrichment.errors import UsageError
from lead_enrichment.outbox.changes import Outbox
from lead_enrichment.paths import DataPaths

# By name: the module and the class in it, which takes nothing: settings and secrets are its own, from the environment.
TARGETS: dict[str, str] = {"salesforce": "lead_enrichment.salesforce.sender:SalesforceTarget"}

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class SendReport:
    """What a sender did, or would do.

    Args:
        is_dry_run: Whether nothing was sent.
        claimed: Changes that were claimed, or would be.
        outcomes: Changes by event of the ledger: accepted, rejected, conflict, abandoned.
        unanswered: Changes that were claimed and that the system has not answered yet: `resume` asks again.
        batches: Ids of the batches.
        sentences: What a person should know besides, such as how much of a limit is used.
        samples: The first few records, by lead key, as they would be sent; of a dry run.
    """

    is_dry_run: bool
    claimed: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    unanswered: int = 0
    batches: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    samples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Target(Protocol):
    """A system that takes changes. The caller holds the target's lock (`only_sender`) around each call."""

    def send(
        self, outbox: Outbox, paths: DataPaths, *, is_dry_run: bool, limit: int | None, progress: Progress
    ) -> SendReport:
        """Send what may be sent: for each batch submit claims, send, submit the answers.

        Args:
            outbox: The outbox of production.
            paths: Where the ledger's files land.
            is_dry_run: Ask and compute everything, but claim and send nothing.
            limit: At most so many records; None for all.
            progress: Is told how many changes are done, and of how many.
        """
        ...

    def resume(self, outbox: Outbox, paths: DataPaths, *, progress: Progress) -> SendReport:
        """Find out what became of each unanswered claim, and submit the answers; send nothing new."""
        ...


def load_target(name: str) -> Target:
    """Return a target.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in TARGETS:
        known = f"There is {', '.join(sorted(TARGETS))}." if TARGETS else "None is installed."
        raise UsageError(f"there is no target {name}", "", known)
    module, _, item = TARGETS[name].partition(":")
    target: Target = getattr(import_module(module), item)()
    return target
