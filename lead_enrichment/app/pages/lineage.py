"""Lineage: which models and columns are made from which."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from lead_enrichment.app.lineage_view import DEFAULT_STEPS, MOST_BOXES, STEPS, column_picture, model_picture
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.pages.dictionary import LINKS, open_dictionary
from lead_enrichment.app.rendering import render
from lead_enrichment.dictionary.entries import LAYERS

MENU = (MenuEntry("Lineage", "/lineage", "Reference", 20),)
router = APIRouter()
Steps = Annotated[int, Query(ge=0, le=99)]


class LineageLinks:
    """A box leads to the lineage around it."""

    def model(self, name: str) -> str:
        """Return the address of a model's lineage."""
        return f"/lineage/models/{quote(name)}"

    def column(self, name: str) -> str:
        """Return the address of a column's lineage."""
        return f"/lineage/columns/{quote(name)}"


@router.get("/lineage")
def show(request: Request) -> Response:
    """Show all models, layer by layer, in the order in which data flow."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    layers = {layer: [model for model in dictionary.models if model.layer == layer] for layer in LAYERS}
    return render(
        request, "lineage/index.html", layers={name: found for name, found in layers.items() if found},
        dictionary=dictionary, links=LineageLinks(),
    )  # fmt: skip


@router.get("/lineage/models/{name}")
def show_model(request: Request, name: str, up: Steps = DEFAULT_STEPS, down: Steps = DEFAULT_STEPS) -> Response:
    """Show the models around one."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    model = dictionary.by_name.get(name)
    if model is None:
        raise HTTPException(404)
    links = LineageLinks()
    return render(
        request, "lineage/around.html", picture=model_picture(dictionary, name, up, down, links), name=name,
        description=model.description, up=up, down=down, steps=STEPS, most=MOST_BOXES, address=links.model,
        entry=LINKS.model(name), columns=model.columns, column_address=links.column,
    )  # fmt: skip


@router.get("/lineage/columns/{name}")
def show_column(request: Request, name: str, up: Steps = 2, down: Steps = DEFAULT_STEPS) -> Response:
    """Show the columns around one."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    found = dictionary.column(name)
    if found is None:
        raise HTTPException(404)
    links = LineageLinks()
    return render(
        request, "lineage/around.html", picture=column_picture(dictionary, name, up, down, links), name=name,
        description=found[1].description, up=up, down=down, steps=STEPS, most=MOST_BOXES, address=links.column,
        entry=LINKS.column(name), columns=(), column_address=links.column,
    )  # fmt: skip
