"""Waiting for what another process holds: announced once, with the holder's command, and no longer than LEADS_WAIT."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lead_enrichment.errors import UsageError
from lead_enrichment.terminal import Console
from lead_enrichment.wording import visible

# How long to wait, in seconds, where LEADS_WAIT does not say.
PATIENCE = 1800.0
# Seconds between two attempts.
PAUSE = 0.5
COMMAND_LENGTH = 100

T = TypeVar("T")


class HeldError(Exception):
    """Another process holds what is wanted.

    Args:
        what: What it holds, such as `the warehouse`.
        where: The file that it holds.
        holder: The process, as `command_of` names it.
    """

    def __init__(self, what: str, where: str, holder: str) -> None:
        self.what, self.where, self.holder = what, where, holder
        super().__init__(f"{where}: {holder} holds {what}.")


def wait_for(attempt: Callable[[], T]) -> T:
    """Return what an attempt returns; where it is held, try again until LEADS_WAIT is over, and say so once.

    Args:
        attempt: Takes what is wanted, or raises HeldError.

    Raises:
        UsageError: It is still held.
    """
    deadline, is_announced = time.monotonic() + patience(), False
    while True:
        try:
            return attempt()
        except HeldError as error:
            held = error
        if time.monotonic() >= deadline:
            raise UsageError(
                f"{held.holder} holds {held.what}", held.where, "Let it end, or stop it; then try again."
            ) from held
        if not is_announced:
            Console(stderr=True).print(
                f"{held} Waiting for it, {patience():,.0f} seconds at most.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            is_announced = True
        time.sleep(PAUSE)


def patience() -> float:
    """Return how many seconds to wait.

    Raises:
        UsageError: LEADS_WAIT is no number.
    """
    text = os.environ.get("LEADS_WAIT") or str(PATIENCE)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        raise UsageError(f"{text!r} is no number of seconds", "LEADS_WAIT", "Write it like 600.")
    return seconds


def command_of(process: int) -> str:
    """Return the command that a process runs, and its number; the number alone where the command cannot be seen."""
    if not process:
        return "another process"
    try:
        words = Path(f"/proc/{process}/cmdline").read_text(errors="surrogateescape").strip("\0").split("\0")
    except OSError:
        words = [""]
    if not words[0]:
        return f"process {process}"
    if len(words) > 1 and Path(words[0]).name.startswith("python"):
        words = words[1:]
    command = visible(" ".join(" ".join([Path(words[0]).name, *words[1:]]).split()))
    if len(command) > COMMAND_LENGTH:
        command = f"{command[:COMMAND_LENGTH]}…"
    return f"`{command}` (process {process})"
