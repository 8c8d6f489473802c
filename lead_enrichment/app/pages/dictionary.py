"""Dictionary: what every table and column means, where it comes from, and what it holds now."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from lead_enrichment.app.dictionary_shelf import shelf_of
from lead_enrichment.app.navigation import MenuEntry
from lead_enrichment.app.published import CopyProblem, CopyReader
from lead_enrichment.app.rendering import render
from lead_enrichment.dictionary.entries import LAYERS, OUTER_LAYERS, Dictionary, ModelEntry
from lead_enrichment.dictionary.profile import ExampleAnswer, ModelFacts, example_answer, model_facts

MENU = (MenuEntry("Dictionary", "/dictionary", "Reference", 10),)
router = APIRouter()

# What each layer is for, for those who do not build models.
LAYERS_IN_WORDS = {
    "marts": "Answers to one question each, in business words. Start here.",
    "facts": "What happened and what was found: matches, golden records, deliveries.",
    "dims": "What facts are about: leads with their history, places, dates, sources.",
    "quality": "How good the data are: rules, scores, profiles, anomalies, incidents.",
    "outbox": "What should change in other systems.",
    "ops": "What the pipeline did: loads, rejected rows, runs, audits.",
    "intermediate": "Steps between: versions of leads, candidates, scores, entities.",
    "staging": "Delivered rows, typed and cleaned.",
    "seeds": "Lists that people keep by hand: weights, statuses, places.",
    "bronze": "Rows as delivered, text only.",
}


class AppLinks:
    """Where the app shows the entries of the dictionary."""

    def model(self, name: str) -> str:
        """Return the address of a model."""
        return f"/dictionary/models/{quote(name)}"

    def column(self, name: str) -> str:
        """Return the address of a column, `schema.model.column`."""
        return f"/dictionary/columns/{quote(name)}"

    def term(self, name: str) -> str:
        """Return the address of a term of the glossary."""
        return f"/dictionary/glossary#{anchor(name)}"

    def see(self, name: str, dictionary: Dictionary) -> str:
        """Return the address of what a term names; empty where there is no such thing."""
        if name.startswith("/"):
            return name
        if name in dictionary.by_name:
            return self.model(name)
        return self.column(name) if dictionary.column(name) else ""


LINKS = AppLinks()


def anchor(name: str) -> str:
    """Return the name of a term's place on its page."""
    return "term-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def open_dictionary(request: Request) -> Dictionary | Response:
    """Return the dictionary, or the page that says why there is none yet."""
    found = shelf_of(request.app).open()
    if found.dictionary is None:
        return render(request, "dictionary/waiting.html", 503 if found.problem else 200, problem=found.problem)
    request.state.dictionary_is_outdated = found.is_outdated
    request.state.dictionary_problem = found.problem
    return found.dictionary


@router.get("/dictionary")
def show(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show all models by layer, or what a search finds."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    models, columns, terms = dictionary.search(q)
    ordered = [*OUTER_LAYERS, *(layer for layer in reversed(LAYERS) if layer not in OUTER_LAYERS)]
    by_layer = {
        layer: sorted((model for model in dictionary.models if model.layer == layer), key=lambda model: model.name)
        for layer in ordered
    }
    return render(
        request, "dictionary/index.html", dictionary=dictionary, q=q.strip(), models=models, columns=columns,
        terms=terms, by_layer={layer: found for layer, found in by_layer.items() if found}, words=LAYERS_IN_WORDS,
        to=LINKS, outer=OUTER_LAYERS,
    )  # fmt: skip


@router.get("/dictionary/glossary")
def glossary(request: Request) -> Response:
    """Show the terms of the field as this project uses them."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    return render(request, "dictionary/glossary.html", dictionary=dictionary, to=LINKS, anchor=anchor)


@router.get("/dictionary/models/{name}")
def show_model(request: Request, name: str) -> Response:
    """Show one model: its columns, an example, what is checked of it, and its SQL."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    model = dictionary.by_name.get(name)
    if model is None:
        raise HTTPException(404)
    return render(
        request, "dictionary/model.html", dictionary=dictionary, model=model, to=LINKS,
        children=dictionary.children.get(name, ()),
    )  # fmt: skip


@router.get("/dictionary/models/{name}/now")
def show_now(request: Request, name: str) -> Response:
    """Show what a model holds now: the answer of its example, and its live profile; a part of its page."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    model = dictionary.by_name.get(name)
    if model is None:
        raise HTTPException(404)
    part = request.headers.get("hx-request") == "true"
    try:
        facts, example, published_at = _now(request, model)
    except CopyProblem as problem:
        if not part:
            raise
        return render(request, "dictionary/now_problem.html", title=problem.title, text=problem.text)
    return render(
        request, "dictionary/now.html", model=model, facts=facts, example=example, published_at=published_at, to=LINKS,
        is_part=part,
    )  # fmt: skip


@router.get("/dictionary/columns/{name}")
def show_column(request: Request, name: str) -> Response:
    """Show one column: its meaning, where it comes from, and what is made from it."""
    dictionary = open_dictionary(request)
    if isinstance(dictionary, Response):
        return dictionary
    found = dictionary.column(name)
    if found is None:
        raise HTTPException(404)
    model, column = found
    return render(
        request, "dictionary/column.html", dictionary=dictionary, model=model, column=column, name=name, to=LINKS,
        readers=dictionary.column_readers.get(name, ()),
    )  # fmt: skip


def _now(request: Request, model: ModelEntry) -> tuple[ModelFacts | None, ExampleAnswer | None, Any]:
    with request.app.state.published.reading() as reader:
        return (*_facts(reader, model), reader.published_at)


def _facts(reader: CopyReader, model: ModelEntry) -> tuple[ModelFacts | None, ExampleAnswer | None]:
    return reader.cached(
        f"dictionary {model.name}",
        lambda: (
            model_facts(reader.connection, model),
            # Delivered rows lie in files; what the newest delivery holds was profiled when it came.
            None if model.layer == "bronze" else example_answer(reader.connection, model),
        ),
    )
