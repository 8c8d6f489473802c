"""The package's own errors: each carries what is wrong, where, and what to do about it."""

from __future__ import annotations


class LeadsError(Exception):
    """Base of the errors that a command prints as one sentence.

    Args:
        what: What is wrong.
        where: File, line or setting that it is about.
        remedy: What the reader can do.
    """

    exit_code = 1

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}.{advice}"


class DataError(LeadsError):
    """The delivered data is at fault (exit code 1)."""


class UsageError(LeadsError):
    """The call or its settings are at fault (exit code 2)."""

    exit_code = 2
