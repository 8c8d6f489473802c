"""The dictionary as a folder of files: a site that opens from a disk, and the same for readers of dbt's files.

Nothing is fetched from anywhere, and nothing needs a server. The pages are those of the app, without what asks it.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lead_enrichment.app.lineage_view import DEFAULT_STEPS, model_picture
from lead_enrichment.app.pages.dictionary import LAYERS_IN_WORDS, anchor
from lead_enrichment.app.rendering import STATIC_FILES, templates
from lead_enrichment.dictionary.dbt_artifacts import catalog, manifest
from lead_enrichment.dictionary.entries import LAYERS, OUTER_LAYERS, Dictionary
from lead_enrichment.dictionary.profile import example_answer, model_facts, row_counts
from lead_enrichment.paths import write_text_whole

# Files that the pages need beside them.
NEEDED = ("app.css", "icon.svg", "dictionary.js")


class SiteLinks:
    """Where the site shows the entries of the dictionary, as seen from a page.

    Args:
        up: The way from the page to the site's folder: empty, or `../`.
    """

    def __init__(self, up: str = "") -> None:
        self._up = up

    def model(self, name: str) -> str:
        """Return the address of a model."""
        return f"{self._up}models/{name}.html"

    def column(self, name: str) -> str:
        """Return the address of a column, `schema.model.column`: a place on the page of its model."""
        model, _, column = name.rpartition(".")
        return f"{self.model(model)}#{column}"

    def see(self, name: str, dictionary: Dictionary) -> str:
        """Return the address of what a term names; empty where that is a page of the app."""
        if name in dictionary.by_name:
            return self.model(name)
        return self.column(name) if dictionary.column(name) else ""


def write_site(dictionary: Dictionary, connection: duckdb.DuckDBPyConnection | None, folder: Path) -> int:
    """Write the site, `manifest.json` and `catalog.json` into a folder.

    Args:
        dictionary: The dictionary.
        connection: The published copy, for examples and profiles; None where there is none.
        folder: Where to; what lies there under the same names is replaced.

    Returns:
        How many pages were written.
    """
    now = datetime.now(UTC)
    (folder / "models").mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        shutil.copyfile(STATIC_FILES / name, folder / name)
    ordered = [*OUTER_LAYERS, *(layer for layer in reversed(LAYERS) if layer not in OUTER_LAYERS)]
    by_layer = {
        layer: sorted((model for model in dictionary.models if model.layer == layer), key=lambda model: model.name)
        for layer in ordered
    }
    common = {"dictionary": dictionary, "written_at": now, "anchor": anchor}
    pages = {
        "index.html": ("index.html", {"by_layer": by_layer, "words": LAYERS_IN_WORDS}),
        "columns.html": ("columns.html", {}),
        "glossary.html": ("glossary.html", {}),
    }
    for file, (template, given) in pages.items():
        _write(folder / file, template, up="", to=SiteLinks(), **common, **given)
    for model in dictionary.models:
        links = SiteLinks("../")
        _write(
            folder / "models" / f"{model.name}.html", "model.html", up="../", to=links, model=model,
            children=dictionary.children.get(model.name, ()),
            picture=model_picture(dictionary, model.name, DEFAULT_STEPS, DEFAULT_STEPS, links),
            # How full, and no values: a folder is handed around, and values are of people.
            facts=model_facts(connection, model) if connection else None,
            example=example_answer(connection, model) if connection and model.example else None, **common,
        )  # fmt: skip
    rows = row_counts(connection, dictionary.models) if connection else {}
    write_text_whole(folder / "manifest.json", json.dumps(manifest(dictionary, now), ensure_ascii=False))
    write_text_whole(folder / "catalog.json", json.dumps(catalog(dictionary, rows, now), ensure_ascii=False))
    return len(pages) + len(dictionary.models)


def _write(file: Path, template: str, **context: object) -> None:
    write_text_whole(file, templates().get_template(f"dictionary/site/{template}").render(**context))
