"""One module a command; side effects and printing live here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from lead_enrichment.errors import LeadsError
from lead_enrichment.terminal import Console


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print the project's own errors as one sentence and leave with their exit code."""
    try:
        yield
    except LeadsError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from error
