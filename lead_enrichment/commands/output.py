"""What commands print alike."""

from __future__ import annotations

import json

import typer
from rich.table import Column


def numbers(*headings: str) -> list[Column]:
    """Return the columns of a table under these headings, aligned to the right as numbers are."""
    return [Column(heading, justify="right") for heading in headings]


def keys(heading: str) -> Column:
    """Return a column of a table whose values, such as lead keys to copy, are not broken into lines."""
    return Column(heading, no_wrap=True)


def print_json(document: object) -> None:
    """Print a document as JSON; what JSON has no form for, such as a date, as text."""
    typer.echo(json.dumps(document, indent=2, default=str))
