"""`leads dictionary export`: the dictionary as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console


def export_command(
    folder: Annotated[Path, typer.Argument(help="Where to; it is made where it is missing.", file_okay=False)],
) -> None:
    """Write the dictionary as a site that opens from a disk, and as dbt's files.

    The site needs no server and fetches nothing. manifest.json and catalog.json
    are of the form that dbt publishes, so that tools which read a project of
    dbt read this one. Examples and profiles come from the published copy.
    """
    from lead_enrichment.app.dictionary_site import write_site
    from lead_enrichment.dictionary.keep import current_dictionary
    from lead_enrichment.warehouse.reading import production

    console = Console(highlight=False)
    with errors_as_sentences():
        paths = data_paths()
        with console.status("Reading the models …"):
            dictionary = current_dictionary(paths, Path())
        with console.status("Writing the pages …"):
            if paths.published.exists():
                with production(paths) as connection:
                    pages = write_site(dictionary, connection, folder)
            else:
                pages = write_site(dictionary, None, folder)
    console.print(
        f"{pages:,} pages, manifest.json and catalog.json. Open {folder / 'index.html'}", markup=False, soft_wrap=True
    )
    if not paths.published.exists():
        console.print("Without examples and profiles: nothing has been published yet. Run: make run", soft_wrap=True)
