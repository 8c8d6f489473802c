"""`leads dictionary show`: one table, column or term, or what words find."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

if TYPE_CHECKING:
    from lead_enrichment.dictionary.entries import ColumnEntry, Dictionary, ModelEntry

MOST = 15


def show_command(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS", help="A table, a column (schema.table.column), or words to find.")
    ],
) -> None:
    """Show what a table, a column or a term means, or find those that words describe."""
    from lead_enrichment.dictionary.keep import current_dictionary
    from lead_enrichment.errors import UsageError

    console = Console(highlight=False)
    text = " ".join(words)
    with errors_as_sentences():
        with console.status("Reading the models …"):
            dictionary = current_dictionary(data_paths(), Path())
        model = dictionary.by_name.get(text)
        column = dictionary.column(text)
        if model is not None:
            _show_model(console, model)
        elif column is not None:
            _show_column(console, dictionary, text, column[1])
        elif not _show_found(console, dictionary, text):
            raise UsageError(
                f"nothing is named or described by {text!r}", "", "Try another word, such as one of docs/glossary.yaml."
            )


def _show_model(console: Console, model: ModelEntry) -> None:
    for line in (model.description, model.grain, f"Owner {model.owner}; {model.kind}; {model.file}"):
        console.print(line, markup=False, soft_wrap=True)
    table = Listing(*keys("Column", "Type"), "Meaning")
    for column in model.columns:
        table.add_row(column.name, column.type, column.description.replace("[", r"\["))
    console.print(table)
    if model.example:
        console.print(f"Example: {model.example}", markup=False, soft_wrap=True)


def _show_column(console: Console, dictionary: Dictionary, name: str, column: ColumnEntry) -> None:
    console.print(f"{column.description} ({column.type})", markup=False, soft_wrap=True)
    if column.described_by:
        console.print(f"As {column.described_by} says of itself.", markup=False, soft_wrap=True)
    if column.copy_of:
        first = f": {column.origin_description}" if column.origin_description else ""
        console.print(f"Passed through from {column.copy_of}{first}", markup=False, soft_wrap=True)
    for heading, names in (("Made from", column.origins), ("Goes into", dictionary.column_readers.get(name, ()))):
        if names:
            console.print(f"{heading}: {', '.join(names)}", markup=False, soft_wrap=True)


def _show_found(console: Console, dictionary: Dictionary, text: str) -> bool:
    models, columns, terms = dictionary.search(text)
    for term in terms[:MOST]:
        console.print(f"{term.name}: {term.meaning}", markup=False, soft_wrap=True)
    if models or columns:
        table = Listing(*keys("Name"), "Meaning")
        for model in models[:MOST]:
            table.add_row(model.name, model.description.replace("[", r"\["))
        for model, column in columns[:MOST]:
            table.add_row(f"{model.name}.{column.name}", column.description.replace("[", r"\["))
        console.print(table)
    return bool(terms or models or columns)
