"""What a stage took, beside what a user would pick instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """The times of two ways to do the same, in one run.

    Args:
        stage: What was done.
        instead: What a user would pick instead, or what the time is a share of.
        leads: Leads, or rows, that it was done with.
        seconds: What the project took.
        instead_seconds: What the other way took; where it left the field, the time at which it was stopped.
        peak_bytes: The most memory that the project's process held; None where it was not measured.
        is_stopped: Whether the other way was stopped before it was done.
    """

    stage: str
    instead: str
    leads: int
    seconds: float
    instead_seconds: float
    peak_bytes: int | None = None
    is_stopped: bool = False

    @property
    def ratio(self) -> float:
        """The project's time as a share of the other's: below 1 is faster."""
        return self.seconds / self.instead_seconds
