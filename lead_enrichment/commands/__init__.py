"""One module a command; side effects and printing live here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from lead_enrichment.errors import LeadsError, UsageError
from lead_enrichment.terminal import Console


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print the project's own errors, and those of the file system, as one sentence and leave with their exit code."""
    try:
        yield
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sentence = f"{place}{error.strerror or error}. Make room or grant access, and try again."
        Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(UsageError.exit_code) from error
    except LeadsError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from error
